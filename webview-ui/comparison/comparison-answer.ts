import * as l10n from '@vscode/l10n';
import type { AnalysisStatus } from '../../src/protocol/panel';
import type {
  ComparedModel,
  PairStatistics,
  PruningComparison,
  RuleAgreement,
  TensorComparison,
} from '../../src/report/comparison';
import { fixed, grouped, limitPercent, percent } from '../../src/report/number-text';
import { isChanged } from './comparison-rows';
import { changeText, cosineText, fromTo, intervalText } from './difference-text';
import { figure } from './emphasis';
import { pairTotals } from './pair-totals';

/** From this share of newly zero positions on, the one is a pruned copy of the other. Fewer are accidents of rounding. */
export const PRUNED_SHARE = 0.005;
/** Under this cosine two large vectors have nothing to do with each other. */
const UNRELATED_COSINE = 0.1;

/** What lies between the two, in one sentence, and what else there is to know. */
export interface ComparisonAnswer {
  /** Figures are marked (emphasis.ts). */
  readonly sentence: string;
  readonly notes: readonly string[];
  /** `caution`: the two do not belong together, or the figures mean little. */
  readonly tone: 'plain' | 'caution';
}

/** What the answer is made from. */
export interface ComparisonFacts {
  readonly status: AnalysisStatus;
  readonly before: ComparedModel | undefined;
  readonly after: ComparedModel | undefined;
  readonly tensors: readonly TensorComparison[];
  readonly pair: PairStatistics | null;
  readonly pruning: PruningComparison | null;
  /** The report is there: everything has been compared. */
  readonly complete: boolean;
  readonly fractionRead: number;
}

/** Undefined as long as nothing can be said. */
export function comparisonAnswer(facts: ComparisonFacts): ComparisonAnswer | undefined {
  const { tensors, complete } = facts;
  const common = tensors.filter(({ change }) => change === 'common');
  if (!complete) return partialAnswer(facts, common.length);
  const structure = structureNotes(tensors);
  if (common.length === 0) return nothingInCommon(tensors, structure);
  if (!common.some(isChanged)) return identical(facts, structure);
  const { pair, pruning } = facts;
  if (pair === null) {
    return {
      sentence: l10n.t('The weights cannot be compared: no prunable tensor is in both.'),
      notes: [l10n.t('Tensors that differ are listed below.'), ...structure],
      tone: 'caution',
    };
  }
  if (pruning !== null && pruning.prunedCount >= PRUNED_SHARE * pair.count) return pruned(pruning, facts, structure);
  if (pair.equalCount === pair.count) {
    return {
      sentence: l10n.t('All weights are identical; other tensors differ.'),
      notes: [
        l10n.t('Buffers, constants or optimiser state differ, or the type that the values are stored in.'),
        ...structure,
      ],
      tone: 'plain',
    };
  }
  return moved(pair, facts, structure);
}

function partialAnswer(facts: ComparisonFacts, common: number): ComparisonAnswer | undefined {
  const { pair, status, fractionRead } = facts;
  if (pair === null) return undefined;
  const read = percent(fractionRead);
  const sentence =
    pair.equalCount === pair.count
      ? l10n.t('So far, the weights are identical.')
      : l10n.t(
          'So far, the weights differ by {0} (relative change), cosine {1}.',
          figure(changeText(pair.relativeChange)),
          figure(cosineText(pair.cosineSimilarity)),
        );
  const note =
    status.state === 'running'
      ? l10n.t('From {0} of the files and {1} tensors so far.', read, grouped(common))
      : l10n.t('Partial: from {0} of the files and {1} tensors.', read, grouped(common));
  return { sentence, notes: [note], tone: 'plain' };
}

function nothingInCommon(tensors: readonly TensorComparison[], structure: readonly string[]): ComparisonAnswer {
  const reshaped = tensors.filter(({ change }) => change === 'reshaped').length;
  return {
    sentence:
      reshaped > 0
        ? l10n.t('These two have no tensor of the same name and shape in common.')
        : l10n.t('These two have no tensor in common.'),
    notes: [l10n.t('Tensors are matched by name: two networks, or two ways of naming the same one.'), ...structure],
    tone: 'caution',
  };
}

function identical({ before, after, tensors }: ComparisonFacts, structure: readonly string[]): ComparisonAnswer {
  const values = tensors.reduce((sum, { pair }) => sum + (pair?.count ?? 0), 0);
  const formats =
    before !== undefined && after !== undefined && before.file.formatLabel !== after.file.formatLabel
      ? [l10n.t('Stored once as {0} and once as {1}.', before.file.formatLabel, after.file.formatLabel)]
      : [];
  const holes = tensors.some(({ before: side }) => side !== null && side.nanCount + side.infCount > 0)
    ? [l10n.t('Values that are not finite are left out.')]
    : [];
  return {
    sentence:
      structure.length === 0 && !tensors.some(isNotCompared)
        ? l10n.t('Both hold identical values.')
        : l10n.t('What can be compared of the two holds identical values.'),
    notes: [l10n.t('All {0} values are equal.', grouped(values)), ...formats, ...holes, ...structure],
    tone: 'plain',
  };
}

/** A tensor on both sides whose values cannot be put side by side; a warning says why. */
function isNotCompared({ change, pair }: TensorComparison): boolean {
  return change === 'common' && pair === null;
}

