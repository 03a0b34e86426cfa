import { damaged, highestBit, readHuffmanTable, type HuffmanTable } from './zstd-tables';

/** RFC 8878, 3.1.1.2.4. */
export const MAX_BLOCK_BYTES = 131_072;

/** Decoding goes from start to end without a pause, so that one buffer is enough. */
const LITERALS = new Uint8Array(MAX_BLOCK_BYTES);

/** The literals of the blocks of a frame (RFC 8878, 3.1.1.3.1): as they are, one that is repeated, or in a prefix code. */
export class ZstdLiterals {
  /** Those of the last block; valid until the next of any frame is read. */
  readonly bytes = LITERALS;
  private readonly view: DataView;
  private huffman: HuffmanTable | undefined;

  /** @param block what blocks are copied to, with room for four bytes more before and after each of them. */
  constructor(private readonly block: Uint8Array) {
    this.view = new DataView(block.buffer, block.byteOffset, block.length);
  }

  /** Forgets the prefix code: each frame begins without one. */
  reset(): void {
    this.huffman = undefined;
  }

  /**
   * Puts the literals of a block, which begins at `start`, into {@link bytes}.
   * @returns how many they are, and the place after them
   * @throws {ZstdError}
   */
  read(start: number, end: number): { count: number; next: number } {
    if (start >= end) throw damaged();
    const first = this.block[start] ?? 0;
    const type = first & 3;
    const format = (first >> 2) & 3;
    const word = this.view.getUint32(start, true);
    if (type < 2) {
      const header = format === 1 ? 2 : format === 3 ? 3 : 1;
      const count = header === 1 ? first >> 3 : header === 2 ? (word & 0xffff) >> 4 : (word & 0xffffff) >> 4;
      const at = start + header;
      const stored = type === 0 ? count : 1;
      if (count > MAX_BLOCK_BYTES || at + stored > end) throw damaged();
      if (type === 0) this.bytes.set(this.block.subarray(at, at + count));
      else this.bytes.fill(this.block[at] ?? 0, 0, count);
      return { count, next: at + stored };
    }
    const header = format < 2 ? 3 : format + 2;
    const bits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const count = (word >>> 4) & ((1 << bits) - 1);
    const upper = this.block[start + 4] ?? 0;
    const stored = bits === 18 ? (word >>> 22) | (upper << 10) : (word >>> (4 + bits)) & ((1 << bits) - 1);
    let at = start + header;
    const next = at + stored;
    if (count > MAX_BLOCK_BYTES || next > end) throw damaged();
    if (type === 2) {
      const read = readHuffmanTable(this.block, at, next);
      this.huffman = read.table;
      at = read.next;
    }
    if (this.huffman === undefined) throw damaged();
    if (format === 0) {
      this.huffmanStream(this.huffman, at, bitsOf(this.block, at, next), 0, count);
      return { count, next };
    }
    // A table of the lengths of the first three of four streams.
    if (at + 6 > next) throw damaged();
    const quarter = (count + 3) >> 2;
    if (3 * quarter > count) throw damaged();
    const stops: number[] = [at + 6];
    for (let stream = 0; stream < 3; stream++) {
      stops.push((stops[stream] ?? 0) + this.view.getUint16(at + 2 * stream, true));
    }
    if ((stops[3] ?? 0) > next) throw damaged();
    this.huffmanStreams(this.huffman, [...stops, next], quarter, count);
    return { count, next };
  }

