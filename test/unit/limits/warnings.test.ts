import { describe, expect, it } from 'vitest';
import { reportWarnings } from '../../../src/limits/warnings';
import type { LimitEstimate, LimitScope, ReportWarning, TensorReport } from '../../../src/report/report';
import { madeUpTensor } from '../report/made-up-tensor';
import { REFNET } from './reference-statistics';

function tensor(name: string, changes: Partial<TensorReport> = {}): TensorReport {
  const shape = changes.shape ?? [100, 100];
  return madeUpTensor({
    name,
    shape,
    role: shape.length >= 2 ? 'weight' : 'bias',
    count: shape.reduce((product, size) => product * size, 1),
    min: -0.9,
    mean: 0.001,
    kurtosis: 5,
    meanAbsoluteDeviation: 0.07,
    l1Norm: 700,
    l2Norm: 10,
    limit: 0.84,
    ...changes,
  });
}

function limit(scope: LimitScope, prunedFraction: number): LimitEstimate {
  return {
    method: 'cosine-utopia-grid',
    scope,
    prunedFraction,
    prunedCount: 1,
    inputs: 'weights',
    assumptions: [],
    verdict: '',
    reference: '',
  };
}

const LIMITS = [limit('parameters', 0.84), limit('weights', 0.83)];

function warningsOf(
  tensors: readonly TensorReport[],
  limits: readonly LimitEstimate[] = LIMITS,
  k2: number | null = 3,
): readonly ReportWarning[] {
  return reportWarnings({ tensors, limits, model: { kurtosisOfKurtoses: k2, kurtosisOfDefinedKurtoses: 2.5 } });
}

const refnet = (epoch: keyof typeof REFNET): TensorReport[] =>
  REFNET[epoch].map((facts) => tensor(facts.name, { ...facts, zeroCount: 0 }));

