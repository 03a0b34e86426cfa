import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonReport, RuleAgreement } from '../../../src/report/comparison';
import { bruteForceOverlap } from '../compare/brute-force-rule';
import { fixture, workerPool } from './analysis';
import { comparison, normalNoise, valuesOf, writeSafetensors, type Values } from './comparison';

const pool = workerPool(2);
const trained = fixture('safetensors/fmnist.safetensors');
const WEIGHTS = ['conv1.weight', 'conv2.weight', 'fc1.weight', 'fc2.weight'];

let folder: string;
let dense: Map<string, Values>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-pruned-'));
  dense = await valuesOf(trained);
});
afterAll(() => rm(folder, { recursive: true }));

type Keep = (value: number, name: string, index: number) => boolean;

function prune(values: ReadonlyMap<string, Values>, keep: Keep): Map<string, Values> {
  return new Map(
    [...values].map(([name, tensor]) => [
      name,
      WEIGHTS.includes(name)
        ? { ...tensor, values: tensor.values.map((value, i) => (keep(value, name, i) ? value : 0)) }
        : tensor,
    ]),
  );
}

async function against(before: string, values: ReadonlyMap<string, Values>): Promise<ComparisonReport> {
  const after = await writeSafetensors(join(folder, 'pruned.safetensors'), values);
  return (await comparison(pool, before, after)).report;
}

/** The magnitude under which `fraction` of the values are. */
function quantile(values: readonly number[], fraction: number): number {
  const magnitudes = values.map(Math.abs).sort((a, b) => a - b);
  return magnitudes[Math.floor(fraction * magnitudes.length)]!;
}

function weightsOf(values: ReadonlyMap<string, Values>): number[] {
  return WEIGHTS.flatMap((name) => [...values.get(name)!.values]);
}

function zerosOf(values: ReadonlyMap<string, Values>, names: Iterable<string>): number {
  return [...names].reduce((sum, name) => sum + values.get(name)!.values.filter((value) => value === 0).length, 0);
}

/** All that prune limits count: the trained parameters, without the running statistics. */
function prunableNames(): string[] {
  return [...dense.keys()].filter((name) => !/running|num_batches/.test(name));
}

function expectContains({ interval: [low, high] }: RuleAgreement, fraction: number): void {
  expect(low).toBeLessThanOrEqual(fraction);
  expect(high).toBeGreaterThanOrEqual(fraction);
}

