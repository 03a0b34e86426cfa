import type { LimitMethod, LimitScope, ModelReport, TensorReport } from '../report/report';
import {
  compactFile,
  compactName,
  compactNumber,
  compactWarnings,
  percentText,
  type CompactFile,
  type CompactTable,
  type CompactWarning,
} from './compact';
import { MAX_LAYERS, type LayerOrder } from './tool-definitions';

/**
 * What a language model is told of an analysis: some 5 kB of JSON. Fractions are in [0, 1], kurtosis is Pearson's, numbers
 * have four significant digits, null is "undefined". The field names are stable.
 */
export interface AnalysisResult {
  readonly schema: 'prunability-agent-analysis/1';
  /** The answer in a sentence; where the network looks untrained, it says that instead. */
  readonly answer: string;
  readonly file: CompactFile;
  readonly parameters: {
    readonly total: number;
    /** What limits count in the scope `parameters`. */
    readonly prunable: number;
    /** Those of tensors of two or more dimensions: the scope `weights`. */
    readonly weights: number;
  };
  /** Null where nothing is prunable. */
  readonly limits: Readonly<Record<LimitScope, ScopeLimits | null>>;
  readonly kurtosis: {
    readonly normal: 3;
    readonly weights: number | null;
    readonly parameters: number | null;
    /** K2: how much the tensors' kurtoses differ. */
    readonly ofKurtoses: number | null;
  };
  /** `at-initialisation`, `trained` (no more than "not recognised as freshly drawn"), `mixed` or `unknown`. */
  readonly initialisation: string;
  readonly warnings: readonly CompactWarning[];
  /**
   * Prunable tensors. `ownLimit`: the best trade-off of the tensor alone; `keptAtGlobalLimit`: what the global threshold of
   * `cosine-utopia-grid` over all parameters leaves of it.
   */
  readonly layers: CompactTable;
  readonly assumptions: string;
  readonly references: readonly string[];
}

/** Pruned fractions of one scope. */
export interface ScopeLimits {
  /** What the scope counts and prunes. */
  readonly counts: string;
  /** `cosine-utopia-grid`: the authors' best trade-off. */
  readonly withFineTuning: number | null;
  /** Cosine similarity that is left there. */
  readonly cosineThere: number | null;
  /** `cosine-0.99`. */
  readonly withoutFineTuning: number | null;
  /** Every method's fraction; `cosine-safe` is absent where the layers' kurtoses do not tell. */
  readonly methods: Readonly<Partial<Record<LimitMethod, number>>>;
}

const COUNTS: Readonly<Record<LimitScope, string>> = {
  weights: 'tensors of two or more dimensions; biases and normalisation parameters stay',
  parameters: 'all prunable tensors, biases and normalisation parameters too, as the paper does',
};

const ASSUMPTIONS =
  'Predicted from the weights alone (loss, data and activations are not looked at), for a trained network and global unstructured magnitude pruning.';

const COLUMNS = ['name', 'shape', 'values', 'kurtosis', 'ownLimit', 'keptAtGlobalLimit', 'zeroFraction'];

/** The part of a report that is worth a model's context. `sortBy` undefined lists the most telling layers. */
export function analysisResult(
  report: ModelReport,
  { maxLayers, sortBy }: { readonly maxLayers: number; readonly sortBy?: LayerOrder | undefined },
): AnalysisResult {
  const { file, model, warnings } = report;
  const weights = scopeLimits(report, 'weights');
  const parameters = scopeLimits(report, 'parameters');
  return {
    schema: 'prunability-agent-analysis/1',
    answer: answer(report, weights ?? parameters, weights === null ? 'all parameters' : 'the weights'),
    file: compactFile(file),
    parameters: { total: model.count, prunable: model.prunableCount, weights: model.weightCount },
    limits: { weights, parameters },
    kurtosis: {
      normal: 3,
      weights: compactNumber(model.kurtosisWeights),
      parameters: compactNumber(model.kurtosis),
      ofKurtoses: compactNumber(model.kurtosisOfKurtoses),
    },
    initialisation: model.initialisation,
    warnings: compactWarnings(warnings),
    layers: layerTable(report.tensors, maxLayers, sortBy),
    assumptions: [ASSUMPTIONS, ...curvatureAssumptions(report)].join(' '),
    references: references(report),
  };
}

