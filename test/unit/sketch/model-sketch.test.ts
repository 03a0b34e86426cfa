import { describe, expect, it } from 'vitest';
import type { DType } from '../../../src/formats/dtype';
import type { MagnitudeCells } from '../../../src/sketch/cells';
import { toFloat64 } from '../../../src/values/convert';
import { ModelSketch } from '../../../src/sketch/model-sketch';
import { kurtosis } from '../../../src/sketch/moments';
import { sketchPlan, type SketchPlan } from '../../../src/sketch/plan';
import type { TensorSketch } from '../../../src/sketch/tensor-sketch';
import { bytesOf, FLOAT32, naiveStatistics, normalNumbers, tensorOf } from './sketching';

const normal = normalNumbers(71);

function planOf(dtype: DType, quantization?: { scale: number; min: number }): SketchPlan {
  const plan = sketchPlan(quantization === undefined ? { dtype } : { dtype, quantization });
  if (plan === undefined) throw new Error(`no plan for ${dtype}`);
  return plan;
}

function modelOf(...tensors: TensorSketch[]): ModelSketch {
  const model = new ModelSketch();
  for (const tensor of tensors) model.add(tensor);
  return model;
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0);
}

function sortedMagnitudes(...parts: ArrayLike<number>[]): number[] {
  return parts
    .flatMap((part) => Array.from(part))
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((a, b) => a - b);
}

function expectAtoms(cells: MagnitudeCells, sorted: readonly number[]): void {
  expect(cells.high).toEqual(cells.low);
  expect(Array.from(cells.low).flatMap((value, i) => Array<number>(cells.count[i]!).fill(value))).toEqual(sorted);
  cells.low.forEach((value, i) => {
    expect(cells.energy[i]).toBe(cells.count[i]! * value * value);
  });
}