describe('a pruned copy', () => {
  it('by one magnitude threshold is what the global rule would have chosen', async () => {
    const threshold = quantile(weightsOf(dense), 0.7);
    const pruned = prune(dense, (value) => Math.abs(value) >= threshold);
    const { pruning, tensors, after } = await against(trained, pruned);
    const zeros = zerosOf(pruned, prunableNames());
    expect(pruning).toMatchObject({
      prunedCount: zeros - zerosOf(dense, prunableNames()),
      revivedCount: 0,
      prunedFraction: zeros / 20538,
      unchangedFraction: 1,
      globalMagnitude: { interval: [1, 1], same: true },
    });
    expect(after.zeroFraction).toBe(zeros / 20538);
    // Each tensor's share is its own, so that within a tensor the smallest went too.
    expect(pruning?.layerwiseMagnitude).toEqual({ interval: [1, 1], same: true });
    expect(tensors.filter((tensor) => tensor.pruning !== null).map(({ name }) => name)).toEqual(WEIGHTS);
  });

  it('layer by layer is what the layerwise rule would have chosen, and not the global one', async () => {
    const thresholds = new Map(WEIGHTS.map((name) => [name, quantile([...dense.get(name)!.values], 0.6)]));
    const pruned = prune(dense, (value, name) => Math.abs(value) >= thresholds.get(name)!);
    const { pruning, tensors } = await against(trained, pruned);
    expect(pruning?.layerwiseMagnitude).toEqual({ interval: [1, 1], same: true });
    const global = pruning!.globalMagnitude!;
    expect(global.same).toBe(false);
    expectContains(global, bruteForceOverlap(weightsOf(dense), weightsOf(pruned)) / pruning!.prunedCount);
    expect(global.interval[1]).toBeLessThan(1);
    for (const name of WEIGHTS) {
      const tensor = tensors.find((each) => each.name === name);
      const { count } = tensor!.before!;
      expect(tensor?.pruning).toMatchObject({
        prunedCount: Math.floor(0.6 * count),
        prunedFraction: Math.floor(0.6 * count) / count,
        globalMagnitude: null,
      });
    }
  });

  it('at random agrees as far as brute force finds', async () => {
    const random = normalNoise(16384, 3);
    const pruned = prune(dense, (_, __, i) => random[i]! > 0.2);
    const { pruning, tensors } = await against(trained, pruned);
    const { globalMagnitude, layerwiseMagnitude, prunedCount } = pruning!;
    expectContains(globalMagnitude!, bruteForceOverlap(weightsOf(dense), weightsOf(pruned)) / prunedCount);
    const [low, high] = globalMagnitude!.interval;
    // A bin of 0.1 % of the magnitude holds some thousandth of the values.
    expect(high - low).toBeLessThan(2e-3);
    let sum = 0;
    for (const name of WEIGHTS) {
      const overlap = bruteForceOverlap(dense.get(name)!.values, pruned.get(name)!.values);
      sum += overlap;
      const own = tensors.find((tensor) => tensor.name === name)!.pruning!;
      expectContains(own.layerwiseMagnitude, overlap / own.prunedCount);
    }
    expectContains(layerwiseMagnitude, sum / prunedCount);
  });

  it.each(['safetensors/fmnist_bf16.safetensors', 'safetensors/fmnist_f16.safetensors'])(
    'of %s has an exact agreement, as every magnitude has a bin of its own',
    async (name) => {
      const values = await valuesOf(fixture(name));
      const random = normalNoise(16384, 4);
      const pruned = prune(values, (value, _, i) => random[i]! + 5 * Math.abs(value) > 0.5);
      const { pruning } = await against(fixture(name), pruned);
      const expected = bruteForceOverlap(weightsOf(values), weightsOf(pruned)) / pruning!.prunedCount;
      expect(pruning?.globalMagnitude).toEqual({ interval: [expected, expected], same: false });
      expect(expected).toBeLessThan(1);
    },
  );

  it('that was trained on has changed survivors, and may have revived some', async () => {
    const half = prune(dense, (_, __, i) => i % 2 === 0);
    const before = await writeSafetensors(join(folder, 'half.safetensors'), half);
    const tuned = new Map(
      [...half].map(([name, tensor]) => [
        name,
        WEIGHTS.includes(name)
          ? { ...tensor, values: tensor.values.map((value, i) => (i % 4 === 0 ? 0 : i % 8 === 1 ? 1 : value * 2)) }
          : tensor,
      ]),
    );
    const report = await against(before, tuned);
    const count = WEIGHTS.reduce((sum, name) => sum + dense.get(name)!.values.length, 0);
    const pruning = report.pruning!;
    expect(pruning.prunedCount).toBe(count / 4 - zerosOf(dense, WEIGHTS));
    expect(pruning.revivedCount).toBe(count / 8);
    const weight = report.tensors.find(({ name }) => name === 'fc1.weight')!;
    expect(weight.pruning?.unchangedFraction).toBe(0);
    expect(weight.pair?.maskOverlap).toBe(3 / 8 / (1 / 2 + 1 / 4));
  });

  it('of which all is gone leaves no question', async () => {
    const { pruning, pair } = await against(
      trained,
      prune(dense, () => false),
    );
    expect(pruning?.globalMagnitude).toEqual({ interval: [1, 1], same: true });
    expect(pair?.count).toBe(20538);
  });

  it('before the dense one has pruned nothing', async () => {
    const before = await writeSafetensors(
      join(folder, 'sparse.safetensors'),
      prune(dense, (_, __, i) => i % 2 === 0),
    );
    const { report } = await comparison(pool, before, trained);
    expect(report.pruning).toBeNull();
    expect(report.tensors.every(({ pruning }) => pruning === null)).toBe(true);
    expect(report.pair?.zerosBefore).toBeGreaterThan(10000);
  });
});
