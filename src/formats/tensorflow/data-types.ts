import type { DType } from '../dtype';

/** Element types by their number in TensorFlow's `types.proto`. Those of 4 and 2 bits are stored in whole bytes. */
const TYPES: ReadonlyMap<number, readonly [name: string, dtype: DType | undefined]> = new Map([
  [1, ['float', 'float32']],
  [2, ['double', 'float64']],
  [3, ['int32', 'int32']],
  [4, ['uint8', 'uint8']],
  [5, ['int16', 'int16']],
  [6, ['int8', 'int8']],
  [7, ['string', undefined]],
  [8, ['complex64', 'complex64']],
  [9, ['int64', 'int64']],
  [10, ['bool', 'bool']],
  [11, ['qint8', 'int8']],
  [12, ['quint8', 'uint8']],
  [13, ['qint32', 'int32']],
  [14, ['bfloat16', 'bfloat16']],
  [15, ['qint16', 'int16']],
  [16, ['quint16', 'uint16']],
  [17, ['uint16', 'uint16']],
  [18, ['complex128', 'complex128']],
  [19, ['half', 'float16']],
  [20, ['resource', undefined]],
  [21, ['variant', undefined]],
  [22, ['uint32', 'uint32']],
  [23, ['uint64', 'uint64']],
  [24, ['float8_e5m2', 'float8_e5m2']],
  [25, ['float8_e4m3fn', 'float8_e4m3fn']],
  [26, ['float8_e4m3fnuz', 'float8_e4m3fnuz']],
  [27, ['float8_e4m3b11fnuz', undefined]],
  [28, ['float8_e5m2fnuz', 'float8_e5m2fnuz']],
  [29, ['int4', undefined]],
  [30, ['uint4', undefined]],
  [31, ['int2', undefined]],
  [32, ['uint2', undefined]],
  [33, ['float4_e2m1fn', undefined]],
] satisfies [number, [string, DType | undefined]][]);

/** Of {@link TYPES}. */
export const STRING_TYPE = 7;

/** The type that elements are read as; undefined for those that are not numbers or not analysed. */
export function dataType(number: number): DType | undefined {
  return TYPES.get(number)?.[1];
}

/** The name of a type as TensorFlow has it, for messages. */
export function dataTypeName(number: number): string {
  return TYPES.get(number)?.[0] ?? String(number);
}

/** How values are stored, where their type has a name of its own: the quantised ones. */
export function storedAs(number: number): string | undefined {
  const name = TYPES.get(number)?.[0];
  return name?.startsWith('q') === true ? name : undefined;
}