function pruned(
  pruning: PruningComparison,
  { pair, before, after }: ComparisonFacts,
  structure: readonly string[],
): ComparisonAnswer {
  const share = figure(percent(pruning.prunedFraction, 1));
  const { globalMagnitude: whole, layerwiseMagnitude: byTensor } = pruning;
  const zerosBefore = pair === null || pair.count === 0 ? 0 : pair.zerosBefore / pair.count;
  return {
    sentence: `${
      zerosBefore >= PRUNED_SHARE
        ? l10n.t('{0} of the weights are pruned, {1} were before.', share, figure(limitPercent(zerosBefore)))
        : l10n.t('{0} of the weights were pruned.', share)
    } ${ruleSentence(whole, byTensor)}`,
    notes: [
      ...survivors(pruning, pair),
      ...(before === undefined || after === undefined || before.limit === null
        ? []
        : [limitNote(pruning.prunedFraction, before.limit)]),
      ...structure,
    ],
    tone: 'plain',
  };
}

function ruleSentence(whole: RuleAgreement | null, byTensor: RuleAgreement): string {
  if (whole === null) {
    return byTensor.same
      ? l10n.t('The L1 rule with a threshold for each tensor would have chosen the same weights.')
      : l10n.t(
          'The L1 rule with a threshold for each tensor would have chosen {0} of the same weights.',
          figure(intervalText(byTensor.interval)),
        );
  }
  if (whole.same) return l10n.t('The L1 rule with one threshold would have chosen the same weights.');
  if (byTensor.same) {
    return l10n.t(
      'The L1 rule with a threshold for each tensor would have chosen the same weights; with one threshold, {0} of them.',
      figure(intervalText(whole.interval)),
    );
  }
  return l10n.t(
    'The L1 rule with one threshold would have chosen {0} of the same weights; with a threshold for each tensor, {1}.',
    figure(intervalText(whole.interval)),
    figure(intervalText(byTensor.interval)),
  );
}

function survivors(
  { unchangedFraction, revivedCount }: PruningComparison,
  pair: PairStatistics | null,
): readonly string[] {
  const notes: string[] = [];
  if (unchangedFraction === 1) notes.push(l10n.t('The weights that stayed are unchanged: not fine-tuned since.'));
  else if (unchangedFraction !== null) {
    notes.push(
      l10n.t(
        'Of the weights that stayed, {0} are unchanged; cosine {1} over all.',
        limitPercent(unchangedFraction),
        cosineText(pair?.cosineSimilarity),
      ),
    );
  }
  if (revivedCount > 0) notes.push(l10n.t('{0} weights that were zero are no longer.', grouped(revivedCount)));
  return notes;
}

function limitNote(prunedFraction: number, limit: number): string {
  return prunedFraction > limit
    ? l10n.t('That is beyond the limit of {0} predicted from the weights before.', limitPercent(limit))
    : l10n.t('The limit predicted from the weights before is {0}.', limitPercent(limit));
}

function moved(
  pair: PairStatistics,
  { before, after, tensors }: ComparisonFacts,
  structure: readonly string[],
): ComparisonAnswer {
  const change = figure(changeText(pair.relativeChange));
  const cosine = figure(cosineText(pair.cosineSimilarity));
  const equal =
    pair.equalCount === 0
      ? []
      : [l10n.t('{0} of {1} weights are unchanged.', grouped(pair.equalCount), grouped(pair.count))];
  // normalisation weights are near 1 in any two networks: by them alone, all are alike
  const matrices = pairTotals(tensors.filter(({ before: side }) => (side?.shape.length ?? 0) >= 2))?.cosineSimilarity;
  if (typeof matrices === 'number' && matrices < UNRELATED_COSINE) {
    return {
      sentence: l10n.t(
        'These weights have nothing to do with each other: cosine {0} over the tensors of two and more dimensions.',
        figure(fixed(matrices, 2)),
      ),
      notes: [
        l10n.t('The same network trained from another start, or tensors of the same name by chance.'),
        ...structure,
      ],
      tone: 'caution',
    };
  }
  const [kurtosisBefore, kurtosisAfter] = [before, after].map((side) => fixed(modelKurtosis(side), 1));
  const kurtosis = figure(fromTo(kurtosisBefore ?? '', kurtosisAfter ?? ''));
  const [limitBefore, limitAfter] = [before?.limit ?? null, after?.limit ?? null];
  const sentence =
    limitBefore === null || limitAfter === null
      ? l10n.t('The weights moved by {0} (relative change), cosine {1}; kurtosis {2}.', change, cosine, kurtosis)
      : l10n.t(
          'The weights moved by {0} (relative change), cosine {1}; predicted limit {2}, kurtosis {3}.',
          change,
          cosine,
          figure(fromTo(limitPercent(limitBefore), limitPercent(limitAfter))),
          kurtosis,
        );
  return { sentence, notes: [...equal, ...structure], tone: 'plain' };
}

/** Kurtosis over the same tensors as the limit: those of two and more dimensions, if there are any. */
export function modelKurtosis(side: ComparedModel | undefined): number | null {
  if (side === undefined) return null;
  return side.model.weightCount > 0 ? side.model.kurtosisWeights : side.model.kurtosis;
}

/** What was added, removed and reshaped. */
function structureNotes(tensors: readonly TensorComparison[]): readonly string[] {
  const count = { common: 0, added: 0, removed: 0, reshaped: 0 };
  for (const { change } of tensors) count[change]++;
  return [
    ...(count.added === 0
      ? []
      : [
          count.added === 1 ? l10n.t('One tensor was added.') : l10n.t('{0} tensors were added.', grouped(count.added)),
        ]),
    ...(count.removed === 0
      ? []
      : [
          count.removed === 1
            ? l10n.t('One tensor was removed.')
            : l10n.t('{0} tensors were removed.', grouped(count.removed)),
        ]),
    ...(count.reshaped === 0
      ? []
      : [
          count.reshaped === 1
            ? l10n.t('One tensor has another shape.')
            : l10n.t('{0} tensors have another shape.', grouped(count.reshaped)),
        ]),
  ];
}
