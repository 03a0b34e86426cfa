import { describe, expect, it } from 'vitest';
import { codeValues, quantizedValues } from '../../../src/values/code-values';
import { toFloat32 } from '../../../src/values/convert';
import { sketchPlan } from '../../../src/sketch/plan';

function value(dtype: Parameters<typeof codeValues>[0], code: number): number {
  return codeValues(dtype)?.[code] ?? -12345;
}

describe('code values', () => {
  it('of float16 are those of IEEE 754 binary16', () => {
    expect(value('float16', 0x0000)).toBe(0);
    expect(Object.is(value('float16', 0x8000), -0)).toBe(true);
    expect(value('float16', 0x3c00)).toBe(1);
    expect(value('float16', 0xc000)).toBe(-2);
    expect(value('float16', 0x7bff)).toBe(65504);
    expect(value('float16', 0x0400)).toBe(2 ** -14);
    expect(value('float16', 0x0001)).toBe(2 ** -24);
    expect(value('float16', 0x03ff)).toBe(1023 * 2 ** -24);
    expect(value('float16', 0x3555)).toBe(0.333251953125);
    expect(value('float16', 0x7c00)).toBe(Infinity);
    expect(value('float16', 0xfc00)).toBe(-Infinity);
    expect(value('float16', 0x7c01)).toBeNaN();
    expect(value('float16', 0xffff)).toBeNaN();
  });

  it('of bfloat16 are the float32 numbers with that upper half', () => {
    const bits = Uint32Array.from({ length: 65_536 }, (_, code) => code << 16);
    const floats = new Float32Array(bits.buffer);
    const different = codeValues('bfloat16')!.filter((x, code) => !Object.is(x, floats[code]));
    expect(different.length).toBe(0);
  });

  // OCP 8-bit floating point specification 1.0, table 2; ONNX, "Float stored in 8 bits".
  it.each([
    ['float8_e4m3fn', 0x7e, 448],
    ['float8_e4m3fn', 0x08, 2 ** -6],
    ['float8_e4m3fn', 0x07, 0.875 * 2 ** -6],
    ['float8_e4m3fn', 0x01, 2 ** -9],
    ['float8_e4m3fn', 0x38, 1],
    ['float8_e4m3fn', 0xb8, -1],
    ['float8_e4m3fn', 0x7f, NaN],
    ['float8_e4m3fn', 0xff, NaN],
    ['float8_e4m3fn', 0x80, -0],
    ['float8_e5m2', 0x7b, 57344],
    ['float8_e5m2', 0x04, 2 ** -14],
    ['float8_e5m2', 0x03, 0.75 * 2 ** -14],
    ['float8_e5m2', 0x01, 2 ** -16],
    ['float8_e5m2', 0x3c, 1],
    ['float8_e5m2', 0x7c, Infinity],
    ['float8_e5m2', 0xfc, -Infinity],
    ['float8_e5m2', 0x7d, NaN],
    ['float8_e5m2', 0xff, NaN],
    ['float8_e4m3fnuz', 0x7f, 240],
    ['float8_e4m3fnuz', 0xff, -240],
    ['float8_e4m3fnuz', 0x08, 2 ** -7],
    ['float8_e4m3fnuz', 0x07, 0.875 * 2 ** -7],
    ['float8_e4m3fnuz', 0x01, 2 ** -10],
    ['float8_e4m3fnuz', 0x40, 1],
    ['float8_e4m3fnuz', 0x80, NaN],
    ['float8_e4m3fnuz', 0x00, 0],
    ['float8_e5m2fnuz', 0x7f, 57344],
    ['float8_e5m2fnuz', 0xff, -57344],
    ['float8_e5m2fnuz', 0x04, 2 ** -15],
    ['float8_e5m2fnuz', 0x03, 0.75 * 2 ** -15],
    ['float8_e5m2fnuz', 0x01, 2 ** -17],
    ['float8_e5m2fnuz', 0x40, 1],
    ['float8_e5m2fnuz', 0x80, NaN],
    ['float8_e8m0fnu', 0, 2 ** -127],
    ['float8_e8m0fnu', 127, 1],
    ['float8_e8m0fnu', 254, 2 ** 127],
    ['float8_e8m0fnu', 255, NaN],
    ['int8', 0x80, -128],
    ['int8', 0xff, -1],
    ['uint8', 0xff, 255],
    ['bool', 0, 0],
    ['bool', 1, 1],
    ['bool', 255, 1],
    ['int16', 0x8000, -32768],
    ['int16', 0xffff, -1],
    ['uint16', 0xffff, 65535],
  ] as const)('of %s: %i is %d', (dtype, code, expected) => {
    expect(Object.is(value(dtype, code), expected)).toBe(true);
  });

  it('have no NaN or infinity beyond those of the format', () => {
    const special = (dtype: Parameters<typeof codeValues>[0]): number =>
      codeValues(dtype)?.filter((x) => !Number.isFinite(x)).length ?? -1;
    expect(special('float16')).toBe(2 * 1024);
    expect(special('float8_e4m3fn')).toBe(2);
    expect(special('float8_e5m2')).toBe(8);
    expect(special('float8_e4m3fnuz')).toBe(1);
    expect(special('float8_e5m2fnuz')).toBe(1);
    expect(special('float8_e8m0fnu')).toBe(1);
  });

  it('are float32 numbers', () => {
    for (const dtype of ['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2fnuz', 'float8_e8m0fnu'] as const) {
      expect(codeValues(dtype)!.filter((x) => !Object.is(Math.fround(x), x)).length).toBe(0);
    }
  });

  it('of wider types do not exist', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'int64', 'complex64'] as const) {
      expect(codeValues(dtype)).toBeUndefined();
    }
  });
});

