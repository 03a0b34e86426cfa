import zlib from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { bitsOf, MAX_BLOCK_BYTES, ZstdLiterals } from './zstd-literals';
import { constantTable, damaged, fseTable, readFseTable, ZstdError, type FseTable } from './zstd-tables';

const MAGIC = 0xfd2fb528;
/** Lowest of the 16 magic numbers of frames that are to be passed over. */
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Room before and after a block: bits are read four bytes at a time, and found to be missing only afterwards. */
const PADDING = 16;

/** Base value and further bits of each code of a literals length, match length (RFC 8878, 3.1.1.3.2.1.1). */
const LITERAL_BITS = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BITS = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERAL_BASES = bases(LITERAL_BITS, 0);
const MATCH_BASES = bases(MATCH_BITS, 3);
/** Offsets of 2^31 and more do not occur: nothing that large is decompressed. */
const MAX_OFFSET_CODE = 30;

/** The codes that are used without a description (RFC 8878, 3.1.1.3.2.2). */
const DEFAULT_LITERALS = fseTable(
  6,
  [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
);
const DEFAULT_OFFSETS = fseTable(
  5,
  [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
);
const DEFAULT_MATCHES = fseTable(6, [
  ...[1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1],
]);

/** A block. Decoding goes from start to end without a pause, so that one is enough. */
const BLOCK = new Uint8Array(MAX_BLOCK_BYTES + 2 * PADDING);
const BLOCK_VIEW = new DataView(BLOCK.buffer);

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array<ArrayBuffer>;

/** Node has had Zstandard since 22.15. */
const native = (zlib as { zstdDecompressSync?: Decompress }).zstdDecompressSync;

/** Decompresses Zstandard to at most `maxBytes`. @throws {ZstdError} */
export function decompressZstd(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (native === undefined) return decodeZstd(bytes, maxBytes);
  try {
    return native(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    throw new ZstdError((error as Error).message);
  }
}

/**
 * Decompresses Zstandard (RFC 8878) to at most `maxBytes`: one or several frames, without dictionaries. Checksums of the
 * content are not compared.
 * @throws {ZstdError}
 */
export function decodeZstd(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const decoder = new Decoder(bytes, maxBytes);
  return decoder.decode();
}

class Decoder {
  private readonly input: DataView;
  private at = 0;
  private output = new Uint8Array(0);
  private written = 0;
  /** Where the frame begins in the output: matches go back no further. */
  private frameStart = 0;

  private readonly block = BLOCK;
  private readonly blockView = BLOCK_VIEW;
  private readonly literals = new ZstdLiterals(BLOCK);
  private literalLengths: FseTable | undefined;
  private offsets: FseTable | undefined;
  private matchLengths: FseTable | undefined;
  private readonly recent = [1, 4, 8];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly maxBytes: number,
  ) {
    this.input = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  decode(): Uint8Array<ArrayBuffer> {
    if (this.bytes.length === 0) throw damaged();
    while (this.at < this.bytes.length) {
      this.need(8);
      const magic = this.input.getUint32(this.at, true);
      if (magic === MAGIC) this.frame();
      else if ((magic & ~15) >>> 0 === SKIPPABLE_MAGIC) {
        const length = this.input.getUint32(this.at + 4, true);
        this.at += 8;
        this.need(length);
        this.at += length;
      } else throw new ZstdError(l10n.t('it is not Zstandard data'));
    }
    return this.output.subarray(0, this.written);
  }

  private frame(): void {
    const descriptor = this.bytes[this.at + 4] ?? 0;
    this.at += 5;
    const singleSegment = (descriptor & 0x20) !== 0;
    if ((descriptor & 0x08) !== 0) throw damaged();
    if (!singleSegment) this.at++;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    this.need(dictionaryBytes + sizeBytes);
    for (let i = 0; i < dictionaryBytes; i++) {
      if (this.bytes[this.at + i] !== 0) throw new ZstdError(l10n.t('it needs a Zstandard dictionary'));
    }
    this.at += dictionaryBytes;
    let size = 0;
    for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + (this.bytes[this.at + i] ?? 0);
    if (sizeBytes === 2) size += 256;
    this.at += sizeBytes;
    if (sizeBytes > 0) this.reserve(size);

    this.frameStart = this.written;
    this.literals.reset();
    this.literalLengths = this.offsets = this.matchLengths = undefined;
    this.recent.splice(0, 3, 1, 4, 8);
    for (let last = false; !last;) {
      this.need(3);
      const header = this.input.getUint16(this.at, true) | ((this.bytes[this.at + 2] ?? 0) << 16);
      this.at += 3;
      last = (header & 1) !== 0;
      this.blockOf((header >> 1) & 3, header >>> 3);
    }
    if (sizeBytes > 0 && this.written - this.frameStart !== size) throw damaged();
    if ((descriptor & 4) !== 0) {
      this.need(4);
      this.at += 4;
    }
  }

  private blockOf(type: number, size: number): void {
    if (size > MAX_BLOCK_BYTES) throw damaged();
    if (type === 1) {
      this.need(1);
      this.reserve(size);
      this.output.fill(this.bytes[this.at] ?? 0, this.written, this.written + size);
      this.written += size;
      this.at++;
      return;
    }
    this.need(size);
    const content = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    if (type === 0) {
      this.reserve(size);
      this.output.set(content, this.written);
      this.written += size;
    } else if (type === 2) {
      this.block.set(content, PADDING);
      this.block.fill(0, PADDING + size, PADDING + size + 8);
      this.compressed(PADDING, PADDING + size);
    } else throw damaged();
  }

  private compressed(start: number, end: number): void {
    const { count, next } = this.literals.read(start, end);
    let at = next;
    if (at >= end) throw damaged();
    let sequences = this.block[at++] ?? 0;
    if (sequences === 255) {
      sequences = this.blockView.getUint16(at, true) + 0x7f00;
      at += 2;
    } else if (sequences > 127) sequences = ((sequences - 128) << 8) | (this.block[at++] ?? 0);
    if (sequences === 0) {
      if (at !== end) throw damaged();
      this.reserve(count);
      this.output.set(this.literals.bytes.subarray(0, count), this.written);
      this.written += count;
      return;
    }
    const modes = this.block[at++] ?? 0;
    if ((modes & 3) !== 0) throw damaged();
    const table = (
      mode: number,
      standard: FseTable,
      known: FseTable | undefined,
      accuracy: number,
      maxSymbol: number,
    ): FseTable => {
      if (at >= end && mode !== 0 && mode !== 3) throw damaged();
      if (mode === 0) return standard;
      if (mode === 1) {
        const symbol = this.block[at++] ?? 0;
        if (symbol > maxSymbol) throw damaged();
        return constantTable(symbol);
      }
      if (mode === 3) {
        if (known === undefined) throw damaged();
        return known;
      }
      const read = readFseTable(this.block, at, end, accuracy, maxSymbol);
      at = read.next;
      return read.table;
    };
    this.literalLengths = table(modes >> 6, DEFAULT_LITERALS, this.literalLengths, 9, LITERAL_BITS.length - 1);
    this.offsets = table((modes >> 4) & 3, DEFAULT_OFFSETS, this.offsets, 8, MAX_OFFSET_CODE);
    this.matchLengths = table((modes >> 2) & 3, DEFAULT_MATCHES, this.matchLengths, 9, MATCH_BITS.length - 1);
    if (at >= end) throw damaged();
    this.execute(sequences, at, end, count, [this.literalLengths, this.offsets, this.matchLengths]);
  }

  /** Copies literals and repeats what was written before, as the sequences of a block say. */
  private execute(
    count: number,
    start: number,
    end: number,
    literalCount: number,
    [literalTable, offsetTable, matchTable]: readonly [FseTable, FseTable, FseTable],
  ): void {
    const { blockView, recent } = this;
    const literals = this.literals.bytes;
    const first = 8 * start;
    // The place of the last bit that is left, as a number of bits from the start of the buffer.
    let bit = first + bitsOf(this.block, start, end);
    const take = (bits: number): number => {
      bit -= bits;
      return (blockView.getUint32(bit >> 3, true) >>> (bit & 7)) & ((1 << bits) - 1);
    };
    let literalState = take(literalTable.accuracy);
    let offsetState = take(offsetTable.accuracy);
    let matchState = take(matchTable.accuracy);
    let literal = 0;
    const blockStart = this.written;
    this.reserve(Math.min(MAX_BLOCK_BYTES, this.maxBytes - this.written));
    const { output, frameStart } = this;
    const limit = Math.min(output.length, blockStart + MAX_BLOCK_BYTES);
    let to = blockStart;
    for (let left = count; left > 0; left--) {
      if (bit < first) throw damaged();
      const offsetCode = offsetTable.symbols[offsetState]!;
      const matchCode = matchTable.symbols[matchState]!;
      const literalCode = literalTable.symbols[literalState]!;
      // A load holds 25 bits for sure.
      let offset = 1 << offsetCode;
      if (offsetCode > 24) {
        offset += take(offsetCode - 24) * 0x1000000;
        offset += take(24);
      } else offset += take(offsetCode);
      const length = MATCH_BASES[matchCode]! + take(MATCH_BITS[matchCode]!);
      const before = LITERAL_BASES[literalCode]! + take(LITERAL_BITS[literalCode]!);
      if (left > 1) {
        literalState = literalTable.bases[literalState]! + take(literalTable.bits[literalState]!);
        matchState = matchTable.bases[matchState]! + take(matchTable.bits[matchState]!);
        offsetState = offsetTable.bases[offsetState]! + take(offsetTable.bits[offsetState]!);
      }
      if (offset > 3) {
        offset -= 3;
        recent[2] = recent[1]!;
        recent[1] = recent[0]!;
        recent[0] = offset;
      } else {
        const index = before === 0 ? offset : offset - 1;
        if (index > 0) {
          offset = index === 3 ? recent[0]! - 1 : recent[index]!;
          if (index > 1) recent[2] = recent[1]!;
          recent[1] = recent[0]!;
          recent[0] = offset;
        } else offset = recent[0]!;
      }
      const end = to + before + length;
      if (end > limit || literal + before > literalCount) throw this.tooLong(end > output.length);
      const matchFrom = to + before - offset;
      if (offset === 0 || matchFrom < frameStart) throw damaged();
      if (before > 32) output.set(literals.subarray(literal, literal + before), to);
      else for (let i = 0; i < before; i++) output[to + i] = literals[literal + i]!;
      literal += before;
      to += before;
      if (offset >= length && length > 32) output.copyWithin(to, matchFrom, matchFrom + length);
      else for (let i = 0; i < length; i++) output[to + i] = output[matchFrom + i]!;
      to += length;
    }
    if (bit !== first) throw damaged();
    const rest = literalCount - literal;
    if (to + rest > limit) throw this.tooLong(to + rest > output.length);
    output.set(literals.subarray(literal, literalCount), to);
    this.written = to + rest;
  }

  private need(count: number): void {
    if (this.at + count > this.bytes.length) throw damaged();
  }

  /** Makes room for so many bytes more. */
  private reserve(count: number): void {
    const needed = this.written + count;
    if (needed > this.maxBytes) throw this.tooLong(true);
    if (needed <= this.output.length) return;
    const grown = new Uint8Array(Math.min(this.maxBytes, Math.max(needed, 2 * this.output.length)));
    grown.set(this.output.subarray(0, this.written));
    this.output = grown;
  }

  private tooLong(beyondLimit: boolean): ZstdError {
    return beyondLimit ? new ZstdError(l10n.t('it decompresses to more than {0} bytes', this.maxBytes)) : damaged();
  }
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function bases(bits: readonly number[], start: number): number[] {
  let base = start;
  return bits.map((count) => {
    const own = base;
    base += 2 ** count;
    return own;
  });
}
