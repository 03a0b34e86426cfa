import { compileKernel } from '../../../src/sketch/assembly/compile.mjs';
import type { Kernel } from '../../../src/sketch/kernel';
import { createPlainKernel } from '../../../src/sketch/plain-kernel';
import type { SketchPlan } from '../../../src/sketch/plan';
import type { SegmentSketch } from '../../../src/sketch/segment';
import { SegmentBuilder, type SegmentOptions } from '../../../src/sketch/segment-builder';
import { TensorSketch } from '../../../src/sketch/tensor-sketch';
import { createWasmKernel } from '../../../src/sketch/wasm-kernel';

const compiled = createWasmKernel(await compileKernel());
if (compiled === undefined) throw new Error('This machine has no WebAssembly SIMD: the kernel cannot be tested');

export const wasmKernel: Kernel = compiled;
export const plainKernel: Kernel = createPlainKernel();

export const FLOAT32: SketchPlan = { kind: 'float32' };

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** One segment from bytes that come in pieces of at most `chunk` bytes. */
export function segmentOf(
  bytes: Uint8Array,
  plan: SketchPlan,
  { kernel = wasmKernel, chunk = Infinity, ...options }: SegmentOptions & { kernel?: Kernel; chunk?: number } = {},
): SegmentSketch {
  const builder = new SegmentBuilder(kernel, plan, options);
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(chunk, builder.space.length, bytes.length - done);
    builder.space.set(bytes.subarray(done, done + length));
    builder.advance(length);
    done += length;
  }
  return builder.finish();
}

export function tensorOf(values: ArrayBufferView, plan: SketchPlan = FLOAT32): TensorSketch {
  const tensor = new TensorSketch(plan);
  tensor.add(segmentOf(bytesOf(values), plan));
  return tensor;
}

/** Uniform numbers in [0, 1), the same every time (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed numbers (Box–Muller). */
export function normalNumbers(seed: number): () => number {
  const uniform = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Statistics the plain way: two passes in float64 over the finite values. */
export function naiveStatistics(values: ArrayLike<number>): {
  count: number;
  mean: number;
  m2: number;
  m3: number;
  m4: number;
  std: number;
  skewness: number;
  kurtosis: number;
  l1: number;
  l2: number;
  meanAbsoluteDeviation: number;
} {
  const finite = Array.from(values).filter(Number.isFinite);
  const count = finite.length;
  const sum = (f: (x: number) => number): number => {
    // Neumaier's compensated sum, so that the oracle is not the one to blame.
    let total = 0;
    let lost = 0;
    for (const x of finite) {
      const term = f(x);
      const next = total + term;
      lost += Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
      total = next;
    }
    return total + lost;
  };
  const rough = sum((x) => x) / count;
  const mean = rough + sum((x) => x - rough) / count;
  const [m2, m3, m4] = [2, 3, 4].map((power) => sum((x) => (x - mean) ** power)) as [number, number, number];
  const variance = m2 / count;
  return {
    count,
    mean,
    m2,
    m3,
    m4,
    std: Math.sqrt(variance),
    skewness: m3 / count / variance ** 1.5,
    kurtosis: m4 / count / variance ** 2,
    l1: sum(Math.abs),
    l2: Math.sqrt(sum((x) => x * x)),
    meanAbsoluteDeviation: sum((x) => Math.abs(x - mean)) / count,
  };
}
