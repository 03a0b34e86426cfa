import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { comparisonResult } from '../../../src/agents/comparison-result';
import { COMPARISON_SCHEMA } from '../../../src/agents/output-schemas';
import { madeUpTensor } from '../report/made-up-tensor';
import { compared, comparison } from './reports';

const validate = new Ajv().compile(COMPARISON_SCHEMA);
const pair = compared({}).pair!;
const pruning = comparison().pruning!;

describe('comparisonResult', () => {
  it('tells what the report tells', () => {
    const result = comparisonResult(comparison(), { maxLayers: 20 });
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(result).toMatchObject({
      answer:
        '50 % of the common prunable values are zero after, 500 of them newly: exactly those that global magnitude pruning would take. The cosine similarity of the common prunable weights is 0.9.',
      before: { path: '/models/net.pt', limit: 0.83, kurtosis: 4.577, zeroFraction: 0 },
      after: { path: '/models/pruned.pt', limit: 0.9, zeroFraction: 0.5 },
      tensors: { common: 1, added: 0, removed: 0, reshaped: 0 },
      weights: { cosineSimilarity: 0.9, relativeChange: 0.4, maxChange: 0.05, equalFraction: 0.5, maskOverlap: 0 },
      pruning: {
        prunedFraction: 0.5,
        unchangedFraction: 1,
        layerwiseMagnitude: { same: false, agreement: [0.9123, 0.92] },
      },
      layers: { rows: [['layer.weight', '100x10', 0.9, 0.4, 0.25, 3.142, 5, 0.8, 0.8, 0, 0.5]], omitted: 0 },
    });
    expect(result).not.toHaveProperty('notCommon');
  });

  it('says which rule the prune follows, if any', () => {
    const answer = (fields: Partial<typeof pruning>): string =>
      comparisonResult(comparison({ pruning: { ...pruning, ...fields } }), { maxLayers: 1 }).answer;
    const same = { same: true, interval: [1, 1] as const };
    const other = { same: false, interval: [0.5, 0.6] as const };
    expect(answer({ globalMagnitude: other, layerwiseMagnitude: same })).toContain('layer by layer would take');
    expect(answer({ globalMagnitude: other, layerwiseMagnitude: other })).toContain('not those that magnitude pruning');
  });

  it('tells nearly equal from equal, and a few zeros from none', () => {
    const result = comparisonResult(
      comparison({
        pair: { ...pair, cosineSimilarity: 0.99999873, equalCount: 0 },
        pruning: { ...pruning, prunedFraction: 0.0003895 },
      }),
      { maxLayers: 1 },
    );
    expect(result.weights?.cosineSimilarity).toBe(0.9999987);
    expect(result.answer).toMatch(/^0\.04 % .* is 0\.9999987\.$/);
  });

  it('says it where nothing changed, and where nothing is in common', () => {
    const same = comparisonResult(comparison({ pair: { ...pair, equalCount: 1000 }, pruning: null }), { maxLayers: 1 });
    expect(same.answer).toBe('All common prunable values are the same.');
    const apart = comparisonResult(
      comparison({
        pair: null,
        pruning: null,
        tensors: [
          compared({ name: 'old', change: 'removed', after: null, pair: null, shift: null }),
          compared({ name: 'new', change: 'added', before: null, pair: null, shift: null }),
          compared({ name: 'head', change: 'reshaped', after: madeUpTensor({ shape: [5, 2] }), pair: null }),
        ],
      }),
      { maxLayers: 20 },
    );
    expect(validate(apart), JSON.stringify(validate.errors)).toBe(true);
    expect(apart.answer).toMatch(/no prunable tensor in common/);
    expect(apart.tensors).toEqual({ common: 0, added: 1, removed: 1, reshaped: 1 });
    expect(apart.notCommon?.rows).toEqual([
      ['old', 'removed', '100x10', null],
      ['new', 'added', null, '100x10'],
      ['head', 'reshaped', '100x10', '5x2'],
    ]);
  });

  it('lists the most changed layers first, and no more than asked for', () => {
    const layer = (name: string, fields: Partial<typeof pair>): ReturnType<typeof compared> =>
      compared({ name, pair: { ...pair, ...fields } });
    const tensors = [
      layer('near', { cosineSimilarity: 0.99 }),
      layer('all zero in both', { cosineSimilarity: null, equalCount: 1000 }),
      layer('zeroed', { cosineSimilarity: null, equalCount: 0 }),
      layer('far', { cosineSimilarity: 0.2 }),
      compared({ name: 'running_mean', before: madeUpTensor({ prunable: false }) }),
    ];
    const all = comparisonResult(comparison({ tensors }), { maxLayers: 20 });
    expect(all.layers.rows.map(([name]) => name)).toEqual(['zeroed', 'far', 'near', 'all zero in both']);
    expect(comparisonResult(comparison({ tensors }), { maxLayers: 1 }).layers).toMatchObject({
      rows: [['zeroed']].map((row) => expect.arrayContaining(row) as unknown),
      omitted: 3,
    });
  });

  it('is small for large models', () => {
    const name = (i: number): string => `model.language_model.layers.${i}.self_attention.output_projection.weight`;
    const tensors = Array.from({ length: 2000 }, (_, i) =>
      compared({ name: name(i), change: i % 2 === 0 ? 'common' : 'added', pair: i % 2 === 0 ? pair : null }),
    );
    const result = comparisonResult(comparison({ tensors }), { maxLayers: 20 });
    expect(result.layers.omitted).toBe(980);
    expect(result.notCommon?.omitted).toBe(990);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(7000);
  });
});
