import { describe, expect, it } from 'vitest';
import { SecondMoments } from '../../../src/limits/second-moments';
import { atomCells, float32Cells, uniformStream } from './brute-force';

const COUNTED = { min: 0, max: 1, nanCount: 0, infCount: 0, count: 3 };
const steps = (count: number): Parameters<SecondMoments['add']>[1] => ({
  ...COUNTED,
  min: count,
  max: count,
  count: 1,
});
const NO_VALUES = atomCells([]);

describe('second moments', () => {
  it('are corrected for their start at 0, by the steps of each', () => {
    const moments = new SecondMoments([
      { tensor: 'a', decay: 0.5, step: 2 },
      { tensor: 'b', decay: 0.75, step: 'steps of b' },
    ]);
    moments.add('a', COUNTED, atomCells([0.75, 0, 3]));
    moments.add('steps of b', steps(1), NO_VALUES);
    moments.add('b', COUNTED, atomCells([8]));
    const cells = moments.cells();
    expect([...(cells?.mean ?? [])]).toEqual([0, 1, 4, 32]);
    expect([...(cells?.count ?? [])]).toEqual([1, 1, 1, 1]);
    expect(cells?.steps).toBe(1);
  });

  it('wait for their steps, in whatever order they are read', () => {
    const moments = new SecondMoments([{ tensor: 'v', decay: 0.5, step: 't' }]);
    moments.add('v', COUNTED, atomCells([1]));
    expect(moments.cells()).toBeUndefined();
    moments.add('t', steps(1), NO_VALUES);
    expect([...(moments.cells()?.mean ?? [])]).toEqual([2]);
  });

  it.each([
    ['negative', { ...COUNTED, min: -1e-9 }],
    ['not a number', { ...COUNTED, nanCount: 1 }],
    ['infinite', { ...COUNTED, infCount: 1 }],
  ])('that are %s are none', (_, read) => {
    const moments = new SecondMoments([{ tensor: 'v', decay: 0.5, step: 3 }]);
    moments.add('v', read, atomCells([1]));
    expect(moments.cells()).toBeUndefined();
  });

  it.each([0, -1, Infinity, NaN])('after %f steps are none', (step) => {
    const moments = new SecondMoments([{ tensor: 'v', decay: 0.5, step }]);
    moments.add('v', COUNTED, atomCells([1]));
    expect(moments.cells()).toBeUndefined();
  });

  it('keep the kept fraction of a single value within 7.3e-5 in few cells, wherever they lie', () => {
    const uniform = uniformStream(5);
    const values = Array.from({ length: 20_000 }, () => Math.fround(10 ** (-9 + 6 * uniform())));
    const moments = new SecondMoments([{ tensor: 'v', decay: 0.9, step: 2 }]);
    moments.add('v', { ...COUNTED, count: values.length }, float32Cells(values));
    const cells = moments.cells();
    expect(cells?.mean.length).toBeLessThan(32 * 20 + 2);
    for (const scale of [1e-9, 1e-7, 1e-6, 1e-5, 1e-3]) {
      const exact = values.reduce((sum, v) => sum + v / 0.19 / (v / 0.19 + scale), 0) / values.length;
      let kept = 0;
      cells?.mean.forEach((v, i) => (kept += ((cells.count[i] ?? 0) * v) / (v + scale)));
      expect(Math.abs(kept / values.length - exact)).toBeLessThan(7.3e-5);
    }
  });
});
