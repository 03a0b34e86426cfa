import type { DType } from '../dtype';

/** Element types of `torch.FloatStorage` and its like; quantised storages hold the integers. */
const STORAGE_DTYPES: ReadonlyMap<string, DType> = new Map([
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  ['ComplexFloatStorage', 'complex64'],
  ['ComplexDoubleStorage', 'complex128'],
  ['QUInt8Storage', 'uint8'],
  ['QInt8Storage', 'int8'],
  ['QInt32Storage', 'int32'],
  // Several elements a byte; sizes count bytes.
  ['QUInt4x2Storage', 'uint8'],
  ['QUInt2x4Storage', 'uint8'],
  // Untyped: the tensor brings its own type, and sizes count bytes.
  ['UntypedStorage', 'uint8'],
]);

/** `torch.float32` and its like, as tensors name them that have no storage type of their own. */
const TORCH_DTYPES: ReadonlyMap<string, DType> = new Map([
  ['float64', 'float64'],
  ['double', 'float64'],
  ['float32', 'float32'],
  ['float', 'float32'],
  ['float16', 'float16'],
  ['half', 'float16'],
  ['bfloat16', 'bfloat16'],
  ['float8_e4m3fn', 'float8_e4m3fn'],
  ['float8_e4m3fnuz', 'float8_e4m3fnuz'],
  ['float8_e5m2', 'float8_e5m2'],
  ['float8_e5m2fnuz', 'float8_e5m2fnuz'],
  ['float8_e8m0fnu', 'float8_e8m0fnu'],
  ['int64', 'int64'],
  ['long', 'int64'],
  ['int32', 'int32'],
  ['int', 'int32'],
  ['int16', 'int16'],
  ['short', 'int16'],
  ['int8', 'int8'],
  ['uint64', 'uint64'],
  ['uint32', 'uint32'],
  ['uint16', 'uint16'],
  ['uint8', 'uint8'],
  ['bool', 'bool'],
  ['complex64', 'complex64'],
  ['complex128', 'complex128'],
]);

/** Element type of a storage class (`torch.FloatStorage`, `torch.cuda.HalfStorage`); undefined if unknown. */
export function storageDType(qualifiedName: string): DType | undefined {
  const match = /^torch(?:\.cuda|\.storage|\.xpu|\.hpu|\.mps)?\.(\w+)$/.exec(qualifiedName);
  return match?.[1] === undefined ? undefined : STORAGE_DTYPES.get(match[1]);
}

/** Element type of a dtype object (`torch.float8_e5m2`); undefined if unknown. */
export function torchDType(qualifiedName: string): DType | undefined {
  return qualifiedName.startsWith('torch.') ? TORCH_DTYPES.get(qualifiedName.slice(6)) : undefined;
}
