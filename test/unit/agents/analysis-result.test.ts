import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { analysisResult } from '../../../src/agents/analysis-result';
import { ANALYSIS_SCHEMA } from '../../../src/agents/output-schemas';
import { DEFAULT_LAYERS, MAX_LAYERS, type LayerOrder } from '../../../src/agents/tool-definitions';
import { madeUpTensor } from '../report/made-up-tensor';
import { estimate, largeReport, report } from './reports';

const validate = new Ajv().compile(ANALYSIS_SCHEMA);
const names = (tensors: Parameters<typeof madeUpTensor>[0][], sortBy?: LayerOrder, maxLayers = 20): unknown[] =>
  analysisResult(report({ tensors: tensors.map(madeUpTensor) }), { maxLayers, sortBy }).layers.rows.map(
    ([name]) => name,
  );

describe('analysisResult', () => {
  it('tells what the report tells, with four digits', () => {
    const result = analysisResult(report(), { maxLayers: DEFAULT_LAYERS });
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(result).toMatchObject({
      answer:
        'About 83 % of the weights can be pruned if the network is fine-tuned afterwards; without fine-tuning, about 35.5 %. The loss was not measured.',
      file: { path: '/models/net.pt', format: 'PyTorch zip', bytes: 4000, files: 1 },
      parameters: { total: 1001, prunable: 1000, weights: 990 },
      limits: {
        weights: { withFineTuning: 0.83, cosineThere: 0.8317, withoutFineTuning: 0.3555 },
        parameters: { withFineTuning: 0.84, methods: { 'cosine-utopia': 0.8396, 'random-0.99': 0.0199 } },
      },
      kurtosis: { normal: 3, weights: 4.577, parameters: 24.58, ofKurtoses: 1.981 },
      layers: { rows: [['layer.weight', '100x10', 1000, 3.142, 0.8, 0.2, 0]], omitted: 0 },
    });
    expect(result.references).toHaveLength(2);
    expect(result.layers).not.toHaveProperty('more');
  });

  it('is small for a large model, and says how many layers it left out and how to get them', () => {
    const result = analysisResult(largeReport(1000), { maxLayers: DEFAULT_LAYERS });
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(6000);
    expect(result.layers.rows).toHaveLength(20);
    expect(result.layers.omitted).toBe(980);
    expect(result.layers.more).toContain('maxLayers');
    const most = analysisResult(largeReport(1000), { maxLayers: MAX_LAYERS });
    expect(Buffer.byteLength(JSON.stringify(most))).toBeLessThanOrEqual(30_000);
    expect(analysisResult(largeReport(3), { maxLayers: 0 }).layers).toMatchObject({ rows: [], omitted: 3 });
  });

  it('lists emptied layers first, then lowest and highest limits in turn, weights before the rest', () => {
    const listed = names([
      { name: 'bias', shape: [10], limit: 0.1 },
      { name: 'b', limit: 0.5 },
      { name: 'emptied', limit: 0.6, survivingFraction: 0 },
      { name: 'a', limit: 0.4 },
      { name: 'all zero', limit: null, survivingFraction: 0, zeroCount: 1000 },
      { name: 'd', limit: 0.9 },
      { name: 'c', limit: 0.7 },
    ]);
    expect(listed).toEqual(['emptied', 'a', 'all zero', 'b', 'd', 'c', 'bias']);
  });

  it('lists in the order that is asked for', () => {
    const tensors = [
      { name: 'a', limit: 0.5, kurtosis: 9, count: 10 },
      { name: 'b', limit: null, kurtosis: null, count: 30 },
      { name: 'c', limit: 0.3, kurtosis: 4, count: 20 },
    ];
    expect(names(tensors, 'limit')).toEqual(['c', 'a', 'b']);
    expect(names(tensors, 'kurtosis')).toEqual(['a', 'c', 'b']);
    expect(names(tensors, 'size')).toEqual(['b', 'c', 'a']);
    expect(names(tensors, 'file', 2)).toEqual(['a', 'b']);
  });

  it('leaves out what is not pruned, and what shares the memory of another', () => {
    const tensors = [{ name: 'a' }, { name: 'mean', prunable: false }, { name: 'tied', aliasOf: 'a' }, { count: 0 }];
    expect(names(tensors)).toEqual(['a']);
  });

  it('does not give an answer where there is none', () => {
    const answer = (fields: Parameters<typeof report>[0]): string =>
      analysisResult(report(fields), { maxLayers: 1 }).answer;
    const { model } = report();
    expect(answer({ model: { ...model, initialisation: 'at-initialisation' } })).toMatch(
      /looks untrained.*mean nothing/,
    );
    expect(answer({ model: { ...model, initialisation: 'mixed' } })).toMatch(/Some layers look untrained/);
    const nothing = analysisResult(report({ limits: [], tensors: [] }), { maxLayers: 1 });
    expect(validate(nothing)).toBe(true);
    expect(nothing.answer).toMatch(/nothing to prune/);
    expect(nothing.limits).toEqual({ weights: null, parameters: null });
    expect(answer({ limits: [estimate('cosine-utopia-grid', 'parameters', 0.5)] })).toMatch(
      /^About 50 % of all parameters can .* afterwards\. /,
    );
  });

  it('says what the limit from optimiser state assumes, where there is one', () => {
    const limits = [...report().limits, estimate('optimizer-curvature', 'weights', 0.9)];
    const result = analysisResult(report({ limits }), { maxLayers: 1 });
    expect(validate(result)).toBe(true);
    expect(result.limits.weights?.methods['optimizer-curvature']).toBe(0.9);
    expect(result.assumptions).toMatch(/optimizer-curvature, from the second moments of Adam: One\. Two\.$/);
    expect(analysisResult(report(), { maxLayers: 1 }).assumptions).not.toContain('optimizer-curvature');
  });

  it('shows what strangers wrote on one line, without what is hidden, and not at length', () => {
    const hostile = `w\n\u202e\u200b\u{e0041}\u0000${'x'.repeat(10_000)}`;
    const result = analysisResult(
      report({
        tensors: [madeUpTensor({ name: hostile })],
        warnings: Array.from({ length: 100 }, () => ({ code: 'note', message: hostile })),
        file: { path: `/${hostile}`, format: 'npy', formatLabel: 'NumPy', bytes: 1, files: 1 },
      }),
      { maxLayers: 20 },
    );
    const name = String(result.layers.rows[0]?.[0]);
    expect(name.startsWith('w\ufffd\ufffd\ufffd\ufffd\ufffdxxx')).toBe(true);
    expect(name.length).toBeLessThanOrEqual(120);
    expect(result.warnings.length).toBeLessThan(20);
    const json = JSON.stringify(result);
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}]|\\[nu]/u);
    expect(json.length).toBeLessThan(12_000);
  });
});
