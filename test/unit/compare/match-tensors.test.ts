import { describe, expect, it } from 'vitest';
import { matchTensors, type Matching } from '../../../src/compare/match-tensors';
import type { TensorFacts } from '../../../src/report/report';

type Named = Pick<TensorFacts, 'name' | 'shape' | 'role'>;

function tensors(...names: readonly string[]): Named[] {
  return names.map((name) => ({ name, shape: [2, 3], role: name.includes('momentum') ? 'optimizer' : 'weight' }));
}

function changes({ matches }: Matching): unknown {
  return matches.map(({ change, before, after }) => [change, before, after]);
}

describe('matchTensors', () => {
  it('matches by name, wherever a tensor stands', () => {
    const matching = matchTensors(tensors('a', 'b', 'c'), tensors('d', 'c', 'a'));
    expect(changes(matching)).toEqual([
      ['common', 0, 2],
      ['removed', 1, null],
      ['common', 2, 1],
      ['added', null, 0],
    ]);
    expect(matching.stripped).toBeNull();
  });

  it('tells another shape from the same', () => {
    const shaped = (shape: readonly number[]): Named[] => [{ name: 'w', shape, role: 'weight' }];
    const change = (left: readonly number[], right: readonly number[]): unknown =>
      matchTensors(shaped(left), shaped(right)).matches.map((match) => match.change);
    expect(change([2, 3], [2, 3])).toEqual(['common']);
    expect(change([2, 3], [3, 2])).toEqual(['reshaped']);
    expect(change([6], [6, 1])).toEqual(['reshaped']);
    expect(change([], [])).toEqual(['common']);
  });

  it.each(['module.', 'model.', '_orig_mod.', 'module._orig_mod.', 'net/'])('leaves %s out on one side', (prefix) => {
    const plain = tensors('fc1.weight', 'fc2.weight');
    const wrapped = tensors(`${prefix}fc2.weight`, `${prefix}fc1.weight`);
    const forth = matchTensors(plain, wrapped);
    expect(forth.stripped).toEqual({ side: 'after', prefix });
    expect(changes(forth)).toEqual([
      ['common', 0, 1],
      ['common', 1, 0],
    ]);
    expect(matchTensors(wrapped, plain).stripped).toEqual({ side: 'before', prefix });
  });

  it('takes off the wrapper only, not what both have', () => {
    const plain = tensors('model.fc1.weight', 'model.fc1.bias');
    const wrapped = tensors('module.model.fc1.weight', 'module.model.fc1.bias');
    expect(matchTensors(plain, wrapped).stripped).toEqual({ side: 'after', prefix: 'module.' });
  });

  it('does not mind optimiser state, nor a few tensors more on one side', () => {
    const plain = tensors('fc1.weight', 'fc2.weight');
    const wrapped = tensors('model.fc1.weight', 'model.fc2.weight', 'model.head.weight', 'momentum.0');
    const matching = matchTensors(plain, wrapped);
    expect(matching.stripped).toEqual({ side: 'after', prefix: 'model.' });
    expect(matching.matches.map(({ change }) => change)).toEqual(['common', 'common', 'added', 'added']);
  });

  it('leaves names alone if one is the same, or if not all would match', () => {
    const one = matchTensors(tensors('a.w', 'a.v'), tensors('a.w', 'v'));
    expect(one.stripped).toBeNull();
    expect(one.matches.map(({ change }) => change)).toEqual(['common', 'removed', 'added']);
    const part = matchTensors(tensors('m.fc1', 'm.fc2'), tensors('fc1', 'fc3'));
    expect(part.stripped).toBeNull();
    expect(part.matches.every(({ change }) => change === 'added' || change === 'removed')).toBe(true);
  });

  it('copes with nothing at all', () => {
    expect(matchTensors([], [])).toEqual({ matches: [], stripped: null });
    expect(changes(matchTensors([], tensors('a')))).toEqual([['added', null, 0]]);
    expect(changes(matchTensors(tensors('momentum.0'), tensors('x.momentum.0')))).toHaveLength(2);
  });
});
