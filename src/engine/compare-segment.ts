import type { JointMagnitudes } from '../compare/joint-magnitudes';
import { addPairSums, NO_PAIRS, pairSums } from '../compare/pair-sums';
import type { ExtentReader } from './extent-reader';
import { SEGMENT_ELEMENTS } from './plan';
import { ValueStream } from './value-stream';
import type { PairResult, PairSegment, WorkerFile } from './worker-protocol';

/** Values of each side at a time: both blocks stay in the processor's cache, and a sum of so many loses nothing. */
const BLOCK_ELEMENTS = 65_536;

/**
 * Reads the same run of elements on both sides and compares them. A run that could not be cut beforehand gives one
 * result for each {@link SEGMENT_ELEMENTS}, so that how a tensor was read changes nothing in its sums.
 *
 * @param counter is used, and left empty unless reading fails.
 * @throws {FormatError} if a file cannot be read to the end or its compressed data is damaged.
 */
export async function comparePair(
  segment: PairSegment,
  files: readonly WorkerFile[],
  reader: ExtentReader,
  counter: JointMagnitudes,
): Promise<PairResult[]> {
  const { tensor, ordinal, ordered, magnitudes } = segment;
  const { count } = segment.before;
  const before = new ValueStream(segment.before, files, reader, ordered, BLOCK_ELEMENTS);
  const after = new ValueStream(segment.after, files, reader, ordered, BLOCK_ELEMENTS);
  const results: PairResult[] = [];
  counter.clear();
  for (let start = 0; start < count; start += SEGMENT_ELEMENTS) {
    const end = Math.min(count, start + SEGMENT_ELEMENTS);
    let sums = NO_PAIRS;
    for (let done = start; done < end; done += BLOCK_ELEMENTS) {
      const length = Math.min(BLOCK_ELEMENTS, end - done);
      const left = await before.next(length);
      const right = await after.next(length);
      sums = addPairSums(sums, pairSums(left, right));
      if (magnitudes) counter.count(left, right);
    }
    const result = { tensor, ordinal: ordinal + results.length, sums };
    results.push(magnitudes ? { ...result, magnitudes: counter.drain() } : result);
  }
  return results;
}

/** Buffers that a result may be sent with. */
export function pairTransfer({ magnitudes }: PairResult): ArrayBuffer[] {
  if (magnitudes === undefined) return [];
  const { codes, counts, pruned, highestPruned, lowestKept } = magnitudes;
  return [codes, counts, pruned, highestPruned, lowestKept].map((column) => column.buffer);
}
