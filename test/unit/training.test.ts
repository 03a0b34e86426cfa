import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trained } from '../../scripts/train/gradient-descent';
import { mlpOnnx, parameterShapes } from '../../scripts/train/mlp-onnx';
import { mnist } from '../../scripts/train/mnist';
import { digitsWeights } from './measurement/digits';

const fixtures = join(import.meta.dirname, '..', 'fixtures');

/** Minimises ½Σ(w − target)², each "sample" the same. */
function towards(targets: readonly number[]): Parameters<typeof trained>[0] {
  const shape = [1, targets.length];
  return {
    layout: [{ name: 'w', shape, offset: 0, count: targets.length, prunable: true }],
    samples: 10,
    gradient: (weights) => Promise.resolve(targets.map((target, at) => weights[at]! - target)),
  };
}

const RECIPE = { data: 'digits', sizes: [], epochs: 300, batch: 4, rate: 0.05, drops: [100, 200] } as const;

it('training with a penalty ends at the soft threshold of the minimum', async () => {
  const targets = [2, -1, 0.3, -0.2];
  const weights = await trained(towards(targets), { ...RECIPE, penalty: 0.5 }, 1, () => undefined);
  // argmin ½(w − t)² + p|w| = sign(t) · max(0, |t| − p); the subgradient steps about 0 by the last rate.
  for (const [at, target] of targets.entries()) {
    const threshold = Math.sign(target) * Math.max(0, Math.abs(target) - 0.5);
    expect(Math.abs(weights[at]! - threshold)).toBeLessThan(2e-3);
  }
});

it('training goes the same way for the same seed, and another for another', async () => {
  const started = (seed: number): Promise<Float64Array> =>
    trained(towards([2, -1, 0.3]), { ...RECIPE, epochs: 1, drops: [1, 1], penalty: 0 }, seed, () => undefined);
  expect(await started(1)).toEqual(await started(1));
  expect(await started(2)).not.toEqual(await started(1));
});

it('the digits of the tests are as they would be written', async () => {
  const name = 'digits-l1-1e-3';
  const weights = await digitsWeights(fixtures, `${name}.onnx`);
  let offset = 0;
  const parameters = parameterShapes([64, 64, 32, 10]).map(({ name: title, shape }) => {
    const start = offset;
    offset += shape.reduce((product, size) => product * size, 1);
    return { name: title, shape, values: weights.slice(start, offset) };
  });
  const written = Buffer.from(mlpOnnx(name, [64, 64, 32, 10], parameters));
  expect(written.equals(await readFile(join(fixtures, 'network', `${name}.onnx`)))).toBe(true);
});

it('other data of the same name are not taken for MNIST', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prunability-train-'));
  try {
    await writeFile(join(folder, 'train-images-idx3-ubyte'), Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 7]));
    await expect(mnist(folder)).rejects.toThrow('is not of MNIST');
  } finally {
    await rm(folder, { recursive: true });
  }
});