describe('the sketch of a model', () => {
  it('of 16-bit tensors has every magnitude exactly', () => {
    const half = Uint16Array.from({ length: 3000 }, () => 0x8000 + 0x2e00 + 300 * normal());
    const brain = Uint16Array.from({ length: 3000 }, () => 0x3e00 + 60 * normal());
    const model = modelOf(tensorOf(half, planOf('float16')), tensorOf(brain, planOf('bfloat16')));
    expectAtoms(
      model.magnitudeCells(),
      sortedMagnitudes(toFloat64(bytesOf(half), 'float16'), toFloat64(bytesOf(brain), 'bfloat16')),
    );
  });

  it('of small types, integers and quantised weights has every magnitude exactly', () => {
    const bytes = Uint8Array.from({ length: 2000 }, () => 128 + 40 * normal());
    const quantization = { scale: 0.0137, min: -1.71 };
    const parts = (
      ['float8_e4m3fn', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'int8', 'uint8', 'bool', 'int16'] as const
    ).map((dtype) => [tensorOf(bytes, planOf(dtype)), toFloat64(bytes, dtype)] as const);
    const model = modelOf(...parts.map(([sketch]) => sketch), tensorOf(bytes, planOf('uint8', quantization)));
    expectAtoms(
      model.magnitudeCells(),
      sortedMagnitudes(...parts.map(([, values]) => values), toFloat64(bytes, 'uint8', quantization)),
    );
  });

  it('has the same cells as one tensor of all values', () => {
    const values = Float32Array.from({ length: 120_000 }, (_, i) => (i % 50 === 0 ? 0 : 0.02 * normal()));
    values[5] = NaN;
    values[77] = 1e-42;
    values[78] = 3e-42;
    const parts = [values.subarray(0, 50_000), values.subarray(50_000, 50_010), values.subarray(50_010)];
    const model = modelOf(...parts.map((part) => tensorOf(part, FLOAT32)));
    const whole = tensorOf(values).magnitudeCells();
    const cells = model.magnitudeCells();
    // The tensor of ten values is known exactly; its atoms end in the intervals about them.
    expect(cells.low).toEqual(whole.low);
    expect(cells.high).toEqual(whole.high);
    expect(cells.count).toEqual(whole.count);
    cells.energy.forEach((energy, i) => {
      expect(Math.abs(energy - whole.energy[i]!)).toBeLessThanOrEqual(1e-5 * energy);
    });
    expect(cells.count[0]).toBe(values.filter((x) => x === 0).length);
    const back = modelOf(...parts.reverse().map((part) => tensorOf(part, FLOAT32)));
    expect(back.magnitudeCells()).toEqual(cells);
  });

  it('has the moments of all values as one vector', () => {
    const a = Float32Array.from({ length: 30_000 }, () => 0.02 * normal());
    const b = Float32Array.from({ length: 64 }, () => 1 + 0.01 * normal());
    const c = Uint16Array.from({ length: 5000 }, () => 0x3d00 + 100 * normal());
    const model = modelOf(tensorOf(a), tensorOf(b), tensorOf(c, planOf('bfloat16')));
    const naive = naiveStatistics([...a, ...b, ...toFloat64(bytesOf(c), 'bfloat16')]);
    expect(model.moments().count).toBe(naive.count);
    expect(Math.abs(model.moments().mean / naive.mean - 1)).toBeLessThan(1e-12);
    expect(Math.abs(kurtosis(model.moments())! / naive.kurtosis - 1)).toBeLessThan(1e-11);
  });

  it('lets float32 intervals take in the atoms inside them when types are mixed', () => {
    const floats = Float32Array.from({ length: 20_000 }, () => 0.02 * normal());
    const half = Uint16Array.from({ length: 2000 }, () => 0x2400 + 300 * normal());
    const cells = modelOf(tensorOf(floats), tensorOf(half, planOf('float16'))).magnitudeCells();
    const sorted = sortedMagnitudes(floats, toFloat64(bytesOf(half), 'float16'));
    expect(sum(cells.count)).toBe(sorted.length);
    let next = 0;
    cells.count.forEach((count, i) => {
      expect(cells.low[i]).toBeGreaterThanOrEqual(cells.high[i - 1] ?? 0);
      for (const value of sorted.slice(next, next + count)) {
        expect(value).toBeGreaterThanOrEqual(cells.low[i]!);
        expect(value).toBeLessThanOrEqual(cells.high[i]!);
      }
      next += count;
    });
    const energy = sum(sorted.map((x) => x * x));
    expect(Math.abs(sum(cells.energy) / energy - 1)).toBeLessThan(1e-7);
  });

  it('keeps to its memory when quantised values are many', () => {
    const codes = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const model = new ModelSketch();
    let energy = 0;
    for (let tensor = 1; tensor <= 4; tensor++) {
      const quantization = { scale: 1e-5 * (1 + tensor / 7), min: -0.3 };
      model.add(tensorOf(codes, planOf('uint16', quantization)));
      energy += sum(toFloat64(bytesOf(codes), 'uint16', quantization).map((x) => x * x));
    }
    const cells = model.magnitudeCells();
    expect(sum(cells.count)).toBe(4 * 65_536);
    expect(cells.count.length).toBeLessThan(65_536 + 32_640);
    expect(Math.abs(sum(cells.energy) / energy - 1)).toBeLessThan(1e-7);
  });

  it('of nothing, and of nothing finite, is empty', () => {
    expect(new ModelSketch().magnitudeCells().count.length).toBe(0);
    const model = modelOf(
      tensorOf(Float32Array.of(NaN, Infinity)),
      tensorOf(Uint16Array.of(0x7c00, 0x7e00), planOf('float16')),
    );
    expect(model.magnitudeCells().count.length).toBe(0);
    expect(model.moments().count).toBe(0);
  });

  it('tells zeros from the denormal numbers in their bin', () => {
    const model = modelOf(tensorOf(Float32Array.of(0, -0, 0, 1e-41, -2e-41, 1)));
    const { low, high, count } = model.magnitudeCells();
    expect([low[0], high[0], count[0]]).toEqual([0, 0, 3]);
    expect([count[1], high[1]! < 1e-40, count[2], low[2]]).toEqual([2, true, 1, 1]);
  });
});
