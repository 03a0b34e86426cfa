import type { TensorEntry } from '../checkpoint';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import type { PackedCoding } from '../storage';

/** How elements of a type of NumPy, or of ml_dtypes, are stored. */
export interface JaxType {
  /** Type of the values. */
  readonly dtype: DType;
  /** Bytes of one stored element. */
  readonly width: number;
  /** Set if the stored bytes are codes of a type that is not among {@link DType}: one a byte. */
  readonly coding?: PackedCoding;
  readonly storedAs?: string;
}

const PLAIN: readonly DType[] = [
  ...(['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8'] as const),
  ...(['uint64', 'uint32', 'uint16', 'uint8', 'bool', 'complex64', 'complex128'] as const),
  ...(['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu'] as const),
];

/** Floats of up to 8 bits by sign, exponent and fraction; what is not finite stands at the end of the codes. */
interface TinyFloat {
  readonly bits: number;
  readonly fractionBits: number;
  readonly bias: number;
  readonly special: 'none' | 'ieee' | 'fnuz';
}

/** The types of ml_dtypes beyond {@link DType}: https://github.com/jax-ml/ml_dtypes, "Specifications of implemented floating point formats". */
const TINY_FLOATS: ReadonlyMap<string, TinyFloat> = new Map<string, TinyFloat>([
  ['float4_e2m1fn', { bits: 4, fractionBits: 1, bias: 1, special: 'none' }],
  ['float6_e2m3fn', { bits: 6, fractionBits: 3, bias: 1, special: 'none' }],
  ['float6_e3m2fn', { bits: 6, fractionBits: 2, bias: 3, special: 'none' }],
  ['float8_e3m4', { bits: 8, fractionBits: 4, bias: 3, special: 'ieee' }],
  ['float8_e4m3', { bits: 8, fractionBits: 3, bias: 7, special: 'ieee' }],
  ['float8_e4m3b11fnuz', { bits: 8, fractionBits: 3, bias: 11, special: 'fnuz' }],
]);

const TYPES: ReadonlyMap<string, JaxType> = new Map<string, JaxType>([
  ...PLAIN.map((dtype): [string, JaxType] => [dtype, { dtype, width: BYTES_PER_ELEMENT[dtype] }]),
  ...[...TINY_FLOATS].map(([name, format]): [string, JaxType] => [
    name,
    { dtype: 'float32', width: 1, coding: byteCodes((code) => tinyFloat(code, format)), storedAs: name },
  ]),
  ...[1, 2, 4].flatMap((bits): [string, JaxType][] => [
    [
      `int${bits}`,
      { dtype: 'int8', width: 1, coding: byteCodes((code) => signed(code, bits)), storedAs: `int${bits}` },
    ],
    [
      `uint${bits}`,
      { dtype: 'uint8', width: 1, coding: byteCodes((code) => code % 2 ** bits), storedAs: `uint${bits}` },
    ],
  ]),
]);

/** A type by the name that NumPy, ml_dtypes and TensorStore give it; undefined if it cannot be analyzed. */
export function jaxType(name: string): JaxType | undefined {
  return TYPES.get(name);
}

/** `storedAs` of a tensor of that type. */
export function storedAsOf({ storedAs }: JaxType): Pick<TensorEntry, 'storedAs'> {
  return storedAs === undefined ? {} : { storedAs };
}

/** ml_dtypes keeps one element a byte, however few bits it has; upper bits do not matter. */
function byteCodes(value: (code: number) => number): PackedCoding {
  return { kind: 'packed', bits: 8, wordBytes: 1, columns: 1, table: Array.from({ length: 256 }, (_, i) => value(i)) };
}

function signed(code: number, bits: number): number {
  const low = code % 2 ** bits;
  return low >= 2 ** (bits - 1) ? low - 2 ** bits : low;
}

function tinyFloat(byte: number, { bits, fractionBits, bias, special }: TinyFloat): number {
  const half = 2 ** (bits - 1);
  const code = byte % (2 * half);
  const magnitude = code % half;
  const sign = code >= half ? -1 : 1;
  if (special === 'fnuz' && code === half) return NaN;
  const exponent = Math.floor(magnitude / 2 ** fractionBits);
  const fraction = magnitude % 2 ** fractionBits;
  if (special === 'ieee' && magnitude >= half - 2 ** fractionBits) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - fractionBits)
    : sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}
