import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { layerCollapse, tensorSurvival } from '../../../src/limits/survival';
import { atomCells } from './brute-force';

describe('what a global prune leaves of a layer', () => {
  const small = [0.01, -0.02, 0.03, 0.04];
  const large = [1, -2, 3, 4, 5, 6];
  const curve = new CosineCurve(atomCells([...small, ...large]));

  it('empties the layer of small weights first', () => {
    expect(tensorSurvival(curve, curve.threshold(3), atomCells(small))).toEqual({
      survivingCount: 1,
      survivingFraction: 0.25,
    });
    expect(tensorSurvival(curve, curve.threshold(4), atomCells(small))).toEqual({
      survivingCount: 0,
      survivingFraction: 0,
    });
    expect(tensorSurvival(curve, curve.threshold(4), atomCells(large))).toEqual({
      survivingCount: 6,
      survivingFraction: 1,
    });
    expect(tensorSurvival(curve, curve.threshold(4), atomCells([]))).toEqual({
      survivingCount: 0,
      survivingFraction: 1,
    });
  });

  it('leaves everything if nothing is pruned, zeros too', () => {
    const withZeros = new CosineCurve(atomCells([0, 0, 1]));
    expect(tensorSurvival(withZeros, withZeros.threshold(0), atomCells([0, 0])).survivingCount).toBe(2);
    expect(tensorSurvival(withZeros, withZeros.threshold(1), atomCells([0, 0])).survivingCount).toBe(1);
  });

  it('names the layers of two or more dimensions that are cut', () => {
    const layer = (
      name: string,
      shape: number[],
      survivingFraction: number,
    ): Parameters<typeof layerCollapse>[0][number] => ({
      name,
      shape,
      count: shape.reduce((product, size) => product * size, 1),
      survivingFraction,
    });
    const collapse = layerCollapse([
      layer('emptied', [100, 100], 0),
      layer('half a value', [100, 100], 0.4 / 10_000),
      layer('one value', [100, 100], 1 / 10_000),
      layer('nearly', [100, 100], 0.0099),
      layer('sparse', [100, 100], 0.01),
      layer('bias', [100], 0),
      layer('nothing in it', [0, 100], 0),
    ]);
    expect(collapse).toEqual({ emptied: ['emptied', 'half a value'], nearlyEmptied: ['one value', 'nearly'] });
  });
});
