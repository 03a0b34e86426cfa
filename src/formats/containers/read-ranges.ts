import type { RandomAccessSource } from '../source';

/** Reads under way at the same time: on a network disk they wait for each other otherwise. */
const CONCURRENT_READS = 32;

/** Ranges with less than this between them are read together: a read costs as much as this many bytes. */
const MAX_GAP = 4096;

/** Ranges that are next to each other are read together up to this size. */
const MAX_READ_BYTES = 1024 * 1024;

/** A run of bytes of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads many short ranges of a file: those that are close together at once, and several at a time.
 * @returns the bytes of each, in the order of `ranges`
 * @throws {FormatError} if one is not inside the file
 */
export async function readRanges(
  source: RandomAccessSource,
  ranges: readonly ByteRange[],
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = new Array<Uint8Array>(ranges.length);
  const runs = runsOf(ranges);
  const readRun = async ({ start, end, members }: Run): Promise<void> => {
    const bytes = await source.read(start, end - start, signal);
    for (const index of members) {
      const range = ranges[index];
      if (range !== undefined) {
        found[index] = bytes.subarray(range.offset - start, range.offset - start + range.length);
      }
    }
  };
  for (let first = 0; first < runs.length; first += CONCURRENT_READS) {
    await Promise.all(runs.slice(first, first + CONCURRENT_READS).map(readRun));
  }
  return found;
}

interface Run {
  readonly start: number;
  end: number;
  readonly members: number[];
}

function runsOf(ranges: readonly ByteRange[]): Run[] {
  const runs: Run[] = [];
  const order = [...ranges.keys()].sort((a, b) => (ranges[a]?.offset ?? 0) - (ranges[b]?.offset ?? 0));
  for (const index of order) {
    const { offset = 0, length = 0 } = ranges[index] ?? {};
    const last = runs.at(-1);
    const end = offset + length;
    if (last !== undefined && offset - last.end <= MAX_GAP && end - last.start <= MAX_READ_BYTES) {
      last.end = Math.max(last.end, end);
      last.members.push(index);
    } else runs.push({ start: offset, end, members: [index] });
  }
  return runs;
}
