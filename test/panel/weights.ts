import { createPlainKernel } from '../../src/sketch/plain-kernel';
import { sketchPlan } from '../../src/sketch/plan';
import { SegmentBuilder } from '../../src/sketch/segment-builder';
import { BLOCK_ELEMENTS, MAX_SEGMENT_ELEMENTS, type SegmentSketch } from '../../src/sketch/segment';
import { TensorSketch } from '../../src/sketch/tensor-sketch';

/** How a made-up tensor's values are distributed: a mixture, in the shares given; what is left over is uniform. */
export interface Mixture {
  readonly std: number;
  readonly mean?: number;
  readonly laplace?: number;
  readonly gaussian?: number;
  /** Share of exact zeros, and of NaN. */
  readonly zeros?: number;
  readonly nan?: number;
}

/** mulberry32: numbers in [0, 1) that are the same on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One value of the mixture. */
export function draw(
  { std, mean = 0, laplace = 0, gaussian = 0, zeros = 0, nan = 0 }: Mixture,
  random: () => number,
): number {
  const kind = random();
  if (kind < nan) return NaN;
  if (kind < nan + zeros) return 0;
  const shape = random();
  let value: number;
  if (shape < laplace) {
    const u = random() - 0.5;
    value = (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
  } else if (shape < laplace + gaussian) {
    value = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  } else value = (2 * random() - 1) * Math.sqrt(3);
  return mean + std * value;
}

/** Largest sample that is drawn; larger tensors hold it several times over. */
const SAMPLE = 16_384;

/** Values handed to the kernel at a time. */
const BATCH = BLOCK_ELEMENTS;

const kernel = createPlainKernel();

/** The sketch of these float32 values, by the extension's own code. */
export function sketchOf(values: Float32Array): TensorSketch {
  const plan = sketchPlan({ dtype: 'float32' });
  if (plan === undefined) throw new Error('float32 is sketched');
  const sketch = new TensorSketch(plan);
  for (let start = 0; start < values.length; start += MAX_SEGMENT_ELEMENTS) {
    const segment = values.subarray(start, start + MAX_SEGMENT_ELEMENTS);
    const builder = new SegmentBuilder(kernel, plan);
    for (let done = 0; done < segment.length; done += BATCH) {
      const batch = segment.slice(done, done + BATCH);
      builder.space.set(new Uint8Array(batch.buffer));
      builder.advance(batch.byteLength);
    }
    sketch.add(builder.finish());
  }
  return sketch;
}

/** The sketch of a made-up float32 tensor of `count` values, by the extension's own code. */
export function drawSketch(mixture: Mixture, count: number, seed: number): TensorSketch {
  const plan = sketchPlan({ dtype: 'float32' });
  if (plan === undefined) throw new Error('float32 is sketched');
  const random = randomNumbers(seed);
  const segmentOf = (size: number): SegmentSketch => {
    const builder = new SegmentBuilder(kernel, plan);
    for (let done = 0; done < size; done += BATCH) {
      const values = Float32Array.from({ length: Math.min(BATCH, size - done) }, () => draw(mixture, random));
      builder.space.set(new Uint8Array(values.buffer));
      builder.advance(values.byteLength);
    }
    return builder.finish();
  };
  const sketch = new TensorSketch(plan);
  // an initialisation is recognised by its sampling error, which repetition would falsify
  const { laplace = 0, gaussian = 0 } = mixture;
  const sample = laplace + gaussian === 0 ? MAX_SEGMENT_ELEMENTS : SAMPLE;
  const whole = Math.floor(count / sample);
  if (whole > 0) {
    const segment = segmentOf(sample);
    for (let i = 0; i < whole; i++) sketch.add(segment);
  }
  if (count % sample > 0) sketch.add(segmentOf(count % sample));
  return sketch;
}
