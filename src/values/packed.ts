import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import type { ByteExtent, PackedCoding } from '../formats/storage';
import type { ByteReader, ElementSource, OpenStorage } from './reading';

/** Elements unpacked at a time. */
const PIECE_ELEMENTS = 65_536;

/** Unpacks elements of less than a byte. */
export function packedSource(
  coding: PackedCoding,
  extents: readonly ByteExtent[],
  dtype: DType,
  reader: ByteReader,
  open: OpenStorage,
  count: number,
): ElementSource {
  const width = BYTES_PER_ELEMENT[dtype];
  const { words } = coding;
  const input: ElementSource =
    words === undefined
      ? {
          read: (first, target) => {
            reader.read(extents, first, target);
          },
        }
      : open(words, Math.ceil((count * coding.bits) / 8));
  const table = Float32Array.from(codeTable(coding));
  const bytesOfTable = dtype === 'float32' ? undefined : Uint8Array.from(table, (value) => value & 0xff);
  const codes = new Uint8Array(PIECE_ELEMENTS);
  const unpack = coding.columns === 1 ? streamUnpacker(coding) : columnUnpacker(coding);
  return {
    read(first, target) {
      const total = target.length / width;
      for (let done = 0; done < total;) {
        const start = first + done;
        const count = Math.min(PIECE_ELEMENTS, total - done, unpack.most(start));
        unpack.read(input, start, count, codes);
        if (bytesOfTable === undefined) lookUpFloats(codes, table, target, done, count);
        else for (let i = 0; i < count; i++) target[done + i] = bytesOfTable[codes[i]!]!;
        done += count;
      }
    },
  };
}

/** Fills `codes` with `count` codes from the one at `first` on. */
interface Unpacker {
  /** Most codes that are read from `first` on in one go. */
  most(first: number): number;
  read(input: ElementSource, first: number, count: number, codes: Uint8Array): void;
}

/** Value of each code. Negative ones stand as such; a byte takes them modulo 256. */
function codeTable({ bits, signed, table }: PackedCoding): readonly number[] {
  if (table !== undefined) return table;
  const half = 2 ** (bits - 1);
  return Array.from({ length: 2 ** bits }, (_, code) => (signed === true && code >= half ? code - 2 * half : code));
}

function lookUpFloats(codes: Uint8Array, table: Float32Array, target: Uint8Array, at: number, count: number): void {
  const place = target.byteOffset + 4 * at;
  const aligned = place % 4 === 0;
  const floats = aligned ? new Float32Array(target.buffer, place, count) : new Float32Array(count);
  for (let i = 0; i < count; i++) floats[i] = table[codes[i]!]!;
  if (!aligned) target.set(new Uint8Array(floats.buffer), 4 * at);
}

/**
 * Elements one after the other. Their bits lie at the same places in every period: a word where elements are shuffled
 * within it, else eight elements, which take as many bytes as an element has bits (words in a row are one stream).
 */
function streamUnpacker(coding: PackedCoding): Unpacker {
  const { bits, wordBytes } = coding;
  // Two codes a byte, the higher first, are an order of their own.
  const isSwapped = coding.highFirst === true && bits === 4;
  const highFirst = coding.highFirst === true && !isSwapped;
  const order = isSwapped ? [1, 0] : coding.order;
  const period = order === undefined ? 8 : (8 * wordBytes) / bits;
  const periodBytes = order === undefined ? bits : wordBytes;
  const mask = 2 ** bits - 1;
  const starts = Array.from({ length: period }, (_, i) => (order?.[i] ?? i) * bits);
  // By far the most frequent: pairs in bytes, either half first.
  const isNibbles = bits === 4 && (order === undefined || wordBytes === 1);
  let bytes = new Uint8Array(0);
  return {
    most: () => PIECE_ELEMENTS,
    read(input, first, count, codes) {
      const firstPeriod = Math.floor(first / period);
      const within = first - firstPeriod * period;
      // Without an order, the last period may be cut off in the file after the last byte that is needed.
      const neededBits =
        order === undefined ? (within + count) * bits : Math.ceil((within + count) / period) * period * bits;
      const length = Math.ceil(neededBits / 8);
      if (bytes.length < length) bytes = new Uint8Array(length);
      const words = bytes.subarray(0, length);
      input.read(firstPeriod * periodBytes, words);
      if (isNibbles && within % 2 === 0) {
        splitBytes(words, within >> 1, starts[0] ?? 0, codes, count);
        return;
      }
      for (let place = 0; place < period; place++) {
        const bit = starts[place] ?? 0;
        const skipped = place < within ? 1 : 0;
        const to = place + skipped * period - within;
        if (to >= count) continue;
        if (highFirst) {
          extractHigh(words, skipped * periodBytes + (bit >> 3), periodBytes, bit & 7, bits, codes, to, period, count);
        } else
          extract(
            words,
            skipped * periodBytes + (bit >> 3),
            periodBytes,
            1,
            bit & 7,
            bits,
            mask,
            codes,
            to,
            period,
            count,
          );
      }
    },
  };
}

