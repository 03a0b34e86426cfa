import type { TensorStorage } from '../formats/storage';
import type { DType } from '../formats/dtype';

/** A small binary floating-point format: sign bit first, then exponent, then fraction. */
interface SmallFloat {
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /**
   * What patterns are not finite numbers. `ieee`: exponent all ones is ±∞ (fraction 0) or NaN. `fn`: only exponent and
   * fraction all ones is NaN, no infinities. `fnuz`: only the pattern of negative zero is NaN, no infinities.
   */
  readonly special: 'ieee' | 'fn' | 'fnuz';
}

/** IEEE 754 binary16; bfloat16; OCP 8-bit floating point (OFP8 1.0) and its FNUZ variants (ONNX "Float stored in 8 bits"). */
const SMALL_FLOATS = {
  float16: { exponentBits: 5, fractionBits: 10, bias: 15, special: 'ieee' },
  bfloat16: { exponentBits: 8, fractionBits: 7, bias: 127, special: 'ieee' },
  float8_e4m3fn: { exponentBits: 4, fractionBits: 3, bias: 7, special: 'fn' },
  float8_e4m3fnuz: { exponentBits: 4, fractionBits: 3, bias: 8, special: 'fnuz' },
  float8_e5m2: { exponentBits: 5, fractionBits: 2, bias: 15, special: 'ieee' },
  float8_e5m2fnuz: { exponentBits: 5, fractionBits: 2, bias: 16, special: 'fnuz' },
} as const satisfies Partial<Record<DType, SmallFloat>>;

const cache = new Map<DType, Float64Array>();

/**
 * The value of every pattern of a type of 8 or 16 bits (256 or 65,536 entries, indexed by the pattern as an unsigned
 * number); undefined for other types. All values are float32 numbers. Shared: do not write to it.
 */
export function codeValues(dtype: DType): Float64Array | undefined {
  const known = cache.get(dtype);
  if (known !== undefined) return known;
  const values = makeValues(dtype);
  if (values !== undefined) cache.set(dtype, values);
  return values;
}

/**
 * Values of affine-quantised codes: code × scale + min in double precision, as TensorFlow.js computes them when it loads
 * such weights. It then stores them as float32 (so do the hashes, see `toFloat32`); statistics are of what the file says.
 */
export function quantizedValues(
  codes: Float64Array,
  { scale, min, toInteger }: NonNullable<TensorStorage['quantization']>,
): Float64Array {
  return codes.map((code) => (toInteger === true ? Math.round(code * scale + min) : code * scale + min));
}

function makeValues(dtype: DType): Float64Array | undefined {
  switch (dtype) {
    case 'float16':
    case 'bfloat16':
    case 'float8_e4m3fn':
    case 'float8_e4m3fnuz':
    case 'float8_e5m2':
    case 'float8_e5m2fnuz':
      return smallFloatValues(SMALL_FLOATS[dtype]);
    case 'float8_e8m0fnu':
      // OCP microscaling formats (MX 1.0): a bare exponent, no sign, no zero; all ones is NaN.
      return Float64Array.from({ length: 256 }, (_, code) => (code === 0xff ? NaN : 2 ** (code - 127)));
    case 'uint8':
      return Float64Array.from({ length: 256 }, (_, code) => code);
    case 'int8':
      return Float64Array.from({ length: 256 }, (_, code) => (code << 24) >> 24);
    case 'bool':
      // Writers store 0 and 1; NumPy and PyTorch read any other byte as true.
      return Float64Array.from({ length: 256 }, (_, code) => (code === 0 ? 0 : 1));
    case 'uint16':
      return Float64Array.from({ length: 65_536 }, (_, code) => code);
    case 'int16':
      return Float64Array.from({ length: 65_536 }, (_, code) => (code << 16) >> 16);
    default:
      return undefined;
  }
}

function smallFloatValues(format: SmallFloat): Float64Array {
  const magnitudes = 1 << (format.exponentBits + format.fractionBits);
  const values = new Float64Array(2 * magnitudes);
  for (let code = 0; code < magnitudes; code++) {
    const magnitude = smallFloatMagnitude(code, magnitudes, format);
    values[code] = magnitude;
    values[code + magnitudes] = -magnitude;
  }
  if (format.special === 'fnuz') values[magnitudes] = NaN;
  return values;
}

function smallFloatMagnitude(code: number, magnitudes: number, format: SmallFloat): number {
  const { exponentBits, fractionBits, bias, special } = format;
  const exponent = code >>> fractionBits;
  const fraction = code & ((1 << fractionBits) - 1);
  if (special === 'ieee' && exponent === (1 << exponentBits) - 1) return fraction === 0 ? Infinity : NaN;
  if (special === 'fn' && code === magnitudes - 1) return NaN;
  return exponent === 0
    ? fraction * 2 ** (1 - bias - fractionBits)
    : ((1 << fractionBits) + fraction) * 2 ** (exponent - bias - fractionBits);
}
