import { describe, expect, it } from 'vitest';
import { fitMoments, type FittedMoment, type MomentTarget } from '../../../src/limits/moment-fit';
import { momentWarnings } from '../../../src/limits/warnings';

function target(name: string, shape: readonly number[], prunable = true): MomentTarget {
  return { name, shape, prunable };
}

function unnamed(...shapes: readonly (readonly number[])[]): FittedMoment[] {
  return shapes.map((shape) => ({ shape }));
}

describe('whether second moments fit the tensors', () => {
  const network = [target('a.weight', [4, 3]), target('a.bias', [4]), target('mean', [4], false)];

  it('they do by their shapes alone, in any order: groups of parameters reorder them', () => {
    const fit = fitMoments(unnamed([4], [4, 3]), network);
    expect(fit).toEqual({ scopes: ['parameters', 'weights'], missing: [], foreign: false });
    expect(momentWarnings(fit, false)).toEqual([]);
  });

  it('a trained tensor that is never pruned has one too', () => {
    expect(fitMoments(unnamed([4], [4, 3], []), [...network, target('scale', [], false)]).scopes).toHaveLength(2);
  });

  it('only the weights need theirs for the limit of the weights', () => {
    expect(fitMoments(unnamed([4, 3]), network)).toEqual({ scopes: ['weights'], missing: ['a.bias'], foreign: false });
  });

  it('those of a network that was trained in part do not, and it is said of which tensors they lack', () => {
    const fit = fitMoments(unnamed([4], [4, 3]), [...network, target('b.weight', [9, 9])]);
    expect(fit.scopes).toEqual([]);
    const [warning] = momentWarnings(fit, false);
    expect(warning?.tensors).toEqual(['b.weight']);
    expect(warning?.message).toContain('none of b.weight');
  });

  it('those of another network do not', () => {
    const fit = fitMoments(unnamed([4], [4, 3], [7]), network);
    expect(fit).toMatchObject({ scopes: [], foreign: true });
    expect(momentWarnings(fit, false)[0]?.message).toContain('belong to no tensor');
  });

  it('nothing is said without any', () => {
    expect(momentWarnings(undefined, true)).toEqual([]);
  });

  it('names tell which tensors are without, where shapes do not', () => {
    const twins = [target('a', [4, 4]), target('b', [4, 4], false), target('c', [4, 4])];
    const moments = [
      { shape: [4, 4], parameter: 'a' },
      { shape: [4, 4], parameter: 'b' },
    ];
    expect(fitMoments(unnamed([4, 4], [4, 4]), twins).scopes).toHaveLength(2);
    expect(fitMoments(moments, twins)).toEqual({ scopes: [], missing: ['c'], foreign: false });
  });

  it.each([
    ['of a wrapper', ['module.a.weight', 'module.a.bias']],
    ['of other shapes', ['a.bias', 'a.weight']],
    ['given twice', ['a.weight', 'a.weight']],
    ['of some only', ['a.weight', undefined]],
  ])('names %s do not count', (_, [first, second]) => {
    const moments = [
      { shape: [4, 3], parameter: first },
      { shape: [4], parameter: second },
    ];
    expect(fitMoments(moments, network)).toEqual({ scopes: ['parameters', 'weights'], missing: [], foreign: false });
  });

  it('names the file that the state is in', () => {
    const fit = fitMoments(unnamed([7]), network);
    expect(momentWarnings(fit, false, 'optimizer.pt')[0]).toEqual({
      code: 'optimizer-state-not-used',
      message: expect.stringContaining('second moments in optimizer.pt: by their shapes') as string,
    });
  });
});
