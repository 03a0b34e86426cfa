import { describe, expect, test } from 'vitest';
import {
  nearestPoint,
  nearLimits,
  placeFlags,
  shownSweeps,
  SparsityPlot,
  type Marker,
} from '../../../../webview-ui/measurement/sparsity-plot';
import { MEASUREMENTS } from '../../../panel/made-up-measurement';

const measurement = MEASUREMENTS.measured?.().measurement;
if (measurement === undefined) throw new Error('The made-up measurement is there');
const sweeps = shownSweeps(measurement, ['random']);
const marker = (prunedFraction: number): Marker => ({ id: 'prediction', prunedFraction, name: 'x', value: 'y' });
const plot = new SparsityPlot(1000, measurement, sweeps, [marker(0.9)], () => 80);

describe('flags', () => {
  const overlap = (a: { left: number; width: number }, b: { left: number; width: number }): boolean =>
    a.left < b.left + b.width && b.left < a.left + a.width;

  test('cover neither one another nor the line of another one in their lane or under it', () => {
    const wishes = [20, 60, 400, 700, 705, 960, 962, 990].map((x) => ({ x, width: 110 }));
    const flags = placeFlags(wishes, 0, 1000);
    flags.forEach((flag, i) => {
      expect(flag.left).toBeGreaterThanOrEqual(0);
      expect(flag.left + flag.width).toBeLessThanOrEqual(1000);
      flags.forEach((other, j) => {
        if (i === j) return;
        if (flag.lane === other.lane) expect(overlap(flag, other)).toBe(false);
        // a line comes down from its own lane through those under it
        const x = wishes[j]?.x ?? 0;
        if (other.lane > flag.lane) expect(x > flag.left + 1 && x < flag.left + flag.width - 1).toBe(false);
      });
    });
  });

  test('share a lane where there is room', () => {
    expect(
      placeFlags(
        [
          { x: 300, width: 80 },
          { x: 600, width: 80 },
        ],
        0,
        1000,
      ).map(({ lane }) => lane),
    ).toEqual([0, 0]);
  });
});

describe('the chart of the loss', () => {
  test('has the unpruned network at the foot and larger losses above', () => {
    expect(plot.y(0)).toBeCloseTo(plot.base, 6);
    expect(plot.y(0.02)).toBeLessThan(plot.y(0.01));
    expect(plot.y(1e9)).toBeCloseTo(plot.top, 6);
  });

  test('reads a fraction off where it has drawn it', () => {
    for (const fraction of [0, 0.3, 1]) expect(plot.fractionAt(plot.x(fraction))).toBeCloseTo(fraction, 12);
  });

  test('draws a loss that is no number at the upper edge', () => {
    const path = plot.lossPath({ criterion: 'snip', points: [{ prunedFraction: 0.5, loss: NaN }] });
    expect(Number(path.split(' ')[1])).toBeCloseTo(plot.top, 0);
  });

  test('has no accuracy where the targets are not classes', () => {
    const { loss, epsilon, batchSize } = measurement.dense;
    const dense = { loss, epsilon, batchSize };
    const regression = new SparsityPlot(1000, { ...measurement, dense }, sweeps, [], () => 80);
    expect(regression.accuracy).toBeUndefined();
    expect(regression.accuracyTicks).toEqual([]);
    expect(regression.floor).toBe(regression.base);
  });

  test('near the limits leaves out what is far from them', () => {
    const near = new SparsityPlot(1000, measurement, sweeps, [marker(0.5), marker(0.97)], () => 80, 0.9);
    expect(near.markers).toHaveLength(1);
    expect(near.x(0.9)).toBe(near.left);
    expect(near.fractionTicks[0]).toBeCloseTo(0.9, 9);
  });
});

test('what is near the limits begins as far below them as they are from 1', () => {
  expect(nearLimits([0.98, 0.986])).toBeCloseTo(0.96, 9);
  expect(nearLimits([0.88, 0.9])).toBeCloseTo(0.75, 9);
  expect(nearLimits([0.35, 0.8])).toBe(0);
  expect(nearLimits([])).toBe(0);
});

test('the nearest measured point is found', () => {
  const [first] = sweeps;
  if (first === undefined) throw new Error('There is a sweep');
  expect(nearestPoint(first, 0.262)?.prunedFraction).toBeCloseTo(0.25, 12);
  expect(nearestPoint({ criterion: 'random', points: [] }, 0.5)).toBeUndefined();
});

test('pruning by magnitude is always shown', () => {
  expect(shownSweeps(measurement, []).map(({ criterion }) => criterion)).toEqual(['magnitude']);
});
