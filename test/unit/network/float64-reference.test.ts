import { expect, test } from 'vitest';
import { FUNCTIONS, derivatives, erf, map, sum } from './float64-reference';

const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];

// Central differences of the function itself: the reference is no better than its three formulas agree.
test.each(names)('%s: its derivatives are those of its values', (name) => {
  const step = 1e-4;
  const places = Number.isNaN(FUNCTIONS[name](-1)[0]) ? [0.45, 1.1, 2.1] : [-2.1, -1.1, -0.45, 0.45, 1.1, 2.1];
  for (const x of places) {
    const [below, value, above] = [x - step, x, x + step].map((place) => FUNCTIONS[name](place)[0]) as [
      number,
      number,
      number,
    ];
    const [, slope, curvature] = FUNCTIONS[name](x);
    expect(slope).toBeCloseTo((above - below) / (2 * step), 6);
    expect(curvature).toBeCloseTo((above - 2 * value + below) / step ** 2, 5);
  }
});

test('erf is that of the tables (Abramowitz & Stegun, table 7.1)', () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(2)).toBeCloseTo(0.995322265, 10);
  expect(erf(-3)).toBeCloseTo(-0.9999779095, 10);
});

test('H·v of Σ x³ is 6x·v', () => {
  const { hessianTimes, gradient } = derivatives(
    ([x]) => sum(map(x!, FUNCTIONS.cube), [0]),
    [{ values: [1, -2], shape: [2] }],
    [0.5, 3],
  );
  expect(gradient).toEqual([3, 12]);
  expect(hessianTimes).toEqual([3, -36]);
});
