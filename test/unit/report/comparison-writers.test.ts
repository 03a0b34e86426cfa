import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { ComparisonReport, PairStatistics, RunReport, TensorComparison } from '../../../src/report/comparison';
import { comparisonToCsv, runToCsv } from '../../../src/report/comparison-csv';
import { comparisonToJson } from '../../../src/report/comparison-json';
import type { ModelStatistics } from '../../../src/report/report';
import { madeUpTensor } from './made-up-tensor';

const tensor = madeUpTensor({
  name: 'fc.weight',
  shape: [2, 3],
  count: 6,
  zeroCount: 1,
  min: -1.5,
  max: 2,
  mean: 0.1,
  std: 1.25,
  kurtosis: 3.5,
  meanAbsoluteDeviation: 1,
  l1Norm: 7,
  limit: 0.83,
  survivingFraction: 0.25,
});

const model: ModelStatistics = {
  initialisation: 'trained',
  count: 12,
  prunableCount: 12,
  weightCount: 12,
  kurtosis: 3.5,
  kurtosisWeights: 3.25,
  kurtosisOfKurtoses: null,
  kurtosisOfDefinedKurtoses: 2,
};

const file = { path: '/models/a.safetensors', format: 'safetensors', formatLabel: 'safetensors', bytes: 99, files: 1 };

const pair: PairStatistics = {
  count: 6,
  cosineSimilarity: 0.5,
  relativeChange: 0.25,
  maxChange: 2,
  equalCount: 3,
  zerosBefore: 1,
  zerosAfter: 3,
  zerosBoth: 1,
  maskOverlap: 1 / 3,
};

const pruning = {
  prunedCount: 2,
  revivedCount: 0,
  prunedFraction: 0.5,
  unchangedFraction: 1,
  globalMagnitude: { interval: [0.5, 1] as const, same: false },
  layerwiseMagnitude: { interval: [1, 1] as const, same: true },
};

const common: TensorComparison = {
  name: 'fc.weight',
  change: 'common',
  before: tensor,
  after: { ...tensor, zeroCount: 3, limit: 0.75 },
  pair,
  shift: { kolmogorovSmirnov: 0.125, wasserstein: 0.5, relativeWasserstein: 0.4 },
  pruning: { ...pruning, globalMagnitude: null },
};

const comparison: ComparisonReport = {
  schema: 'prunability-comparison/1',
  before: { file, model, limit: 0.83, zeroFraction: 0.125 },
  after: { file, model, limit: null, zeroFraction: 0.5 },
  tensors: [
    common,
    { name: '=cmd|x', change: 'added', before: null, after: tensor, pair: null, shift: null, pruning: null },
    { name: 'old', change: 'removed', before: tensor, after: null, pair: null, shift: null, pruning: null },
  ],
  pair,
  pruning,
  warnings: [{ code: 'nothing-in-common', message: 'Nothing.' }],
  seconds: 0.5,
};

const run: RunReport = {
  schema: 'prunability-run/1',
  steps: [
    {
      step: 3,
      file,
      model,
      limit: 0.8,
      zeroFraction: 0.125,
      toPrevious: null,
      toFirst: pair,
      layers: [
        { name: 'fc.weight', kurtosis: 3, limit: 0.75, zeroFraction: 0.25, cosineToPrevious: null, cosineToFirst: 0.5 },
      ],
    },
    {
      step: 4,
      file: { path: '/b.pt', format: '', formatLabel: '', bytes: 0, files: 0 },
      model: { ...model, kurtosis: null },
      limit: null,
      zeroFraction: 0,
      toPrevious: null,
      toFirst: null,
      layers: [],
      unreadable: '/b.pt: does not exist',
    },
  ],
  seconds: 1,
};

function validator(name: string): ValidateFunction {
  const schema = (each: string): object =>
    JSON.parse(readFileSync(join(import.meta.dirname, '../../../src/report', `${each}.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(schema('report'));
  if (name === 'run') ajv.addSchema(schema('comparison'));
  return ajv.compile(schema(name));
}

describe('JSON of a comparison', () => {
  const validate = validator('comparison');
  const parsed = JSON.parse(comparisonToJson(comparison, 0)) as ComparisonReport;

  it('follows the schema', () => {
    expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...parsed, pair: null, pruning: null })).toBe(true);
    expect(comparisonToJson(comparison, 0).split('\n')).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ['a field that is missing', { ...parsed, pair: undefined }],
    ['one that is unknown', { ...parsed, extra: 1 }],
    ['a cosine over 1', { ...parsed, pair: { ...pair, cosineSimilarity: 1.5 } }],
    ['another change', { ...parsed, tensors: [{ ...common, change: 'moved' }] }],
    ['a tensor that is none', { ...parsed, tensors: [{ ...common, before: {} }] }],
    ['an interval of one', { ...parsed, pruning: { ...pruning, layerwiseMagnitude: { interval: [1], same: true } } }],
  ])('refuses %s', (_, value) => {
    expect(validate(JSON.parse(JSON.stringify(value)))).toBe(false);
  });
});

describe('JSON of a run', () => {
  const validate = validator('run');
  const parsed = JSON.parse(comparisonToJson(run)) as RunReport;

  it('follows the schema, and refuses what does not', () => {
    expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...parsed, steps: [{ ...parsed.steps[0], layers: [{ name: 'x' }] }] })).toBe(false);
    expect(validate({ ...parsed, steps: [{ ...parsed.steps[0], toFirst: {} }] })).toBe(false);
  });
});

describe('CSV', () => {
  it('has a row for each tensor of a comparison', () => {
    const lines = comparisonToCsv(comparison).split('\r\n');
    expect(lines).toHaveLength(5);
    const row = (line: number): Record<string, string | undefined> =>
      Object.fromEntries(lines[0]!.split(',').map((title, i) => [title, lines[line]!.split(',')[i]]));
    expect(row(1)).toMatchObject({
      name: 'fc.weight',
      change: 'common',
      shapeBefore: '2x3',
      cosineSimilarity: '0.5',
      zerosBefore: '1',
      zerosAfter: '3',
      kolmogorovSmirnov: '0.125',
      limitBefore: '0.83',
      limitAfter: '0.75',
      magnitudeAgreementLow: '1',
      magnitudeSame: 'true',
    });
    expect(row(2)).toMatchObject({ name: "'=cmd|x", change: 'added', shapeBefore: '', shapeAfter: '2x3', count: '' });
    expect(row(3)).toMatchObject({ change: 'removed', dtypeAfter: '', kurtosisBefore: '3.5' });
  });

  it('has of each step of a run a row for the model and one for each layer', () => {
    expect(runToCsv(run).split('\r\n')).toEqual([
      'step,path,layer,kurtosis,limit,zeroFraction,cosineToPrevious,cosineToFirst,unreadable',
      '3,/models/a.safetensors,,3.5,0.8,0.125,,0.5,',
      '3,/models/a.safetensors,fc.weight,3,0.75,0.25,,0.5,',
      '4,/b.pt,,,,,,,/b.pt: does not exist',
      '',
    ]);
  });
});
