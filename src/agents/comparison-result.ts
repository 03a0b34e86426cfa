import type {
  ComparedModel,
  ComparisonReport,
  PairStatistics,
  PruningComparison,
  RuleAgreement,
  TensorChange,
  TensorComparison,
} from '../report/comparison';
import { formatCount } from '../report/format';
import {
  compactCosine,
  compactFile,
  compactName,
  compactNumber,
  compactWarnings,
  percentText,
  type CompactFile,
  type CompactTable,
  type CompactWarning,
} from './compact';
import { MAX_LAYERS } from './tool-definitions';

/**
 * What a language model is told of a comparison. `before` is the reference. Fractions are in [0, 1], kurtosis is Pearson's,
 * numbers have four significant digits (cosines seven), null is "undefined". The field names are stable.
 */
export interface ComparisonResult {
  readonly schema: 'prunability-agent-comparison/1';
  /** The answer in a sentence or two. */
  readonly answer: string;
  readonly before: ComparedSide;
  readonly after: ComparedSide;
  /** How many tensors are common, added, removed, reshaped; matched by name. */
  readonly tensors: Readonly<Record<TensorChange, number>>;
  /** All common prunable tensors as one vector; null if there is none. */
  readonly weights: {
    readonly cosineSimilarity: number | null;
    /** ‖after − before‖ / ‖before‖. */
    readonly relativeChange: number | null;
    readonly maxChange: number | null;
    readonly equalFraction: number | null;
    /** Jaccard index of the two sets of zeros. */
    readonly maskOverlap: number | null;
  } | null;
  /** Null unless `after` has zeros that `before` has not. */
  readonly pruning: CompactPruning | null;
  /** Common tensors, the most changed (lowest cosine similarity) first. */
  readonly layers: CompactTable;
  /** Tensors that only one side has, or that have another shape; absent if there are none. */
  readonly notCommon?: CompactTable;
  readonly warnings: readonly CompactWarning[];
  readonly assumptions: string;
}

export interface ComparedSide extends CompactFile {
  readonly prunable: number;
  /** Predicted limit with fine-tuning (`cosine-utopia-grid`), over the weights of two or more dimensions if there are any. */
  readonly limit: number | null;
  readonly kurtosis: number | null;
  readonly zeroFraction: number | null;
  readonly initialisation: string;
}

export interface CompactPruning {
  /** Zeros after, as a fraction of all positions: the actual pruned fraction. */
  readonly prunedFraction: number | null;
  readonly prunedCount: number;
  readonly revivedCount: number;
  /** Survivors with the same value as before: 1 without fine-tuning. */
  readonly unchangedFraction: number | null;
  /** Of what was pruned, the fraction that magnitude pruning would have taken too: one threshold, or one a layer; null if not known. */
  readonly globalMagnitude: CompactAgreement | null;
  readonly layerwiseMagnitude: CompactAgreement | null;
}

export interface CompactAgreement {
  readonly same: boolean;
  /** Bounds; equal where the fraction is known exactly. */
  readonly agreement: readonly [low: number | null, high: number | null];
}

const ASSUMPTIONS =
  'Values are taken as float32; statistics are over positions where both are finite; limits are predictions from the weights alone.';

const LAYER_COLUMNS = [
  'name',
  'shape',
  'cosine',
  'relativeChange',
  'kolmogorovSmirnov',
  'kurtosisBefore',
  'kurtosisAfter',
  'limitBefore',
  'limitAfter',
  'zeroFractionBefore',
  'zeroFractionAfter',
];

/** Enough of what is not common to see why; there can be as many as tensors. */
const MAX_NOT_COMMON = 10;

/** The part of a comparison that is worth a model's context. */
export function comparisonResult(
  { before, after, tensors, pair, pruning, warnings }: ComparisonReport,
  { maxLayers }: { readonly maxLayers: number },
): ComparisonResult {
  const count = (wanted: TensorChange): number => tensors.filter(({ change }) => change === wanted).length;
  const notCommon = tensors.filter(({ change }) => change !== 'common');
  return {
    schema: 'prunability-agent-comparison/1',
    answer: answer(pair, pruning),
    before: side(before),
    after: side(after),
    tensors: {
      common: count('common'),
      added: count('added'),
      removed: count('removed'),
      reshaped: count('reshaped'),
    },
    weights: pair === null ? null : weights(pair),
    pruning: pruning === null ? null : compactPruning(pruning),
    layers: layerTable(tensors, maxLayers),
    ...(notCommon.length === 0 ? {} : { notCommon: notCommonTable(notCommon) }),
    warnings: compactWarnings(warnings),
    assumptions: ASSUMPTIONS,
  };
}

