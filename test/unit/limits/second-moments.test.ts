import { describe, expect, it } from 'vitest';
import { momentWarnings } from '../../../src/limits/warnings';
import { fitMoments, SecondMoments, type MomentTarget } from '../../../src/limits/second-moments';
import { atomCells, float32Cells, uniformStream } from './brute-force';

const COUNTED = { min: 0, max: 1, nanCount: 0, infCount: 0, count: 3 };
const steps = (count: number): Parameters<SecondMoments['add']>[1] => ({
  ...COUNTED,
  min: count,
  max: count,
  count: 1,
});
const NO_VALUES = atomCells([]);

function target(name: string, shape: readonly number[], prunable = true): MomentTarget {
  return { name, shape, prunable };
}

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

describe('whether they fit the tensors', () => {
  const network = [target('a.weight', [4, 3]), target('a.bias', [4]), target('mean', [4], false)];

  it('they do by their shapes alone, in any order: groups of parameters reorder them', () => {
    const fit = fitMoments([[4], [4, 3]], network);
    expect(fit).toEqual({ scopes: ['parameters', 'weights'], missing: [], foreign: false });
    expect(momentWarnings(fit, false)).toEqual([]);
  });

  it('a trained tensor that is never pruned has one too', () => {
    expect(fitMoments([[4], [4, 3], []], [...network, target('scale', [], false)]).scopes).toHaveLength(2);
  });

  it('only the weights need theirs for the limit of the weights', () => {
    expect(fitMoments([[4, 3]], network)).toEqual({ scopes: ['weights'], missing: ['a.bias'], foreign: false });
  });

  it('those of a network that was trained in part do not, and it is said of which tensors they lack', () => {
    const fit = fitMoments([[4], [4, 3]], [...network, target('b.weight', [9, 9])]);
    expect(fit.scopes).toEqual([]);
    const [warning] = momentWarnings(fit, false);
    expect(warning?.tensors).toEqual(['b.weight']);
    expect(warning?.message).toContain('none of b.weight');
  });

  it('those of another network do not', () => {
    const fit = fitMoments([[4], [4, 3], [7]], network);
    expect(fit).toMatchObject({ scopes: [], foreign: true });
    expect(momentWarnings(fit, false)[0]?.message).toContain('belong to no tensor');
  });

  it('nothing is said without any', () => {
    expect(momentWarnings(undefined, true)).toEqual([]);
  });
});
