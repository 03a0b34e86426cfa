import type { TensorStorage } from '../formats/storage';
import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import { codeValues, quantizedValues } from './code-values';

/** Stored types that are converted one value at a time. */
export type WideType = 'float64' | 'int64' | 'uint64' | 'int32' | 'uint32';

type Quantization = NonNullable<TensorStorage['quantization']>;

const UPPER_WORD = 2 ** 32;
/** Integers from here on (2⁵³) may not be exact in float64. */
const FIRST_INEXACT_UPPER = 2 ** 21;

const float32Patterns = new Map<DType, Uint32Array>();

/** Values of elements as float64; 64-bit integers rounded to nearest. @throws {RangeError} for complex types. */
export function toFloat64(bytes: Uint8Array, dtype: DType, quantization?: Quantization): Float64Array {
  const values = plainFloat64(bytes, dtype);
  return quantization === undefined ? values : quantizedValues(values, quantization);
}

/**
 * Values of elements as float32, rounded once, to nearest: what NumPy's and PyTorch's conversions give. float32 and
 * bfloat16 NaNs keep their payload. @throws {RangeError} for complex types.
 */
export function toFloat32(bytes: Uint8Array, dtype: DType, quantization?: Quantization): Float32Array<ArrayBuffer> {
  if (quantization !== undefined) return quantizedFloat32(bytes, dtype, quantization);
  if (dtype === 'float32') return new Float32Array(copyOf(bytes, 4));
  if (dtype === 'int64' || dtype === 'uint64') return float32OfInt64(bytes, dtype);
  const patterns = patternsOf(dtype);
  if (patterns === undefined) return Float32Array.from(plainFloat64(bytes, dtype));
  const codes = BYTES_PER_ELEMENT[dtype] === 1 ? bytes : new Uint16Array(copyOf(bytes, 2));
  const result = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) result[i] = patterns[codes[i] ?? 0] ?? 0;
  return new Float32Array(result.buffer);
}

/** Codes of a byte have so few values that each is computed once. */
function quantizedFloat32(bytes: Uint8Array, dtype: DType, quantization: Quantization): Float32Array<ArrayBuffer> {
  const codes = BYTES_PER_ELEMENT[dtype] === 1 ? codeValues(dtype) : undefined;
  if (codes === undefined) return new Float32Array(toFloat64(bytes, dtype, quantization));
  const values = new Float32Array(quantizedValues(codes, quantization));
  const result = new Float32Array(bytes.length);
  for (let i = 0; i < result.length; i++) result[i] = values[bytes[i] ?? 0] ?? 0;
  return result;
}

/** Values of elements of a type of 32 or 64 bits. */
export function readWide(bytes: Uint8Array, dtype: WideType): Float64Array {
  const buffer = copyOf(bytes, BYTES_PER_ELEMENT[dtype]);
  switch (dtype) {
    case 'float64':
      return new Float64Array(buffer);
    case 'int32':
      return Float64Array.from(new Int32Array(buffer));
    case 'uint32':
      return Float64Array.from(new Uint32Array(buffer));
    case 'int64':
    case 'uint64': {
      const lower = new Uint32Array(buffer);
      const upper = dtype === 'int64' ? new Int32Array(buffer) : lower;
      // The product is exact, so the sum is rounded once.
      return Float64Array.from(
        { length: lower.length / 2 },
        (_, i) => (upper[2 * i + 1] ?? 0) * UPPER_WORD + (lower[2 * i] ?? 0),
      );
    }
  }
}

/** Reverses the bytes of each element of `width` bytes (1, 2, 4, 8 …), in place. */
export function swapByteOrder(bytes: Uint8Array, width: number): void {
  for (let start = 0; start + width <= bytes.length; start += width) {
    for (let i = start, j = start + width - 1; i < j; i++, j--) {
      const byte = bytes[i]!;
      bytes[i] = bytes[j]!;
      bytes[j] = byte;
    }
  }
}

function plainFloat64(bytes: Uint8Array, dtype: DType): Float64Array {
  switch (dtype) {
    case 'float32':
      return Float64Array.from(new Float32Array(copyOf(bytes, 4)));
    case 'float64':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return readWide(bytes, dtype);
    default: {
      const values = codeValues(dtype);
      if (values === undefined) throw new RangeError(`${dtype} has no real values`);
      const codes = BYTES_PER_ELEMENT[dtype] === 1 ? bytes : new Uint16Array(copyOf(bytes, 2));
      return Float64Array.from(codes, (code) => values[code] ?? 0);
    }
  }
}

/** float32 pattern of each code, or undefined if the type has no codes. */
function patternsOf(dtype: DType): Uint32Array | undefined {
  const known = float32Patterns.get(dtype);
  if (known !== undefined) return known;
  const values = codeValues(dtype);
  if (values === undefined) return undefined;
  const patterns = new Uint32Array(Float32Array.from(values).buffer);
  for (let code = 0; code < patterns.length; code++) {
    if (Number.isNaN(values[code])) patterns[code] = nanPattern(code, dtype);
  }
  float32Patterns.set(dtype, patterns);
  return patterns;
}

/** float32 pattern of a NaN: sign and payload are kept where the format has them; quiet where it has no payload. */
function nanPattern(code: number, dtype: DType): number {
  switch (dtype) {
    case 'bfloat16':
      return (code << 16) >>> 0;
    case 'float16':
      return (((code & 0x8000) << 16) | 0x7f800000 | ((code & 0x3ff) << 13)) >>> 0;
    case 'float8_e5m2':
    case 'float8_e4m3fn':
      return (((code & 0x80) << 24) | 0x7fc00000) >>> 0;
    default:
      return 0x7fc00000;
  }
}

/**
 * 64-bit integers to float32 in one rounding. By way of float64 it would be two; where that is inexact, the low bits
 * are first folded into one sticky bit (rounding to odd), which leaves the second rounding right.
 */
function float32OfInt64(bytes: Uint8Array, dtype: 'int64' | 'uint64'): Float32Array<ArrayBuffer> {
  const lower = new Uint32Array(copyOf(bytes, 8));
  const upper = dtype === 'int64' ? new Int32Array(lower.buffer) : lower;
  const result = new Float32Array(lower.length / 2);
  for (let i = 0; i < result.length; i++) {
    const high = upper[2 * i + 1] ?? 0;
    let low = lower[2 * i] ?? 0;
    const inexact = high >= FIRST_INEXACT_UPPER || high < -FIRST_INEXACT_UPPER;
    if (inexact && (low & 0x7ff) !== 0) low = ((low & ~0x7ff) | 0x800) >>> 0;
    result[i] = high * UPPER_WORD + low;
  }
  return result;
}

/** A copy of the whole elements among the bytes: typed arrays need them at multiples of their width. */
function copyOf(bytes: Uint8Array, width: number): ArrayBuffer {
  const copy = new Uint8Array(bytes.length - (bytes.length % width));
  copy.set(bytes.subarray(0, copy.length));
  return copy.buffer;
}