function answer(pair: PairStatistics | null, pruning: PruningComparison | null): string {
  if (pair === null)
    return 'The two checkpoints have no prunable tensor in common that can be compared value by value.';
  if (pair.equalCount === pair.count) return 'All common prunable values are the same.';
  const cosine = pair.cosineSimilarity === null ? 'undefined' : String(compactCosine(pair.cosineSimilarity));
  const alike = `The cosine similarity of the common prunable weights is ${cosine}.`;
  if (pruning === null) return alike;
  const { prunedFraction, prunedCount, globalMagnitude, layerwiseMagnitude } = pruning;
  const rule = isFollowed(globalMagnitude)
    ? 'exactly those that global magnitude pruning would take'
    : isFollowed(layerwiseMagnitude)
      ? 'exactly those that magnitude pruning layer by layer would take'
      : 'not those that magnitude pruning would take';
  return `${percentText(prunedFraction)} of the common prunable values are zero after, ${formatCount(prunedCount)} of them newly: ${rule}. ${alike}`;
}

function side({ file, model, limit, zeroFraction }: ComparedModel): ComparedSide {
  return {
    ...compactFile(file),
    prunable: model.prunableCount,
    limit: compactNumber(limit),
    kurtosis: compactNumber(model.kurtosisWeights ?? model.kurtosis),
    zeroFraction: compactNumber(zeroFraction),
    initialisation: model.initialisation,
  };
}

function weights(pair: PairStatistics): ComparisonResult['weights'] {
  return {
    cosineSimilarity: compactCosine(pair.cosineSimilarity),
    relativeChange: compactNumber(pair.relativeChange),
    maxChange: compactNumber(pair.maxChange),
    equalFraction: pair.count === 0 ? null : compactNumber(pair.equalCount / pair.count),
    maskOverlap: compactNumber(pair.maskOverlap),
  };
}

function compactPruning(pruning: PruningComparison): CompactPruning {
  return {
    prunedFraction: compactNumber(pruning.prunedFraction),
    prunedCount: pruning.prunedCount,
    revivedCount: pruning.revivedCount,
    unchangedFraction: compactNumber(pruning.unchangedFraction),
    globalMagnitude: compactAgreement(pruning.globalMagnitude),
    layerwiseMagnitude: compactAgreement(pruning.layerwiseMagnitude),
  };
}

function compactAgreement(rule: RuleAgreement | null): CompactAgreement | null {
  if (rule === null) return null;
  const [low, high] = rule.interval;
  return { same: rule.same, agreement: [compactNumber(low), compactNumber(high)] };
}

function isFollowed(rule: RuleAgreement | null): boolean {
  return rule?.same === true;
}

function layerTable(tensors: readonly TensorComparison[], maxLayers: number): CompactTable {
  const layers = tensors.filter(({ change, before }) => change === 'common' && before?.prunable === true);
  const shown = [...layers].sort((a, b) => cosine(a) - cosine(b)).slice(0, maxLayers);
  const omitted = layers.length - shown.length;
  return {
    columns: LAYER_COLUMNS,
    rows: shown.map(({ name, before, after, pair, shift }) => [
      compactName(name),
      before?.shape.join('x') ?? null,
      compactCosine(pair?.cosineSimilarity),
      compactNumber(pair?.relativeChange),
      compactNumber(shift?.kolmogorovSmirnov),
      compactNumber(before?.kurtosis),
      compactNumber(after?.kurtosis),
      compactNumber(before?.limit),
      compactNumber(after?.limit),
      zeroFraction(before),
      zeroFraction(after),
    ]),
    omitted,
    ...(omitted > 0 ? { more: `maxLayers (at most ${MAX_LAYERS})` } : {}),
  };
}

/** A layer without a cosine (all zero on one side) has changed beyond measure, unless nothing in it has. */
function cosine({ pair }: TensorComparison): number {
  if (pair === null || pair.equalCount === pair.count) return 1;
  return pair.cosineSimilarity ?? -1;
}

function zeroFraction(tensor: TensorComparison['before']): number | null {
  return tensor === null || tensor.count === 0 ? null : compactNumber(tensor.zeroCount / tensor.count);
}

function notCommonTable(tensors: readonly TensorComparison[]): CompactTable {
  return {
    columns: ['name', 'change', 'shapeBefore', 'shapeAfter'],
    rows: tensors
      .slice(0, MAX_NOT_COMMON)
      .map(({ name, change, before, after }) => [
        compactName(name),
        change,
        before?.shape.join('x') ?? null,
        after?.shape.join('x') ?? null,
      ]),
    omitted: Math.max(0, tensors.length - MAX_NOT_COMMON),
  };
}
