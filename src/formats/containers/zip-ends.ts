/**
 * The table of contents of a small zip archive of which only the first and the last bytes are at hand: archives in
 * archives come by the ten thousand, and {@link ZipArchive} reads 64 KB and more of each. What is not plain (a comment,
 * a table that is longer, entries that are compressed) is left to it.
 */

/** An entry that is stored as it is. */
export interface PlainEntry {
  readonly name: string;
  /** Offset in the archive of its first byte, and number of bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Signatures and fixed sizes of the records (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.14 to 4.3.16). */
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const RECORD = { signature: 0x02014b50, bytes: 46 } as const;
const END = { signature: 0x06054b50, bytes: 22 } as const;
const LOCATOR = { signature: 0x07064b50, bytes: 20 } as const;
const END64 = { signature: 0x06064b50, bytes: 56 } as const;

const ZIP64_FIELD = 1;
const MISSING_32 = 0xffffffff;

/** The parts of an archive that are in memory. */
export interface ArchiveEnds {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Bytes of the whole archive; head and tail may overlap. */
  readonly size: number;
}

/**
 * The entries, by name, whose bytes are in the archive as they are and whose local headers are in the head; undefined
 * if the archive is not so plain that this can be told.
 */
export function plainEntries(ends: ArchiveEnds): ReadonlyMap<string, PlainEntry> | undefined {
  const view = new EndsView(ends);
  const end = ends.size - END.bytes;
  if (!view.has(end, END.bytes) || view.u32(end) !== END.signature || view.u16(end + 20) !== 0) return undefined;
  let count = view.u16(end + 10);
  let bytes = view.u32(end + 12);
  let start = view.u32(end + 16);
  if (start === MISSING_32 || bytes === MISSING_32 || count === 0xffff) {
    const locator = end - LOCATOR.bytes;
    if (!view.has(locator, LOCATOR.bytes) || view.u32(locator) !== LOCATOR.signature) return undefined;
    const end64 = view.u64(locator + 8);
    if (!view.has(end64, END64.bytes) || view.u32(end64) !== END64.signature) return undefined;
    [count, bytes, start] = [view.u64(end64 + 32), view.u64(end64 + 40), view.u64(end64 + 48)];
  }
  if (!view.has(start, bytes) || start + bytes > end || count * RECORD.bytes > bytes) return undefined;
  return readRecords(view, count, start, start + bytes);
}

function readRecords(
  view: EndsView,
  count: number,
  start: number,
  end: number,
): ReadonlyMap<string, PlainEntry> | undefined {
  const entries = new Map<string, PlainEntry>();
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + RECORD.bytes > end || view.u32(at) !== RECORD.signature) return undefined;
    const nameBytes = view.u16(at + 28);
    const extraBytes = view.u16(at + 30);
    const next = at + RECORD.bytes + nameBytes + extraBytes + view.u16(at + 32);
    if (next > end) return undefined;
    const name = view.text(at + RECORD.bytes, nameBytes);
    const entry = plainEntry(view, at, name, at + RECORD.bytes + nameBytes, extraBytes, start);
    if (entry === undefined || entries.has(name)) return undefined;
    entries.set(name, entry);
    at = next;
  }
  return entries;
}

function plainEntry(
  view: EndsView,
  record: number,
  name: string,
  extra: number,
  extraBytes: number,
  directory: number,
): PlainEntry | undefined {
  let stored = view.u32(record + 20);
  let size = view.u32(record + 24);
  let header = view.u32(record + 42);
  if (stored === MISSING_32 || size === MISSING_32 || header === MISSING_32) {
    const wide = zip64Field(view, extra, extraBytes);
    // The values follow in this order, those that are missing only (APPNOTE.TXT 4.5.3).
    if (size === MISSING_32) size = wide.shift() ?? NaN;
    if (stored === MISSING_32) stored = wide.shift() ?? NaN;
    if (header === MISSING_32) header = wide.shift() ?? NaN;
  }
  const isPlain = view.u16(record + 10) === 0 && (view.u16(record + 8) & 1) === 0 && stored === size;
  if (!isPlain || !view.has(header, LOCAL.bytes) || view.u32(header) !== LOCAL.signature) return undefined;
  const offset = header + LOCAL.bytes + view.u16(header + 26) + view.u16(header + 28);
  return offset + size <= directory ? { name, offset, size } : undefined;
}

function zip64Field(view: EndsView, extra: number, extraBytes: number): number[] {
  for (let at = extra; at + 4 <= extra + extraBytes;) {
    const length = view.u16(at + 2);
    if (view.u16(at) === ZIP64_FIELD && at + 4 + length <= extra + extraBytes) {
      return Array.from({ length: Math.floor(length / 8) }, (_, index) => view.u64(at + 4 + 8 * index));
    }
    at += 4 + length;
  }
  return [];
}

/** Both ends by offsets in the archive. */
class EndsView {
  private readonly head: Buffer;
  private readonly tail: Buffer;
  private readonly tailStart: number;

  constructor(private readonly ends: ArchiveEnds) {
    const { head, tail, size } = ends;
    this.head = Buffer.from(head.buffer, head.byteOffset, head.length);
    this.tail = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
    this.tailStart = size - tail.length;
  }

  /** Whether these bytes are at hand, in one of the two parts. */
  has(offset: number, length: number): boolean {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) return false;
    return offset + length <= this.head.length || (offset >= this.tailStart && offset + length <= this.ends.size);
  }

  u16(offset: number): number {
    return offset + 2 <= this.head.length
      ? this.head.readUInt16LE(offset)
      : this.tail.readUInt16LE(offset - this.tailStart);
  }

  u32(offset: number): number {
    return offset + 4 <= this.head.length
      ? this.head.readUInt32LE(offset)
      : this.tail.readUInt32LE(offset - this.tailStart);
  }

  /** Rounded above 2^53, which no check against the size of anything passes. */
  u64(offset: number): number {
    return this.u32(offset + 4) * 2 ** 32 + this.u32(offset);
  }

  text(offset: number, length: number): string {
    if (offset + length <= this.head.length) return this.head.toString('utf8', offset, offset + length);
    const at = offset - this.tailStart;
    return this.tail.toString('utf8', at, at + length);
  }
}
