import { namesOf } from '../limits/warnings';
import {
  COMPARISON_SCHEMA,
  type ComparedModel,
  type ComparisonReport,
  type PruningComparison,
  type TensorComparison,
} from '../report/comparison';
import type { ModelReport, ReportWarning, TensorReport } from '../report/report';
import type { ValueCells } from '../sketch/cells';
import { distributionShift } from './distribution-shift';
import { JointMagnitudes, type MagnitudeBins } from './joint-magnitudes';
import type { Matching, TensorMatch } from './match-tensors';
import { addPairSums, NO_PAIRS, pairStatistics, type PairSums } from './pair-sums';
import { addOverlaps, magnitudeOverlap, NO_OVERLAP, ruleAgreement } from './rule-agreement';

/** One side as its analysis has it; `cells` by index of the tensor. */
export interface AnalyzedModel {
  readonly report: ModelReport;
  readonly cells: readonly (ValueCells | undefined)[];
}

/** What reading a tensor of both sides at once gives. */
export interface PairReading {
  readonly sums: PairSums;
  /** Of prunable tensors, if pruning is asked about. */
  readonly magnitudes?: MagnitudeBins | undefined;
}

/** Puts a comparison together, tensor by tensor, in any order: what it says does not depend on it. */
export class ComparisonBuilder {
  private readonly comparisons: (TensorComparison | undefined)[];
  private readonly counted: ReadonlySet<TensorMatch>;
  private readonly notCompared = new Set<TensorMatch>();
  /** Of the matches that count: added up in the end, as the last bits depend on the order. */
  private readonly sums = new Map<TensorMatch, PairSums>();
  /** Made when something was pruned: of most comparisons nothing is. */
  private magnitudes: JointMagnitudes | undefined;
  private layerwise = NO_OVERLAP;

  constructor(
    private readonly before: AnalyzedModel,
    private readonly after: AnalyzedModel,
    private readonly matching: Matching,
  ) {
    this.comparisons = new Array<TensorComparison | undefined>(matching.matches.length);
    this.counted = countedOnce(before.report, after.report, matching);
  }

  /** Adds a match; `reading` is undefined where the two sides are not, or cannot be, compared position by position. */
  add(index: number, reading: PairReading | undefined): TensorComparison {
    const match = this.matching.matches[index];
    if (match === undefined) throw new RangeError(`There is no match ${index}`);
    const before = tensorOf(this.before.report, match.before);
    const after = tensorOf(this.after.report, match.after);
    if (match.change === 'common' && reading === undefined) this.notCompared.add(match);
    const comparison: TensorComparison = {
      name: before?.name ?? after?.name ?? '',
      change: match.change,
      before,
      after,
      pair: reading === undefined ? null : pairStatistics(reading.sums),
      shift: this.shift(match, before),
      pruning: reading === undefined ? null : this.addPruning(reading, this.counted.has(match)),
    };
    if (reading !== undefined && this.counted.has(match)) this.sums.set(match, reading.sums);
    this.comparisons[index] = comparison;
    return comparison;
  }

  /** The report, once every match has been added. */
  report(seconds: number): ComparisonReport {
    const sums = this.matching.matches.reduce(
      (total, match) => addPairSums(total, this.sums.get(match) ?? NO_PAIRS),
      NO_PAIRS,
    );
    const global = this.magnitudes === undefined ? undefined : magnitudeOverlap(this.magnitudes.drain());
    return {
      schema: COMPARISON_SCHEMA,
      before: comparedModel(this.before.report),
      after: comparedModel(this.after.report),
      tensors: this.comparisons.filter((comparison) => comparison !== undefined),
      pair: sums.count === 0 ? null : pairStatistics(sums),
      pruning:
        global === undefined
          ? null
          : {
              ...pruningCounts(sums),
              globalMagnitude: ruleAgreement(global),
              layerwiseMagnitude: ruleAgreement(this.layerwise),
            },
      warnings: this.warnings(),
      seconds,
    };
  }

  private shift(match: TensorMatch, before: TensorReport | null): TensorComparison['shift'] {
    const cellsBefore = match.before === null ? undefined : this.before.cells[match.before];
    const cellsAfter = match.after === null ? undefined : this.after.cells[match.after];
    if (cellsBefore === undefined || cellsAfter === undefined) return null;
    return distributionShift(cellsBefore, cellsAfter, before?.std ?? null);
  }

  /**
   * A tensor of which nothing was pruned was kept out of the prune, as biases are: the model's one threshold is over the
   * others.
   */
  private addPruning({ sums, magnitudes }: PairReading, counted: boolean): PruningComparison | null {
    if (magnitudes === undefined || sums.zerosAfter === sums.zerosBoth) return null;
    const overlap = magnitudeOverlap(magnitudes);
    if (counted) {
      this.magnitudes ??= new JointMagnitudes();
      this.magnitudes.add(magnitudes);
      this.layerwise = addOverlaps(this.layerwise, overlap);
    }
    return { ...pruningCounts(sums), globalMagnitude: null, layerwiseMagnitude: ruleAgreement(overlap) };
  }

