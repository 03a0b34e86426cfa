import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/curvature/random-stream';
import { CancelledError } from '../../../src/formats/errors';
import { radiusAt } from '../../../src/limits/radius-curve';
import { toleratedLoss } from '../../../src/measurement/epsilon';
import {
  DEFAULT_MEASURE_OPTIONS,
  measure,
  type MeasureInput,
  type MeasureStage,
} from '../../../src/measurement/measure';
import { startedMeasurement, withPart, type MeasurementPart } from '../../../src/measurement/measurement-part';
import type { Evaluation, Objective } from '../../../src/measurement/objective';
import { PRUNING_CRITERIA, type Measurement } from '../../../src/report/measurement';
import { MlpObjective, type ClassSamples } from './mlp-objective';

const never = new AbortController().signal;
const random = new RandomStream(21);
const normal = (): number =>
  Math.sqrt(-2 * Math.log((random.nextUint32() + 1) / 2 ** 32)) *
  Math.cos((2 * Math.PI * random.nextUint32()) / 2 ** 32);

/** Three clouds of points in six dimensions. */
function clouds(count: number): ClassSamples {
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 3);
  const inputs = Float64Array.from({ length: 6 * count }, (_, index) => {
    const label = labels[Math.floor(index / 6)]!;
    return normal() + (index % 3 === label ? 2 : 0);
  });
  return { inputs, labels };
}

const train = clouds(300);
const test = clouds(100);
const objective = (data = train): MlpObjective => new MlpObjective([6, 8, 3], 'tanh', data);
let weights: Float32Array;

beforeAll(() => {
  const network = objective();
  const trained = Float64Array.from({ length: network.size }, () => normal() / 2);
  for (let step = 0; step < 150; step++) {
    const { gradient } = network.exactGradient(trained);
    for (const [at, slope] of gradient.entries()) trained[at]! -= 0.3 * (slope + 2e-3 * Math.sign(trained[at]!));
  }
  weights = Float32Array.from(trained);
});

const facts = {
  model: 'clouds.onnx',
  data: { path: 'clouds.npz', count: 300 },
  backend: { name: 'cpu' as const, reason: 'test', selfTestError: 0 },
  loss: 'softmax-cross-entropy' as const,
  notes: [],
};

/** Keeps what a run tells. */
class Record {
  readonly parts: MeasurementPart[] = [];
  readonly steps: { readonly stage: MeasureStage; readonly done: number; readonly total: number }[] = [];

  part(part: MeasurementPart): void {
    this.parts.push(part);
  }

  progress(stage: MeasureStage, done: number, total: number): void {
    this.steps.push({ stage, done, total });
  }

  get result(): Measurement {
    const [first, ...others] = this.parts;
    if (first?.kind !== 'start') throw new Error('A measurement begins with its start.');
    return others.reduce(withPart, startedMeasurement(facts, first.figures));
  }
}

const options = { ...DEFAULT_MEASURE_OPTIONS, steps: 20, sweepEvaluations: 40, criterionEvaluations: 14 };

async function run(changes: Partial<MeasureInput> = {}, record = new Record(), signal = never): Promise<Record> {
  const network = changes.objective ?? objective();
  const { layout } = objective();
  await measure({ objective: network, layout, weights, options, ...changes }, record, signal);
  return record;
}

/** The oracle with some methods replaced. */
function changed(methods: Partial<Objective>): Objective {
  const network = objective();
  return {
    size: network.size,
    samples: network.samples,
    evaluate: (at, signal) => network.evaluate(at, signal),
    gradient: (at, signal) => network.gradient(at, signal),
    hessianTimes: (at, vector, signal) => network.hessianTimes(at, vector, signal),
    squaredGradients: (at, signal) => network.squaredGradients(at, signal),
    inputNorms: (at, signal) => network.inputNorms(at, signal),
    ...methods,
  };
}

