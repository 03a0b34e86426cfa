import type { PairReading } from '../compare/comparison-builder';
import { JointMagnitudes, type MagnitudeBins } from '../compare/joint-magnitudes';
import { matchTensors, type Matching } from '../compare/match-tensors';
import { addPairSums, NO_PAIRS, type PairSums } from '../compare/pair-sums';
import type { Checkpoint } from '../formats/checkpoint';
import { isPrunable } from '../formats/roles';
import { bytesPerPair, pairBatches, planPairs, type PairPlan, type TensorPair } from './pair-plan';
import { Piecewise } from './piecewise';
import { segmentCount, segmentLength } from './plan';
import type { WorkerPool } from './worker-pool';
import type { PairResult } from './worker-protocol';

/** What there is to read of two models side by side. */
export interface PairReadingPlan {
  readonly before: Checkpoint;
  readonly after: Checkpoint;
  readonly matching: Matching;
  /** Tensors that both models have with the same shape, and the index of each one's match. */
  readonly pairs: readonly TensorPair[];
  readonly matches: readonly number[];
  readonly plan: PairPlan;
}

/** Matches the tensors of two models, by their headers alone. */
export function pairReadingPlan(before: Checkpoint, after: Checkpoint): PairReadingPlan {
  const matching = matchTensors(before.tensors, after.tensors);
  const pairs: TensorPair[] = [];
  const matches: number[] = [];
  matching.matches.forEach((match, index) => {
    const left = before.tensors[match.before ?? -1];
    const right = after.tensors[match.after ?? -1];
    if (match.change !== 'common' || left === undefined || right === undefined) return;
    const prunable = isPrunable(left.role, left.dtype) && isPrunable(right.role, right.dtype);
    pairs.push({ before: left, after: right, prunable });
    matches.push(index);
  });
  return { before, after, matching, pairs, matches, plan: planPairs(pairs) };
}

interface Sum {
  sums: PairSums;
  magnitudes: MagnitudeBins | undefined;
}

/**
 * Reads two models side by side, tensor by tensor. Only the order in which tensors come depends on the threads.
 *
 * @param options.magnitudes whether to count those of prunable tensors.
 * @param onMatch gets every match once, by index: first what is not read, without a reading, then the others as they come.
 * @param onBytes gets the number of bytes read so far, of `plan.totalBytes`.
 * @throws {FormatError} if a file cannot be read to the end, or has another size than when its header was read.
 * @throws CancelledError once the signal is raised and no thread reads any more.
 */
export async function readPairs(
  { before, after, matching, pairs, matches, plan }: PairReadingPlan,
  pool: WorkerPool,
  options: { readonly magnitudes: boolean },
  onMatch: (index: number, reading: PairReading | undefined) => void,
  onBytes: (bytesDone: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const onPair = (pair: number, reading: PairReading): void => {
    onMatch(matches[pair] ?? -1, reading);
  };
  const unreadable = new Set(plan.unreadable.map((pair) => matches[pair]));
  matching.matches.forEach(({ change }, index) => {
    if (change !== 'common' || unreadable.has(index)) onMatch(index, undefined);
  });
  for (const pair of plan.empty) onPair(pair, { sums: NO_PAIRS });
  const merger = new MagnitudeMerger();
  const collector = new Piecewise<Sum, PairResult>({
    pieces: (pair) => segmentCount(pairs[pair]?.before.count ?? 0),
    begin: () => ({ sums: NO_PAIRS, magnitudes: undefined }),
    add: (sum, { sums, magnitudes }) => {
      sum.sums = addPairSums(sum.sums, sums);
      sum.magnitudes = merger.merge(sum.magnitudes, magnitudes);
    },
    complete: (pair, reading) => {
      onPair(pair, reading);
      for (const copy of plan.copies.get(pair) ?? []) onPair(copy, reading);
    },
  });
  let bytesDone = 0;
  await pool.run(
    'compare',
    [...before.files, ...after.files],
    pairBatches(pairs, plan.toRead, before.files.length, options.magnitudes),
    (result) => {
      const pair = pairs[result.tensor];
      if (pair !== undefined) bytesDone += segmentLength(pair.before.count, result.ordinal) * bytesPerPair(pair);
      collector.add(result);
      onBytes(bytesDone);
    },
    signal,
  );
}

/** Adds bins up; needs memory only for tensors that were cut. */
class MagnitudeMerger {
  private counter: JointMagnitudes | undefined;

  merge(left: MagnitudeBins | undefined, right: MagnitudeBins | undefined): MagnitudeBins | undefined {
    if (left === undefined || right === undefined) return left ?? right;
    this.counter ??= new JointMagnitudes();
    this.counter.add(left);
    this.counter.add(right);
    return this.counter.drain();
  }
}