  private warnings(): ReportWarning[] {
    const { matches, stripped } = this.matching;
    const warnings: ReportWarning[] = [];
    if (!matches.some(({ change }) => change === 'common')) {
      const message =
        'No tensor has the same name and shape in both files, so there is nothing to compare value by value: are they checkpoints of the same network?';
      warnings.push({ code: 'nothing-in-common', message });
    }
    if (stripped !== null) {
      const message = `All names ${stripped.side === 'before' ? 'of the first file' : 'of the second file'} begin with "${stripped.prefix}": tensors are matched without it.`;
      warnings.push({ code: 'matched-without-prefix', message });
    }
    const notCompared = this.namesOfMatches(matches.filter((match) => this.notCompared.has(match)));
    if (notCompared.length > 0) {
      const message = `The values of ${namesOf(notCompared)} cannot be compared position by position: they are complex numbers, or stored in an order that would take too much memory to change. Their distributions are compared all the same.`;
      warnings.push({ code: 'not-compared-by-position', message, tensors: notCompared });
    }
    const nonFinite = this.namesOfMatches(
      matches.filter(
        ({ change, before, after }) =>
          change === 'common' &&
          (hasNonFinite(tensorOf(this.before.report, before)) || hasNonFinite(tensorOf(this.after.report, after))),
      ),
    );
    if (nonFinite.length > 0) {
      const message = `There are NaN or infinite values in ${namesOf(nonFinite)}: positions where either file has one are left out.`;
      warnings.push({ code: 'non-finite', message, tensors: nonFinite });
    }
    return warnings;
  }

  private namesOfMatches(matches: readonly TensorMatch[]): string[] {
    return matches.map(({ before }) => tensorOf(this.before.report, before)?.name ?? '');
  }
}

/** What is said of one side. */
export function comparedModel({ file, model, limits, tensors }: ModelReport): ComparedModel {
  const limit = (['weights', 'parameters'] as const)
    .map((wanted) => limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === wanted))
    .find((estimate) => estimate !== undefined);
  const own = tensors.filter(({ prunable, aliasOf }) => prunable && aliasOf === undefined);
  const zeros = own.reduce((sum, { zeroCount }) => sum + zeroCount, 0);
  return {
    file,
    model,
    limit: limit?.prunedFraction ?? null,
    zeroFraction: model.prunableCount === 0 ? 0 : zeros / model.prunableCount,
  };
}

/** Whether a match is one of two tensors that a limit would prune, with values at the same positions. */
function isPrunablePair(before: ModelReport, after: ModelReport, match: TensorMatch): boolean {
  return (
    match.change === 'common' &&
    tensorOf(before, match.before)?.prunable === true &&
    tensorOf(after, match.after)?.prunable === true
  );
}

/**
 * The prunable pairs that make up the model as one vector: memory that several tensors share, on either side, counts
 * once.
 */
function countedOnce(before: ModelReport, after: ModelReport, { matches }: Matching): Set<TensorMatch> {
  const prunable = matches.filter((match) => isPrunablePair(before, after, match));
  const aliases = (match: TensorMatch): (string | undefined)[] => [
    tensorOf(before, match.before)?.aliasOf,
    tensorOf(after, match.after)?.aliasOf,
  ];
  const ownersOf = (match: TensorMatch): [string, string] => [
    owner(tensorOf(before, match.before)),
    owner(tensorOf(after, match.after)),
  ];
  const counted = new Set<TensorMatch>();
  const ownersBefore = new Set<string>();
  const ownersAfter = new Set<string>();
  const isAlias = (match: TensorMatch): boolean => aliases(match).some((name) => name !== undefined);
  // Originals first: an alias counts only where its original has no partner.
  for (const match of [...prunable.filter((each) => !isAlias(each)), ...prunable.filter(isAlias)]) {
    const [left, right] = ownersOf(match);
    if (ownersBefore.has(left) || ownersAfter.has(right)) continue;
    counted.add(match);
    ownersBefore.add(left);
    ownersAfter.add(right);
  }
  return counted;
}

function owner(tensor: TensorReport | null): string {
  return tensor?.aliasOf ?? tensor?.name ?? '';
}

function pruningCounts(
  sums: PairSums,
): Pick<PruningComparison, 'prunedCount' | 'revivedCount' | 'prunedFraction' | 'unchangedFraction'> {
  const { count, equalCount, zerosBefore, zerosAfter, zerosBoth } = sums;
  const survivors = count - zerosAfter;
  return {
    prunedCount: zerosAfter - zerosBoth,
    revivedCount: zerosBefore - zerosBoth,
    prunedFraction: zerosAfter / count,
    unchangedFraction: survivors === 0 ? null : (equalCount - zerosBoth) / survivors,
  };
}

function tensorOf({ tensors }: ModelReport, index: number | null): TensorReport | null {
  return index === null ? null : (tensors[index] ?? null);
}

function hasNonFinite(tensor: TensorReport | null): boolean {
  return tensor !== null && tensor.nanCount + tensor.infCount > 0;
}