describe('measure', () => {
  it('measures everything, the most useful first', async () => {
    const record = await run({ test: objective(test) });
    const { result } = record;
    expect([...new Set(record.steps.map(({ stage }) => stage))]).toEqual([
      ...['dense', 'sweep', 'spectrum', 'direct-test', 'criteria', 'sensitivity'],
    ]);
    for (const { done, total } of record.steps) expect(done).toBeLessThanOrEqual(total);
    expect(result).toMatchObject({ complete: true, notes: [], parameterCount: 83, prunableCount: 72 });
    const dense = await objective().evaluate(weights);
    expect(result.dense.loss).toBe(dense.loss);
    expect(result.dense.accuracy).toBe((await objective(test).evaluate(weights)).accuracy);
    expect(result.sweeps.map(({ criterion }) => criterion)).toEqual(PRUNING_CRITERIA);
    expect(result.sensitivity.map(({ name }) => name)).toEqual(['fc1.weight', 'fc2.weight']);
    expect(result.sensitivity[1]!.points.map(({ prunedFraction }) => Math.round(24 * prunedFraction))).toEqual([
      0, 12, 20, 22, 23, 24,
    ]);
    expect(result.spectrum).toMatchObject({ steps: 20, probes: 1, samples: 300 });
  });

  it('takes ε from the losses of more samples where they are given', async () => {
    const losses = Float32Array.from({ length: 1000 }, (_, at) => ((at * at) % 97) / 97);
    const few = { ...options, steps: 2, sweepEvaluations: 2, criteria: [], sensitivity: false };
    const { result } = await run({ trainingLosses: () => Promise.resolve(losses), options: few });
    expect(result.dense.epsilon).toBe(toleratedLoss(losses, options.seed));
    expect(result.dense.loss).toBe((await objective().evaluate(weights)).loss);
  });

  it('measures what the copies are: losses of a sweep, R(s), and the quadratic model', async () => {
    const { result } = await run({ options: { ...options, criteria: ['magnitude'], sensitivity: false } });
    const network = objective();
    const magnitudes = network.layout
      .filter(({ prunable }) => prunable)
      .flatMap(({ offset, count }) => [...weights.subarray(offset, offset + count)].map(Math.abs))
      .sort((a, b) => a - b);
    const copyAt = (prunedFraction: number): Float32Array => {
      const count = Math.round(72 * prunedFraction);
      const threshold = count === 0 ? -1 : magnitudes[count - 1]!;
      const copy = weights.slice();
      for (const { offset, count: size, prunable } of network.layout) {
        for (let at = offset; prunable && at < offset + size; at++) if (Math.abs(copy[at]!) <= threshold) copy[at] = 0;
      }
      return copy;
    };
    expect(result.sweeps).toHaveLength(1);
    expect(result.sensitivity).toEqual([]);
    expect(result.sweeps[0]!.points.length).toBeGreaterThan(12);
    for (const { prunedFraction, loss, accuracy } of result.sweeps[0]!.points) {
      const copy = copyAt(prunedFraction);
      const evaluation = await network.evaluate(copy);
      expect(loss).toBe(evaluation.loss);
      expect(accuracy).toBe(evaluation.accuracy);
      expect(radiusAt(result.radii, prunedFraction)).toBeCloseTo(
        Math.hypot(...copy.map((v, at) => v - weights[at]!)),
        6,
      );
    }
    const gradient = network.exactGradient(Float64Array.from(weights)).gradient;
    expect(result.directTest.length).toBeGreaterThan(6);
    for (const { prunedFraction, linear, quadratic } of result.directTest) {
      const change = Float64Array.from(copyAt(prunedFraction), (value, at) => value - weights[at]!);
      const product = network.exactHessianTimes(Float64Array.from(weights), change);
      expect(linear).toBeCloseTo(
        gradient.reduce((sum, slope, at) => sum + slope * change[at]!, 0),
        5,
      );
      expect(quadratic).toBeCloseTo(product.reduce((sum, value, at) => sum + value * change[at]!, 0) / 2, 5);
    }
  });

  it('has the spectrum of the exact Hessian', async () => {
    const { result } = await run({ options: { ...options, steps: 83, probes: 10, criteria: [], sensitivity: false } });
    const network = objective();
    const columns = Array.from({ length: 83 }, (_, column) =>
      network.exactHessianTimes(
        Float64Array.from(weights),
        Float64Array.from({ length: 83 }, (_, at) => (at === column ? 1 : 0)),
      ),
    );
    const trace = columns.reduce((sum, column, index) => sum + column[index]!, 0);
    const squares = columns.reduce((sum, column) => sum + column.reduce((total, value) => total + value ** 2, 0), 0);
    const moment = (power: number): number =>
      result.spectrum!.nodes.reduce((sum, { eigenvalue, weight }) => sum + weight * eigenvalue ** power, 0);
    // Hutchinson's estimate of a trace has the variance 2(‖H‖² − Σh²)/probes.
    const deviation = Math.sqrt((2 * squares) / 10) / 83;
    expect(Math.abs(moment(1) - trace / 83)).toBeLessThan(4 * deviation);
    const largest = result.spectrum!.nodes.at(-1)!.eigenvalue;
    expect(Math.abs(moment(2) - squares / 83)).toBeLessThan(
      (4 * Math.sqrt(2 * squares) * largest) / Math.sqrt(10) / 83,
    );
    expect(result.sweeps.map(({ criterion }) => criterion)).toEqual(['magnitude']);
  });

  it('goes on after a stage that fails, and says so', async () => {
    const broken = changed({
      hessianTimes: (_, vector) => Promise.resolve(vector.map(() => Number.NaN)),
      squaredGradients: () => Promise.reject(new RangeError('Array buffer allocation failed')),
    });
    const { result } = await run({ objective: broken });
    expect(result.complete).toBe(true);
    expect(result.spectrum).toBeUndefined();
    expect(result.notes).toEqual([
      expect.stringMatching(/spectrum.*not finite/),
      expect.stringMatching(/second-order test.*not finite/),
      expect.stringContaining('"fisher". Array buffer allocation failed'),
    ]);
    expect(result.sweeps.map(({ criterion }) => criterion)).toEqual(
      PRUNING_CRITERIA.filter((name) => name !== 'fisher'),
    );
    expect(result.sensitivity).toHaveLength(2);
  });

  it('keeps the spectrum as far as it came, and the copies that were measured', async () => {
    let products = 0;
    let copies = 0;
    const network = objective();
    const failing = changed({
      hessianTimes: (at, vector) =>
        ++products > 10 ? Promise.reject(new Error('device lost')) : network.hessianTimes(at, vector),
      evaluate: (at): Promise<Evaluation> =>
        ++copies > 6 ? Promise.reject(new Error('device lost')) : network.evaluate(at),
    });
    const { result } = await run({ objective: failing });
    expect(result.spectrum?.steps).toBe(8);
    expect(result.sweeps[0]!.points).toHaveLength(6);
  });

  it('says so if the unpruned network has no finite loss, and stops', async () => {
    const nan = changed({
      evaluate: () =>
        Promise.resolve({ loss: Number.NaN, losses: new Float32Array(300).fill(Number.NaN), accuracy: 0.3 }),
    });
    const { result } = await run({ objective: nan });
    expect(result.complete).toBe(true);
    expect(result.notes).toEqual([expect.stringContaining('not a finite number')]);
    expect(result.sweeps).toEqual([]);
  });

  it('says so if there is nothing to prune', async () => {
    const layout = objective().layout.map((parameter) => ({ ...parameter, prunable: false }));
    const { result } = await run({ layout });
    expect(result).toMatchObject({ prunableCount: 0, sweeps: [], notes: [expect.stringContaining('no weights')] });
  });

  it('does without an accuracy where the targets are not classes', async () => {
    const network = objective();
    const values = changed({
      evaluate: async (at) => ({ ...(await network.evaluate(at)), accuracy: undefined }),
    });
    const { result } = await run({ objective: values, options: { ...options, criteria: [] } });
    expect(result.dense).not.toHaveProperty('accuracy');
    expect(result.sweeps[0]!.points.some((point) => 'accuracy' in point)).toBe(false);
    expect(result.notes).toEqual([]);
  });

  it.each(['dense', 'sweep', 'spectrum', 'direct-test', 'criteria', 'sensitivity'] as const)(
    'can be cancelled while it is at %s',
    async (stage) => {
      const controller = new AbortController();
      const record = new (class extends Record {
        override progress(current: MeasureStage, done: number, total: number): void {
          super.progress(current, done, total);
          if (current === stage && done > 0) controller.abort();
        }
      })();
      await expect(run({}, record, controller.signal)).rejects.toThrow(CancelledError);
      expect(record.steps.filter((step) => step.stage === stage && step.done > 0)).toHaveLength(1);
      expect(record.parts.some(({ kind }) => kind === 'complete' || kind === 'note')).toBe(false);
    },
  );

  it('refuses a layout that is not that of the weights', async () => {
    await expect(run({ layout: objective().layout.slice(1) })).rejects.toThrow(RangeError);
  });
});
