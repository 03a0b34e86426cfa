import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../../src/report/measurement';
import { measuredAnswer } from '../../../../webview-ui/measurement/measured-answer';
import { measuredFigures } from '../../../../src/limits/measured-figures';
import { MEASUREMENTS } from '../../../panel/made-up-measurement';

function madeUp(name: string): Measurement {
  const measurement = MEASUREMENTS[name]?.().measurement;
  if (measurement === undefined) throw new Error(`No measurement ${name}`);
  return measurement;
}

const figuresOf = (measurement: Measurement, epsilon = measurement.dense.epsilon): ReturnType<typeof measuredFigures> =>
  measuredFigures(measurement, epsilon, 'absolute');

const sentenceOf = (measurement: Measurement): string | undefined =>
  measuredAnswer(figuresOf(measurement))
    ?.sentence.map((part) => (typeof part === 'string' ? part : part.text.replaceAll('\u202f', ' ')))
    .join('');

describe('the measured answer', () => {
  const agrees = madeUp('measured');

  test('is one sentence with prediction, loss and accuracy', () => {
    expect(sentenceOf(agrees)).toMatch(
      /^Predicted: 98\.\d % can be pruned; measured: the loss stays within ε up to 9\d\.\d %, accuracy falls by one point at 9\d\.\d %\.$/,
    );
  });

  test('says that prediction and measurement agree, and how well', () => {
    const { prediction, sublevel } = figuresOf(agrees);
    const points = (100 * Math.abs((prediction?.prunedFraction ?? 0) - (sublevel?.prunedFraction ?? 0))).toFixed(1);
    expect(measuredAnswer(figuresOf(agrees))?.comparison).toEqual({
      agrees: true,
      text: `Prediction and measurement agree to ${points} points.`,
    });
  });

  test('says plainly that they disagree, and which to believe', () => {
    const figures = figuresOf(madeUp('measuredDisagrees'));
    const comparison = measuredAnswer(figures)?.comparison;
    expect(comparison?.agrees).toBe(false);
    expect(comparison?.text).toMatch(/disagree: the prediction is \d+\.\d points above .* Go by the measurement/);
    expect(figures.warnings[0]).toMatch(/L1 penalty/);
  });

  test('of a network without classes does not speak of accuracy', () => {
    const { loss, epsilon, batchSize } = agrees.dense;
    expect(sentenceOf({ ...agrees, dense: { loss, epsilon, batchSize } })).toMatch(/within ε up to 9\d\.\d %\.$/);
  });

  test('before the sweep has left ε is a lower bound, and is compared with nothing', () => {
    const measuring = madeUp('measuring');
    expect(sentenceOf(measuring)).toMatch(/within ε up to ≥ 8\d\.\d %/);
    expect(measuredAnswer(figuresOf(measuring))?.comparison).toBeUndefined();
  });

  test('comes with the prediction alone, or the sweep alone', () => {
    expect(sentenceOf({ ...agrees, sweeps: [] })).toMatch(/^Predicted: .* has not been measured yet\.$/);
    const entries = Object.entries(agrees).filter(([name]) => name !== 'spectrum');
    const unpredicted = Object.fromEntries(entries) as unknown as Measurement;
    expect(sentenceOf(unpredicted)).toMatch(/^Measured: the loss stays within ε up to /);
    expect(sentenceOf({ ...unpredicted, sweeps: [] })).toBeUndefined();
  });
});

describe('the figures', () => {
  const measurement = madeUp('measured');

  test('of a larger ε are larger', () => {
    const { epsilon } = measurement.dense;
    const [small, large] = [figuresOf(measurement, epsilon / 10), figuresOf(measurement, 10 * epsilon)];
    expect(small.prediction?.prunedFraction).toBeLessThan(large.prediction?.prunedFraction ?? 0);
    expect(small.sublevel?.prunedFraction).toBeLessThan(large.sublevel?.prunedFraction ?? 0);
    expect(small.direct?.prunedFraction).toBeLessThan(large.direct?.prunedFraction ?? 0);
  });

  test('have the trace bound under the prediction, and the prediction where its curves cross', () => {
    const { prediction } = figuresOf(measurement);
    expect(prediction?.traceBound).toBeLessThan(prediction?.prunedFraction ?? 0);
    const curves = prediction?.curves ?? [];
    const after = curves.findIndex(({ allowed, pruned }) => pruned > allowed);
    expect(curves[after - 1]?.radius).toBeLessThanOrEqual(prediction?.radius ?? 0);
    expect(curves[after]?.radius).toBeGreaterThanOrEqual(prediction?.radius ?? Infinity);
  });

  test('depend on what negative eigenvalues count as', () => {
    const limit = (negative: 'absolute' | 'clip' | 'drop'): number =>
      measuredFigures(measurement, measurement.dense.epsilon, negative).prediction?.prunedFraction ?? 0;
    // flat directions hold nothing back
    expect(limit('clip')).toBeGreaterThan(limit('absolute'));
    expect(limit('drop')).not.toBe(limit('absolute'));
  });
});