describe('quantised values', () => {
  const scale = 0.0078431372549;

  it('are computed in double precision, and rounded once where float32 is asked for', () => {
    const values = quantizedValues(codeValues('uint8') ?? new Float64Array(0), { scale, min: -1 });
    expect([values[0], values[3], values[255]]).toEqual([-1, 3 * scale - 1, 255 * scale - 1]);
    const [rounded] = toFloat32(Uint8Array.of(200), 'uint8', { scale, min: -1 });
    expect(rounded).toBe(Math.fround(200 * scale - 1));
    // Rounding scale or product to float32 first would give another number here.
    expect(rounded).not.toBe(Math.fround(Math.fround(200 * Math.fround(scale)) - 1));
  });

  it('of tensors of integers are rounded, halves up', () => {
    const values = quantizedValues(Float64Array.of(0, 1, 2, 3), { scale: 0.5, min: -1, toInteger: true });
    expect([...values].map((value) => value + 0)).toEqual([-1, 0, 0, 1]);
  });
});

describe('the plan for a storage', () => {
  it('counts codes of up to 16 bits, and converts what is wider than float32', () => {
    expect(sketchPlan({ dtype: 'float32' })).toEqual({ kind: 'float32' });
    expect(sketchPlan({ dtype: 'bfloat16' })).toMatchObject({ kind: 'codes', bits: 16 });
    expect(sketchPlan({ dtype: 'uint16' })).toMatchObject({ kind: 'codes', bits: 16 });
    expect(sketchPlan({ dtype: 'float8_e5m2' })).toMatchObject({ kind: 'codes', bits: 8 });
    expect(sketchPlan({ dtype: 'bool' })).toMatchObject({ kind: 'codes', bits: 8 });
    for (const dtype of ['float64', 'int64', 'uint64', 'int32', 'uint32'] as const) {
      expect(sketchPlan({ dtype })).toEqual({ kind: 'converted', dtype });
    }
  });

  it('has the values of quantised codes', () => {
    const plan = sketchPlan({ dtype: 'uint8', quantization: { scale: 0.5, min: -3 } });
    if (plan?.kind !== 'codes') throw new Error('not codes');
    expect(Array.from(plan.values.subarray(0, 3))).toEqual([-3, -2.5, -2]);
  });

  it('does not exist for complex numbers', () => {
    expect(sketchPlan({ dtype: 'complex64' })).toBeUndefined();
    expect(sketchPlan({ dtype: 'complex128' })).toBeUndefined();
  });
});
