import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { landscapeWarnings } from '../../../src/limits/landscape-warnings';
import { coveredFraction, lossLandscapeLimit, spectrumResolution } from '../../../src/limits/loss-landscape';
import { directTestLimit, lastWithinLoss, lastWithinOnePoint } from '../../../src/limits/sweep-thresholds';
import { DEFAULT_MEASURE_OPTIONS, measure } from '../../../src/measurement/measure';
import { startedMeasurement, withPart, type MeasurementPart } from '../../../src/measurement/measurement-part';
import type { Measurement } from '../../../src/report/measurement';
import { digits, digitsWeights, DIGITS_SIZES } from './digits';
import { MlpObjective } from './mlp-objective';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

/** Prediction and measurement of one of the networks, in float64: nothing of TensorFlow.js is in it. */
async function measured(name: string, steps: number): Promise<Measurement> {
  const data = await digits(fixtures);
  const weights = await digitsWeights(fixtures, name);
  const objective = new MlpObjective(DIGITS_SIZES, 'relu', data.train);
  const test = new MlpObjective(DIGITS_SIZES, 'relu', data.test);
  const parts: MeasurementPart[] = [];
  const options = { ...DEFAULT_MEASURE_OPTIONS, steps, criteria: [], sensitivity: false };
  await measure(
    { objective, test, layout: objective.layout, weights, options },
    { part: (part) => parts.push(part), progress: () => undefined },
    new AbortController().signal,
  );
  const [first, ...others] = parts;
  if (first?.kind !== 'start') throw new Error('A measurement begins with its start.');
  const facts = {
    model: name,
    data: { path: 'digits.npz', count: objective.samples },
    backend: { name: 'cpu' as const, reason: 'float64 in this process', selfTestError: 0 },
    loss: 'softmax-cross-entropy' as const,
    notes: [],
  };
  return others.reduce(withPart, startedMeasurement(facts, first.figures));
}

// Figures of the full Hessian, all 6,570 eigenvalues in float64, by test/fixtures/network/full-hessian.py.
describe('networks trained on digits', { timeout: 120_000 }, () => {
  it('with an L1 penalty of 0.001 can be pruned as far as predicted', async () => {
    const measurement = await measured('digits-l1-1e-3.onnx', 48);
    const { dense, radii, spectrum, sweeps, directTest, smallFraction } = measurement;
    expect(measurement.notes).toEqual([]);
    expect(dense.loss).toBeCloseTo(0.020416765429439144, 9);
    // The mean over 200 shuffles is 0.00427; one shuffle of ten batches is off by about a fifth.
    expect(Math.abs(dense.epsilon / 0.00427 - 1)).toBeLessThan(0.1);
    expect(smallFraction).toBeCloseTo(0.9365717821782178, 9);
    const { prunedFraction } = lossLandscapeLimit(spectrum!.nodes, radii, dense.epsilon)!;
    const { points } = sweeps[0]!;
    const loss = lastWithinLoss(points, dense.loss, dense.epsilon)!.prunedFraction;
    const accuracy = lastWithinOnePoint(points, dense.accuracy!)!.prunedFraction;
    const direct = directTestLimit(directTest, dense.epsilon)!.prunedFraction;
    expect(Math.abs(prunedFraction - loss)).toBeLessThan(0.015);
    expect(Math.abs(prunedFraction - accuracy)).toBeLessThan(0.015);
    expect(Math.abs(direct - loss)).toBeLessThan(0.015);
    expect(landscapeWarnings(measurement, dense.epsilon).join(' ')).not.toContain('L1 penalty');
    // Beside the full spectrum, at the same tolerated loss.
    const epsilon = 0.004272621008828778;
    const limit = lossLandscapeLimit(spectrum!.nodes, radii, epsilon)!;
    expect(Math.abs(limit.prunedFraction - 0.9572710977175658)).toBeLessThan(0.002);
    expect(spectrum!.nodes.at(-1)!.eigenvalue).toBeCloseTo(4.539027964206335, 3);
    for (const [radius, covered] of [
      [0.1, 0.9975090522176608],
      [1, 0.937615977366984],
    ] as const) {
      expect(spectrumResolution(spectrum!, radius, epsilon).resolved).toBe(true);
      expect(Math.abs(coveredFraction(spectrum!.nodes, radius, epsilon)! - covered)).toBeLessThan(0.01);
    }
    expect(spectrumResolution(spectrum!, 10, epsilon).resolved).toBe(false);
  });

  it('without a penalty cannot be pruned nearly as far as predicted, of which a warning tells', async () => {
    const measurement = await measured('digits.onnx', 16);
    const { dense, radii, spectrum, sweeps, smallFraction } = measurement;
    expect(dense.loss).toBeCloseTo(0.00030959139212117316, 9);
    expect(smallFraction).toBeLessThan(0.01);
    const limit = lossLandscapeLimit(spectrum!.nodes, radii, dense.epsilon)!;
    const loss = lastWithinLoss(sweeps[0]!.points, dense.loss, dense.epsilon)!.prunedFraction;
    expect(limit.prunedFraction - loss).toBeGreaterThan(0.2);
    expect(spectrumResolution(spectrum!, limit.radius, dense.epsilon).resolved).toBe(false);
    const warnings = landscapeWarnings(measurement, dense.epsilon).join(' ');
    expect(warnings).toContain('of the weights are smaller than 0.001');
    expect(warnings).toContain('steps tell apart only those above');
  });
});