describe('reportWarnings', () => {
  it('has nothing to say of an ordinary trained network', () => {
    expect(warningsOf([tensor('a'), tensor('b'), tensor('b.bias', { shape: [100] })])).toEqual([]);
    expect(warningsOf(refnet('epoch3'))).toEqual([]);
  });

  it('counts what is not finite, in all tensors', () => {
    const [only, ...others] = warningsOf([
      tensor('a', { nanCount: 1, infCount: 0 }),
      tensor('stats', { nanCount: 1200, infCount: 1, prunable: false }),
      tensor('tied', { nanCount: 1, aliasOf: 'a' }),
    ]);
    expect(others).toEqual([]);
    expect(only?.code).toBe('non-finite');
    expect(only?.tensors).toEqual(['a', 'stats']);
    expect(only?.message).toContain('1,201 NaNs and 1 infinite value in a and stats');
  });

  it('tells a network at initialisation, and one that is partly', () => {
    const [fresh] = warningsOf(refnet('init'));
    expect(fresh?.code).toBe('at-initialisation');
    expect(fresh?.tensors).toEqual(['conv1.weight', 'conv2.weight', 'fc1.weight', 'fc2.weight']);
    expect(fresh?.message).toContain("conv1.weight: PyTorch's default, uniform within 1/√25");
    expect(fresh?.message).toContain('conv1.weight, conv2.weight, fc1.weight and 1 more');
    const mixed = warningsOf([...refnet('init').slice(0, 5), ...refnet('epoch3').slice(5)]);
    expect(mixed.map(({ code }) => code)).toEqual(['layer-at-initialisation']);
    expect(mixed[0]?.tensors).toContain('conv1.weight');
    expect(mixed[0]?.tensors).not.toContain('fc1.weight');
  });

  it('names the layers that the global limit cuts, with the limit', () => {
    const names = Array.from({ length: 15 }, (_, i) => `layer${String(i)}`);
    const warnings = warningsOf([
      ...names.map((name) => tensor(name, { survivingFraction: 0 })),
      tensor('thin', { survivingFraction: 0.005 }),
      tensor('zero', { survivingFraction: 0, zeroCount: 10_000, min: 0, max: 0, kurtosis: null }),
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['layer-emptied', 'layer-nearly-emptied', 'all-zero-weights']);
    expect(warnings[0]?.message).toContain(
      'At the global limit of 84 % of all parameters nothing is left of layer0, layer1, layer2 and 12 more',
    );
    expect(warnings[0]?.tensors).toEqual(names);
    expect(warnings[1]?.message).toContain('less than 1 % is left of thin');
    expect(warnings[2]?.tensors).toEqual(['zero']);
  });

  it('tells of each scope its own layers, and of none twice', () => {
    const tensors = [
      tensor('both', { survivingFraction: 0 }),
      tensor('all parameters only', { survivingFraction: 0 }),
      tensor('weights only', { survivingFraction: 0.3 }),
    ];
    const warnings = reportWarnings({
      tensors,
      model: { kurtosisOfKurtoses: 2, kurtosisOfDefinedKurtoses: 2 },
      limits: [limit('parameters', 0.84), limit('weights', 0.83)],
      weightSurvival: new Map([
        ['both', 0],
        ['all parameters only', 0.2],
        ['weights only', 0.001],
      ]),
    });
    const said = warnings.map(({ code, message, tensors: names }) => [
      code,
      /limit of (.*?) (?:nothing|less)/.exec(message)?.[1],
      names,
    ]);
    expect(said).toEqual([
      ['layer-emptied', '83 % of the weights', ['both']],
      ['layer-nearly-emptied', '83 % of the weights', ['weights only']],
      ['layer-emptied', '84 % of all parameters', ['all parameters only']],
    ]);
  });

  it('sees what is pruned already, and expects more zeros of quantised weights', () => {
    const warnings = warningsOf([
      tensor('pruned', { zeroCount: 5000 }),
      tensor('dense', { zeroCount: 400 }),
      tensor('quantised', { zeroCount: 1500, storedDtype: 'uint8' }),
      tensor('bias', { shape: [100], zeroCount: 100, min: 0, max: 0 }),
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['already-pruned']);
    expect(warnings[0]?.tensors).toEqual(['pruned']);
    expect(warnings[0]?.message).toContain('50 % of the values of pruned are zero already');
  });

  it('names constant weights and says why K2 is undefined', () => {
    const constant = { min: 0.5, max: 0.5, std: 0, kurtosis: null };
    const warnings = warningsOf(
      [
        tensor('a'),
        tensor('flat', constant),
        tensor('norm', { shape: [64], ...constant }),
        tensor('empty', { min: null, max: null, kurtosis: null }),
      ],
      LIMITS,
      null,
    );
    expect(warnings.map(({ code }) => code)).toEqual(['constant-weights', 'k2-undefined']);
    expect(warnings[0]?.tensors).toEqual(['flat']);
    expect(warnings[1]?.tensors).toEqual(['flat', 'norm']);
    expect(warnings[1]?.message).toContain('Without them K2 is 2.50.');
    const [few] = warningsOf([tensor('a'), tensor('b')], LIMITS, 1);
    expect(few?.code).toBe('k2-undefined');
    expect(few?.tensors).toBeUndefined();
  });

  it.each([
    [0.83, 0.85, true],
    [0.89, 0.78, true],
    [0.57, 0.59, true],
    [0.83, 0.84, false],
  ])('compares the scopes: %d and %d', (parameters, weights, warns) => {
    const codes = warningsOf([tensor('a')], [limit('parameters', parameters), limit('weights', weights)]).map(
      ({ code }) => code,
    );
    expect(codes).toEqual(warns ? ['norm-dominates'] : []);
  });

  it('says why there is nothing to prune, once all is read', () => {
    const integer = tensor('q', { prunable: false, dtype: 'int8' });
    expect(warningsOf([integer], [])).toEqual([
      { code: 'nothing-prunable', message: expect.stringContaining('No floating-point parameters') as unknown },
    ]);
    const zeros = warningsOf([tensor('a', { zeroCount: 10_000, min: 0, max: 0, kurtosis: null })], [], null);
    expect(zeros.map(({ code }) => code)).toEqual(['nothing-prunable', 'all-zero-weights']);
    const model = { kurtosisOfKurtoses: null, kurtosisOfDefinedKurtoses: null };
    expect(reportWarnings({ tensors: [integer], limits: [], model, complete: false })).toEqual([]);
  });
});