function scopeLimits({ limits }: ModelReport, scope: LimitScope): ScopeLimits | null {
  const own = limits.filter((limit) => limit.scope === scope);
  if (own.length === 0) return null;
  const of = (wanted: LimitMethod): (typeof own)[number] | undefined => own.find(({ method }) => method === wanted);
  return {
    counts: COUNTS[scope],
    withFineTuning: compactNumber(of('cosine-utopia-grid')?.prunedFraction),
    cosineThere: compactNumber(of('cosine-utopia-grid')?.cosineSimilarity),
    withoutFineTuning: compactNumber(of('cosine-0.99')?.prunedFraction),
    methods: Object.fromEntries(own.map(({ method, prunedFraction }) => [method, compactNumber(prunedFraction)])),
  };
}

function answer({ model }: ModelReport, limits: ScopeLimits | null, what: string): string {
  const tuned = limits?.withFineTuning ?? null;
  if (limits === null || tuned === null) return 'There is nothing to prune in this file: see the warnings.';
  if (model.initialisation === 'at-initialisation') {
    return 'The network looks untrained: its weights do not tell yet how far it can be pruned, and the limits here mean nothing.';
  }
  const untuned =
    limits.withoutFineTuning === null ? '' : `; without fine-tuning, about ${percentText(limits.withoutFineTuning)}`;
  const part = model.initialisation === 'mixed' ? ' Some layers look untrained; for them the limits say nothing.' : '';
  return `About ${percentText(tuned)} of ${what} can be pruned if the network is fine-tuned afterwards${untuned}. The loss was not measured.${part}`;
}

function layerTable(tensors: readonly TensorReport[], maxLayers: number, sortBy: LayerOrder | undefined): CompactTable {
  const layers = tensors.filter((tensor) => tensor.prunable && tensor.aliasOf === undefined && tensor.count > 0);
  const shown = ordered(layers, sortBy).slice(0, maxLayers);
  const omitted = layers.length - shown.length;
  return {
    columns: COLUMNS,
    rows: shown.map((tensor) => [
      compactName(tensor.name),
      tensor.shape.join('x'),
      tensor.count,
      compactNumber(tensor.kurtosis),
      compactNumber(tensor.limit),
      compactNumber(tensor.survivingFraction),
      compactNumber(tensor.zeroCount / tensor.count),
    ]),
    omitted,
    ...(omitted > 0 ? { more: `maxLayers (at most ${MAX_LAYERS}), sortBy: limit, kurtosis, size, file` } : {}),
  };
}

/** Stable sorts: equal layers stay in the order of the file. Undefined values come last. */
function ordered(layers: readonly TensorReport[], sortBy: LayerOrder | undefined): readonly TensorReport[] {
  switch (sortBy) {
    case 'limit':
      return [...layers].sort((a, b) => (a.limit ?? Infinity) - (b.limit ?? Infinity));
    case 'kurtosis':
      return [...layers].sort((a, b) => (b.kurtosis ?? 0) - (a.kurtosis ?? 0));
    case 'size':
      return [...layers].sort((a, b) => b.count - a.count);
    case 'file':
      return layers;
    case undefined:
      return telling(layers);
  }
}

/** Layers that the global threshold empties, then lowest and highest limits in turn, weights before the rest. */
function telling(layers: readonly TensorReport[]): readonly TensorReport[] {
  const isEmptied = ({ survivingFraction, zeroCount, count }: TensorReport): boolean =>
    survivingFraction === 0 && zeroCount < count;
  const emptied = layers.filter(isEmptied);
  const rest = layers.filter((layer) => !isEmptied(layer));
  const weights = ordered(rest.filter(isWeight), 'limit');
  const others = ordered(
    rest.filter((layer) => !isWeight(layer)),
    'limit',
  );
  return [...emptied, ...fromBothEnds(weights), ...fromBothEnds(others)];
}

function isWeight({ shape }: TensorReport): boolean {
  return shape.length >= 2;
}

/** First, last, second, last but one, … */
function fromBothEnds<T>(items: readonly T[]): T[] {
  const half = Math.ceil(items.length / 2);
  const back = items.slice(half).reverse();
  return items.slice(0, half).flatMap((item, i) => [item, ...back.slice(i, i + 1)]);
}

/** What the estimate from optimiser state assumes beside: a batch size, and by how much the loss may grow. */
function curvatureAssumptions({ limits }: ModelReport): readonly string[] {
  const estimate = limits.find(({ method }) => method === 'optimizer-curvature');
  return estimate === undefined
    ? []
    : ['optimizer-curvature, from the second moments of Adam:', ...estimate.assumptions.slice(0, 2)];
}

/** Of the two methods that the answer is made from. */
function references({ limits }: ModelReport): string[] {
  const answering = limits.filter(({ method }) => method === 'cosine-utopia-grid' || method === 'cosine-0.99');
  return [...new Set(answering.map(({ reference }) => reference))];
}
