import type { ComparisonReport, TensorComparison } from '../../../src/report/comparison';
import type { LimitEstimate, LimitMethod, LimitScope, ModelReport } from '../../../src/report/report';
import { madeUpTensor } from '../report/made-up-tensor';

export function estimate(method: LimitMethod, scope: LimitScope, prunedFraction: number): LimitEstimate {
  return {
    method,
    scope,
    prunedFraction,
    prunedCount: 1,
    cosineSimilarity: 0.8317004243,
    inputs: 'weights',
    assumptions: ['One.', 'Two.'],
    verdict: 'A sentence.',
    reference: `${'A paper with a long title and a venue, '.repeat(5)}${method}`,
  };
}

export function report(fields: Partial<ModelReport> = {}): ModelReport {
  return {
    schema: 'prunability-report/1',
    complete: true,
    file: { path: '/models/net.pt', format: 'pytorch', formatLabel: 'PyTorch zip', bytes: 4000, files: 1 },
    tensors: [madeUpTensor({})],
    model: {
      initialisation: 'trained',
      count: 1001,
      prunableCount: 1000,
      weightCount: 990,
      kurtosis: 24.57972614,
      kurtosisWeights: 4.57711,
      kurtosisOfKurtoses: 1.98101,
      kurtosisOfDefinedKurtoses: 1.98101,
    },
    limits: (['parameters', 'weights'] as const).flatMap((scope) => [
      estimate('cosine-utopia-grid', scope, scope === 'weights' ? 0.83 : 0.84),
      estimate('cosine-utopia', scope, 0.8396),
      estimate('cosine-utopia-layerwise', scope, 0.81),
      estimate('cosine-safe', scope, 0.84),
      estimate('cosine-0.99', scope, 0.35546416),
      estimate('cosine-0.95', scope, 0.594),
      estimate('random-0.99', scope, 0.0199),
    ]),
    warnings: [],
    seconds: 1,
    ...fields,
  };
}

/** A model with names as long as those of large networks, and a warning of every kind that names tensors. */
export function largeReport(tensors: number): ModelReport {
  const names = Array.from(
    { length: tensors },
    (_, i) => `model.language_model.layers.${Math.floor(i / 12)}.self_attention.output_projection_${i % 12}.weight`,
  );
  return report({
    tensors: names.map((name, i) =>
      madeUpTensor({
        name,
        shape: [4096, 14336],
        count: 4096 * 14336,
        zeroCount: i,
        kurtosis: 3 + Math.sin(i),
        limit: 0.7 + 0.1234567 * Math.abs(Math.sin(7 * i)),
        survivingFraction: i % 100 === 7 ? 0 : 0.2 + 0.05 * Math.cos(i),
      }),
    ),
    warnings: ['layer-emptied', 'layer-nearly-emptied', 'norm-dominates'].map((code) => ({
      code,
      message: `At the global limit of 83 % of the weights nothing is left of ${names.slice(0, 3).join(', ')} and 5 more: the network would be cut there. Prune less, prune layer by layer, or keep them out of the prune.`,
      tensors: names,
    })),
  });
}

export function compared(fields: Partial<TensorComparison>): TensorComparison {
  return {
    name: 'layer.weight',
    change: 'common',
    before: madeUpTensor({}),
    after: madeUpTensor({ zeroCount: 500, kurtosis: 5 }),
    pair: {
      count: 1000,
      cosineSimilarity: 0.9,
      relativeChange: 0.4,
      maxChange: 0.05,
      equalCount: 500,
      zerosBefore: 0,
      zerosAfter: 500,
      zerosBoth: 0,
      maskOverlap: 0,
    },
    shift: { kolmogorovSmirnov: 0.25, wasserstein: 0.02, relativeWasserstein: 0.2 },
    pruning: null,
    ...fields,
  };
}

export function comparison(fields: Partial<ComparisonReport> = {}): ComparisonReport {
  const { file, model } = report();
  return {
    schema: 'prunability-comparison/1',
    before: { file, model, limit: 0.83, zeroFraction: 0 },
    after: { file: { ...file, path: '/models/pruned.pt' }, model, limit: 0.9, zeroFraction: 0.5 },
    tensors: [compared({})],
    pair: compared({}).pair,
    pruning: {
      prunedCount: 500,
      revivedCount: 0,
      prunedFraction: 0.5,
      unchangedFraction: 1,
      globalMagnitude: { interval: [1, 1], same: true },
      layerwiseMagnitude: { interval: [0.91234567, 0.92], same: false },
    },
    warnings: [],
    seconds: 2,
    ...fields,
  };
}