/** As {@link extract}, of elements whose highest bit comes first: `shift` counts from the highest bit of the byte. */
function extractHigh(
  bytes: Uint8Array,
  at: number,
  step: number,
  shift: number,
  bits: number,
  codes: Uint8Array,
  to: number,
  stride: number,
  end: number,
): void {
  const mask = 2 ** bits - 1;
  const down = 16 - shift - bits;
  const isWithin = down >= 8;
  for (let i = to, from = at; i < end; i += stride, from += step) {
    codes[i] = (((bytes[from]! << 8) | (isWithin ? 0 : bytes[from + 1]!)) >> down) & mask;
  }
}

/** Two codes a byte, from the one with index `at` on; the first has the bits from `shift` on (0 or 4). */
function splitBytes(bytes: Uint8Array, at: number, shift: number, codes: Uint8Array, count: number): void {
  const other = 4 - shift;
  for (let i = 0, from = at; i < count; i += 2, from++) {
    const byte = bytes[from]!;
    codes[i] = (byte >> shift) & 15;
    codes[i + 1] = (byte >> other) & 15;
  }
}

/** Elements down the columns of words: in a row of elements, all have their bits at the same place of their word. */
function columnUnpacker({ bits, wordBytes, columns, order }: PackedCoding): Unpacker {
  const wordBits = 8 * wordBytes;
  const slots = wordBits / bits;
  const mask = 2 ** bits - 1;
  let bytes = new Uint8Array(0);
  return {
    // Rows of very many columns are read by part: what is in memory stays small.
    most: (first) => (columns <= PIECE_ELEMENTS ? PIECE_ELEMENTS : columns - (first % columns)),
    read(input, first, count, codes) {
      const firstRow = Math.floor(first / columns);
      const firstColumn = first - firstRow * columns;
      const lastRow = Math.floor((first + count - 1) / columns);
      const oneRow = firstRow === lastRow;
      const from = oneRow ? firstColumn : 0;
      const columnsRead = oneRow ? count : columns;
      const firstWord = Math.floor((firstRow * bits) / wordBits);
      const lastWord = Math.floor(((lastRow + 1) * bits - 1) / wordBits);
      const rowBytes = columnsRead * wordBytes;
      const length = (lastWord - firstWord + 1) * rowBytes;
      if (bytes.length < length) bytes = new Uint8Array(length);
      if (oneRow) {
        for (let word = firstWord; word <= lastWord; word++) {
          const at = (word - firstWord) * rowBytes;
          input.read((word * columns + from) * wordBytes, bytes.subarray(at, at + rowBytes));
        }
      } else {
        input.read(firstWord * columns * wordBytes, bytes.subarray(0, length));
      }
      for (let done = 0, row = firstRow; done < count; row++) {
        const column = row === firstRow ? firstColumn : 0;
        const run = Math.min(columns - column, count - done);
        const slot = order === undefined ? 0 : row % slots;
        const bit = row * bits + (order === undefined ? 0 : ((order[slot] ?? slot) - slot) * bits);
        const word = Math.floor(bit / wordBits);
        const within = bit - word * wordBits;
        const at = (word - firstWord) * rowBytes + (column - from) * wordBytes + (within >> 3);
        // The second byte of a code may be the first of the column's next word.
        const next = within + bits > wordBits ? rowBytes - (within >> 3) : 1;
        extract(bytes, at, wordBytes, next, within & 7, bits, mask, codes, done, 1, done + run);
        done += run;
      }
    },
  };
}

/**
 * Codes at bit `shift` of every `step`-th byte from `at` on, to every `stride`-th place of `codes` from `to` up to `end`.
 * Those that reach over the end of their byte go on in the byte `next` further.
 */
function extract(
  bytes: Uint8Array,
  at: number,
  step: number,
  next: number,
  shift: number,
  bits: number,
  mask: number,
  codes: Uint8Array,
  to: number,
  stride: number,
  end: number,
): void {
  if (shift + bits <= 8) {
    for (let i = to, from = at; i < end; i += stride, from += step) codes[i] = (bytes[from]! >> shift) & mask;
  } else {
    for (let i = to, from = at; i < end; i += stride, from += step) {
      codes[i] = ((bytes[from]! | (bytes[from + next]! << 8)) >> shift) & mask;
    }
  }
}