  /**
   * Decodes four streams, in turns as far as all of them go: each symbol waits for the one before it in its stream, but
   * not for those of the others.
   * @param stops where the streams begin and end
   */
  private huffmanStreams(table: HuffmanTable, stops: readonly number[], quarter: number, count: number): void {
    const { view, bytes: literals } = this;
    const { entries, maxBits } = table;
    const mask = (1 << maxBits) - 1;
    const high = 24 - maxBits;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = stops;
    let l0 = bitsOf(this.block, s0, s1);
    let l1 = bitsOf(this.block, s1, s2);
    let l2 = bitsOf(this.block, s2, s3);
    let l3 = bitsOf(this.block, s3, s4);
    let at = 0;
    const end = count - 3 * quarter - 1;
    while (l0 >= 24 && l1 >= 24 && l2 >= 24 && l3 >= 24 && at < end) {
      const w0 = view.getUint32(s0 + ((l0 - 24) >> 3), true) >>> (l0 & 7);
      const w1 = view.getUint32(s1 + ((l1 - 24) >> 3), true) >>> (l1 & 7);
      const w2 = view.getUint32(s2 + ((l2 - 24) >> 3), true) >>> (l2 & 7);
      const w3 = view.getUint32(s3 + ((l3 - 24) >> 3), true) >>> (l3 & 7);
      const a0 = entries[(w0 >>> high) & mask]!;
      const a1 = entries[(w1 >>> high) & mask]!;
      const a2 = entries[(w2 >>> high) & mask]!;
      const a3 = entries[(w3 >>> high) & mask]!;
      const b0 = entries[(w0 >>> (high - (a0 >> 8))) & mask]!;
      const b1 = entries[(w1 >>> (high - (a1 >> 8))) & mask]!;
      const b2 = entries[(w2 >>> (high - (a2 >> 8))) & mask]!;
      const b3 = entries[(w3 >>> (high - (a3 >> 8))) & mask]!;
      l0 -= (a0 >> 8) + (b0 >> 8);
      l1 -= (a1 >> 8) + (b1 >> 8);
      l2 -= (a2 >> 8) + (b2 >> 8);
      l3 -= (a3 >> 8) + (b3 >> 8);
      literals[at] = a0;
      literals[at + 1] = b0;
      literals[at + quarter] = a1;
      literals[at + quarter + 1] = b1;
      literals[at + 2 * quarter] = a2;
      literals[at + 2 * quarter + 1] = b2;
      literals[at + 3 * quarter] = a3;
      literals[at + 3 * quarter + 1] = b3;
      at += 2;
    }
    this.huffmanStream(table, s0, l0, at, quarter);
    this.huffmanStream(table, s1, l1, at + quarter, 2 * quarter);
    this.huffmanStream(table, s2, l2, at + 2 * quarter, 3 * quarter);
    this.huffmanStream(table, s3, l3, at + 3 * quarter, count);
  }

  /** Decodes one stream, which is read from its end, `bits` before that, to the literals from `first` to `end`. */
  private huffmanStream(
    { entries, maxBits }: HuffmanTable,
    start: number,
    bits: number,
    first: number,
    end: number,
  ): void {
    const { view, bytes: literals } = this;
    const mask = (1 << maxBits) - 1;
    // Bits that are left, and where they begin as a number of bits from the start of the buffer.
    const origin = 8 * start;
    let left = bits;
    let at = first;
    // Two symbols for each load of 24 bits.
    const high = 24 - maxBits;
    while (left >= 24 && at + 1 < end) {
      const from = origin + left - 24;
      const word = view.getUint32(from >> 3, true) >>> (from & 7);
      const one = entries[(word >>> high) & mask]!;
      const used = one >> 8;
      const two = entries[(word >>> (high - used)) & mask]!;
      literals[at] = one;
      literals[at + 1] = two;
      at += 2;
      left -= used + (two >> 8);
    }
    while (at < end) {
      const from = left - maxBits;
      const place = origin + Math.max(from, 0);
      let word = view.getUint32(place >> 3, true) >>> (place & 7);
      if (from < 0) word <<= -from;
      const entry = entries[word & mask] ?? 0;
      literals[at++] = entry;
      left -= entry >> 8;
      if (left < 0) throw damaged();
    }
    if (left !== 0) throw damaged();
  }
}

/** Bits of a stream before the mark of its end: its last byte's highest bit. @throws {ZstdError} without one */
export function bitsOf(block: Uint8Array, start: number, stop: number): number {
  const last = block[stop - 1] ?? 0;
  if (stop <= start || last === 0) throw damaged();
  return 8 * (stop - start - 1) + highestBit(last);
}
