import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BYTES_PER_ELEMENT, type DType } from '../../../src/formats/dtype';
import { codeValues } from '../../../src/values/code-values';
import { swapByteOrder, toFloat32, toFloat64 } from '../../../src/values/convert';
import { bytesOf } from './sketching';

function bits(values: Float32Array): number[] {
  return Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));
}

describe('conversion', () => {
  it('gives the values of every type', () => {
    const cases: [DType, ArrayBufferView, number[]][] = [
      ['float64', Float64Array.of(0.1, -2, 1e300), [0.1, -2, 1e300]],
      ['float32', Float32Array.of(0.5, -2), [0.5, -2]],
      ['int64', BigInt64Array.of(-1n, -(2n ** 63n), 2n ** 40n + 3n), [-1, -(2 ** 63), 2 ** 40 + 3]],
      ['uint64', BigUint64Array.of(2n ** 64n - 1n, 7n), [2 ** 64, 7]],
      ['int32', Int32Array.of(-5, 2 ** 31 - 1), [-5, 2 ** 31 - 1]],
      ['uint32', Uint32Array.of(2 ** 32 - 1), [2 ** 32 - 1]],
      ['int16', Int16Array.of(-2), [-2]],
      ['uint16', Uint16Array.of(65535), [65535]],
      ['int8', Int8Array.of(-128), [-128]],
      ['uint8', Uint8Array.of(200), [200]],
      ['bool', Uint8Array.of(0, 1, 2), [0, 1, 1]],
      ['float16', Uint16Array.of(0x3c00, 0xc000), [1, -2]],
      ['bfloat16', Uint16Array.of(0x3f80, 0xc000), [1, -2]],
      ['float8_e4m3fn', Uint8Array.of(0x7e), [448]],
      ['float8_e8m0fnu', Uint8Array.of(130), [8]],
    ];
    for (const [dtype, stored, expected] of cases) {
      expect(Array.from(toFloat64(bytesOf(stored), dtype))).toEqual(expected);
      expect(Array.from(toFloat32(bytesOf(stored), dtype))).toEqual(expected.map(Math.fround));
    }
  });

  it('works at any offset of the buffer, and leaves out what is no whole element', () => {
    const bytes = new Uint8Array(3 + 16 + 5);
    bytes.set(bytesOf(Float64Array.of(1.5, -2.5)), 3);
    expect(Array.from(toFloat64(bytes.subarray(3), 'float64'))).toEqual([1.5, -2.5]);
    expect(Array.from(toFloat64(bytes.subarray(3, 19), 'float64'))).toEqual([1.5, -2.5]);
    expect(toFloat32(bytes.subarray(1, 1 + 7), 'float32').length).toBe(1);
  });

  it('dequantises as TensorFlow.js does', () => {
    const quantization = { scale: 0.1, min: -1 };
    const expected = [0, 5, 255].map((code) => Math.fround(code * 0.1 + -1));
    expect(Array.from(toFloat32(Uint8Array.of(0, 5, 255), 'uint8', quantization))).toEqual(expected);
    expect(Array.from(toFloat64(Uint8Array.of(0, 5, 255), 'uint8', quantization))).toEqual(expected);
    const wide = bytesOf(Uint16Array.of(65535));
    expect(toFloat32(wide, 'uint16', quantization)[0]).toBe(Math.fround(65535 * 0.1 - 1));
  });

  it('keeps sign and payload of NaNs where the format has them', () => {
    expect(bits(toFloat32(bytesOf(Uint16Array.of(0xffc1, 0x7f81)), 'bfloat16'))).toEqual([0xffc10000, 0x7f810000]);
    expect(bits(toFloat32(bytesOf(Uint16Array.of(0xfe01, 0x7d00)), 'float16'))).toEqual([0xffc02000, 0x7fa00000]);
    expect(bits(toFloat32(Uint8Array.of(0x7f, 0xff), 'float8_e4m3fn'))).toEqual([0x7fc00000, 0xffc00000]);
    expect(bits(toFloat32(Uint8Array.of(0x80), 'float8_e4m3fnuz'))).toEqual([0x7fc00000]);
    expect(bits(toFloat32(bytesOf(Uint32Array.of(0x7f800001, 0xffc12345)), 'float32'))).toEqual([
      0x7f800001, 0xffc12345,
    ]);
  });

  it('agrees between float32 and float64 for every code of the small types', () => {
    for (const dtype of ['float16', 'bfloat16', 'float8_e5m2', 'float8_e5m2fnuz', 'int8', 'int16'] as const) {
      const width = BYTES_PER_ELEMENT[dtype];
      const codes =
        width === 1 ? Uint8Array.from({ length: 256 }, (_, i) => i) : Uint16Array.from({ length: 65_536 }, (_, i) => i);
      const expected = codeValues(dtype) ?? new Float64Array(0);
      const wide = toFloat64(bytesOf(codes), dtype);
      expect(wide.length).toBe(expected.length);
      expect(wide.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1);
      const narrow = toFloat32(bytesOf(codes), dtype);
      expect(narrow.length).toBe(expected.length);
      expect(narrow.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1);
    }
  });

  it('rounds 64-bit integers to float32 once', () => {
    // 2^60 + 2^36 is half-way between two float32 numbers; one more must round up, by way of float64 it is lost.
    const tie = 2n ** 60n + 2n ** 36n;
    const rounded = toFloat32(bytesOf(BigInt64Array.of(tie, tie + 1n, tie - 1n, -tie, -tie - 1n, -tie + 1n)), 'int64');
    const [even, up] = [2 ** 60, 2 ** 60 + 2 ** 37];
    expect(Array.from(rounded)).toEqual([even, up, even, -even, -up, -even]);
    expect(toFloat32(bytesOf(BigUint64Array.of(2n ** 64n - 1n)), 'uint64')[0]).toBe(2 ** 64);

    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(toFloat32(bytesOf(BigInt64Array.of(value)), 'int64')[0]).toBe(nearestFloat32(value));
      }),
      { seed: 31, numRuns: 500 },
    );
  });

  it('refuses complex numbers', () => {
    expect(() => toFloat32(new Uint8Array(8), 'complex64')).toThrow(RangeError);
    expect(() => toFloat64(new Uint8Array(16), 'complex128')).toThrow(RangeError);
  });
});

/** In integers: the nearest number with 24 significant bits, ties to even. */
function nearestFloat32(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - 24));
  const unit = 1n << shift;
  const rest = magnitude % unit;
  let quotient = magnitude / unit;
  if (2n * rest > unit || (2n * rest === unit && quotient % 2n === 1n)) quotient++;
  return Number(value < 0n ? -quotient : quotient) * 2 ** Number(shift);
}

describe('swapping byte order', () => {
  it('reverses each element, and undoes itself', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    for (const [width, expected] of [
      [1, [1, 2, 3, 4, 5, 6, 7, 8]],
      [2, [2, 1, 4, 3, 6, 5, 8, 7]],
      [4, [4, 3, 2, 1, 8, 7, 6, 5]],
      [8, [8, 7, 6, 5, 4, 3, 2, 1]],
    ] as const) {
      const swapped = bytes.slice();
      swapByteOrder(swapped, width);
      expect(Array.from(swapped)).toEqual(expected);
      swapByteOrder(swapped, width);
      expect(swapped).toEqual(bytes);
    }
  });
});
