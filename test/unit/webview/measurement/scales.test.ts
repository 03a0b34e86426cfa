import { describe, expect, test } from 'vitest';
import {
  decades,
  linearScale,
  logScale,
  roundTicks,
  symlogScale,
  symlogTicks,
} from '../../../../webview-ui/measurement/scales';

describe('scales', () => {
  test('put the ends on the ends, and go back', () => {
    for (const axis of [
      linearScale(-2, 6, 10, 110),
      logScale(1e-4, 10, 10, 110),
      symlogScale(-0.5, 40, 0.01, 10, 110),
    ]) {
      for (const pixel of [10, 35, 60, 110]) expect(axis.at(axis.valueAt(pixel))).toBeCloseTo(pixel, 9);
    }
    expect(linearScale(-2, 6, 10, 110).at(0)).toBe(35);
    expect(logScale(0.01, 100, 0, 100).at(1)).toBeCloseTo(50, 12);
  });

  test('a symlog scale is odd about 0 and logarithmic far from it', () => {
    const axis = symlogScale(-1e6, 1e6, 1, -100, 100);
    expect(axis.at(0)).toBe(0);
    expect(axis.at(-300)).toBeCloseTo(-axis.at(300), 12);
    // equal factors, equal steps
    expect(axis.at(1e5) - axis.at(1e4)).toBeCloseTo(axis.at(1e6) - axis.at(1e5), 2);
  });

  test('a value at or under 0 stands at the low end of a logarithmic scale', () => {
    const axis = logScale(1e-3, 1, 0, 90);
    expect(axis.at(0)).toBe(0);
    expect(axis.at(-1)).toBe(0);
  });

  test('an axis without an extent does not divide by 0', () => {
    expect(linearScale(1, 1, 0, 100).at(1)).toBe(0);
  });
});

describe('ticks', () => {
  test('decades are all there if there is room, else thinned out from the largest', () => {
    expect(decades(0.001, 1, 8)).toEqual([0.001, 0.01, 0.1, 1]);
    expect(decades(1e-8, 1, 5).map((tick) => Math.round(Math.log10(tick)))).toEqual([-8, -6, -4, -2, 0]);
  });
  test('of a symlog axis begin with 0 and keep their distance', () => {
    const range = { low: -0.01, high: 10, linear: 1e-4 };
    const axis = symlogScale(range.low, range.high, range.linear, 0, 400);
    const ticks = symlogTicks(range, axis, 40);
    expect(ticks).toContain(0);
    expect(ticks).toContain(10);
    expect(ticks).toContain(-0.01);
    const places = ticks.map((tick) => axis.at(tick));
    places.slice(1).forEach((place, i) => {
      expect(place - (places[i] ?? 0)).toBeGreaterThanOrEqual(40);
    });
  });
  test('are round numbers', () => {
    expect(roundTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
    expect(roundTicks(3, 3, 5)).toEqual([3]);
  });
});
