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
  return {
    read(first, target) {
      const floats = dtype === 'float32' ? new Float32Array(Math.min(PIECE_ELEMENTS, target.length / 4)) : undefined;
      const total = target.length / width;
      for (let done = 0; done < total; done += PIECE_ELEMENTS) {
        const length = Math.min(PIECE_ELEMENTS, total - done);
        const codes = readCodes(coding, input, first + done, length);
        if (floats === undefined) {
          for (let i = 0; i < length; i++) target[done + i] = table[codes[i] ?? 0] ?? 0;
        } else {
          for (let i = 0; i < length; i++) floats[i] = table[codes[i] ?? 0] ?? 0;
          target.set(new Uint8Array(floats.buffer, 0, 4 * length), 4 * done);
        }
      }
    },
  };
}

/** Value of each code. Negative ones stand as such; a byte takes them modulo 256. */
function codeTable({ bits, signed, table }: PackedCoding): readonly number[] {
  if (table !== undefined) return table;
  const half = 2 ** (bits - 1);
  return Array.from({ length: 2 ** bits }, (_, code) => (signed === true && code >= half ? code - 2 * half : code));
}

function readCodes(
  { bits, wordBytes, columns, order }: PackedCoding,
  input: ElementSource,
  first: number,
  count: number,
): Uint8Array {
  const wordBits = 8 * wordBytes;
  const slots = wordBits / bits;
  const firstRow = Math.floor(first / columns);
  const lastRow = Math.floor((first + count - 1) / columns);
  // Whole words, and with shuffled slots all of the word: the last bit may be in the word after.
  const firstWord = Math.floor((firstRow * bits) / wordBits);
  const lastWord = Math.floor(((lastRow + 1) * bits - 1) / wordBits);
  const bytes = new Uint8Array((lastWord - firstWord + 1) * columns * wordBytes);
  input.read(firstWord * columns * wordBytes, bytes);
  const mask = 2 ** bits - 1;
  const codes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const row = Math.floor((first + i) / columns);
    const column = (first + i) % columns;
    let bit = row * bits;
    if (order !== undefined) {
      const slot = row % slots;
      bit += ((order[slot] ?? slot) - slot) * bits;
    }
    const word = Math.floor(bit / wordBits) - firstWord;
    const within = bit % wordBits;
    // At most two bytes hold a code; the second may be the first of the column's next word.
    const low = bytes[(word * columns + column) * wordBytes + (within >> 3)] ?? 0;
    const shift = within & 7;
    let code = low >> shift;
    if (shift + bits > 8) {
      const next =
        within + bits > wordBits
          ? ((word + 1) * columns + column) * wordBytes
          : (word * columns + column) * wordBytes + (within >> 3) + 1;
      code |= (bytes[next] ?? 0) << (8 - shift);
    }
    codes[i] = code & mask;
  }
  return codes;
}
