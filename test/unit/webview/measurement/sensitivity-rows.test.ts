import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../../src/report/measurement';
import { growthShade, harmlessFraction, sensitivityMap } from '../../../../webview-ui/measurement/sensitivity-rows';
import { MEASUREMENTS } from '../../../panel/made-up-measurement';

function withSensitivity(sensitivity: Measurement['sensitivity']): Measurement {
  const measurement = MEASUREMENTS.measured?.().measurement;
  if (measurement === undefined) throw new Error('The made-up measurement is there');
  return { ...measurement, dense: { ...measurement.dense, loss: 0.5 }, sensitivity };
}

describe('the sensitivity map', () => {
  const map = sensitivityMap(
    withSensitivity([
      {
        name: 'a',
        count: 10,
        points: [
          { prunedFraction: 0, loss: 0.5 },
          { prunedFraction: 0.5, loss: 0.51 },
          { prunedFraction: 0.9, loss: 0.7 },
        ],
      },
      {
        name: 'b',
        count: 4,
        points: [
          { prunedFraction: 0.25, loss: 0.49 },
          { prunedFraction: 0.5, loss: NaN },
        ],
      },
    ]),
    0.1,
  );

  test('has a column for each fraction that was measured of any parameter', () => {
    expect(map.prunedFractions).toEqual([0.25, 0.5, 0.9]);
  });

  test('tells by how many ε the loss grows, and what is not known', () => {
    const [a, b] = map.rows;
    expect(a?.growths[0]).toBeUndefined();
    expect(a?.growths[1]).toBeCloseTo(0.1, 12);
    expect(a?.growths[2]).toBeCloseTo(2, 12);
    expect(b?.growths[0]).toBeCloseTo(-0.1, 12);
    expect(b?.growths[1]).toBeNaN();
  });

  test('knows how far each parameter goes for ε', () => {
    const [a, b] = map.rows;
    expect(a && harmlessFraction(a, map.prunedFractions)).toBe(0.5);
    expect(b && harmlessFraction(b, map.prunedFractions)).toBe(0.25);
    expect(harmlessFraction({ name: 'c', count: 1, growths: [2, 3] }, [0.1, 0.2])).toBeUndefined();
  });
});

test('shades are half way at ε, none far under it, full far over it', () => {
  expect(growthShade(1)).toBeCloseTo(0.5, 12);
  expect(growthShade(-3)).toBe(0);
  expect(growthShade(0.001)).toBe(0);
  expect(growthShade(1e6)).toBe(1);
  expect(growthShade(NaN)).toBe(1);
});
