/** Every other byte of a word. */
const EVEN_BYTES = 0x00ff00ff;
const ODD_BYTES = 0xff00ff00 | 0;

/**
 * Undoes HDF5's shuffle filter: all first bytes of the elements come before all second ones, and so on. What is left over
 * after the last whole element was not shuffled.
 * @param result As long as `bytes`, which it may not overlap; at a multiple of four bytes of its buffer.
 */
export function unshuffle(bytes: Uint8Array, width: number, result: Uint8Array): void {
  const count = Math.floor(bytes.length / width);
  result.set(bytes.subarray(count * width), count * width);
  if (width === 4 && count > 0) {
    const words = new Int32Array(result.buffer, result.byteOffset, count);
    if (count % 4 === 0 && bytes.byteOffset % 4 === 0) {
      transposeWords(new Int32Array(bytes.buffer, bytes.byteOffset, count), words);
    } else joinBytes(bytes, words);
    return;
  }
  for (let byte = 0; byte < width; byte++) {
    const start = byte * count;
    for (let i = 0, to = byte; i < count; i++, to += width) result[to] = bytes[start + i]!;
  }
}

/** Four elements at a time: a word of each plane of bytes becomes a word of each element. */
function transposeWords(planes: Int32Array, words: Int32Array): void {
  const quarter = planes.length / 4;
  for (let i = 0, to = 0; i < quarter; i++, to += 4) {
    const a = planes[i]!;
    const b = planes[quarter + i]!;
    const c = planes[2 * quarter + i]!;
    const d = planes[3 * quarter + i]!;
    // The lower two bytes of the elements 0 and 2, of 1 and 3; then the upper two.
    const evenLow = (a & EVEN_BYTES) | ((b & EVEN_BYTES) << 8);
    const oddLow = ((a >>> 8) & EVEN_BYTES) | (b & ODD_BYTES);
    const evenHigh = (c & EVEN_BYTES) | ((d & EVEN_BYTES) << 8);
    const oddHigh = ((c >>> 8) & EVEN_BYTES) | (d & ODD_BYTES);
    words[to] = (evenLow & 0xffff) | (evenHigh << 16);
    words[to + 1] = (oddLow & 0xffff) | (oddHigh << 16);
    words[to + 2] = (evenLow >>> 16) | (evenHigh & ~0xffff);
    words[to + 3] = (oddLow >>> 16) | (oddHigh & ~0xffff);
  }
}

/** One element at a time, where the planes do not begin at whole words. */
function joinBytes(bytes: Uint8Array, words: Int32Array): void {
  const count = words.length;
  const [b, c, d] = [count, 2 * count, 3 * count];
  for (let i = 0; i < count; i++) {
    words[i] = bytes[i]! | (bytes[b + i]! << 8) | (bytes[c + i]! << 16) | (bytes[d + i]! << 24);
  }
}

/**
 * Bits, as Blosc shuffles them (K. Masui's bitshuffle): a row for each bit of an element, the lowest bit of the first byte
 * first, in which a byte has the bits of eight elements, the first in its lowest bit. Other numbers of elements than
 * multiples of eight were not shuffled.
 * @param result As long as `bytes`, which it may not overlap.
 */
export function unshuffleBits(bytes: Uint8Array, width: number, result: Uint8Array): void {
  const count = Math.floor(bytes.length / width);
  if (count % 8 !== 0) {
    result.set(bytes);
    return;
  }
  result.set(bytes.subarray(count * width), count * width);
  const row = count / 8;
  for (let byte = 0; byte < width; byte++) {
    const start = 8 * byte * row;
    for (let eight = 0; eight < row; eight++) {
      // A square of 8 × 8 bits in two words, which is transposed (H. S. Warren, Hacker's Delight, 7-3).
      const at = start + eight;
      let low = bytes[at]! | (bytes[at + row]! << 8) | (bytes[at + 2 * row]! << 16) | (bytes[at + 3 * row]! << 24);
      let high =
        bytes[at + 4 * row]! |
        (bytes[at + 5 * row]! << 8) |
        (bytes[at + 6 * row]! << 16) |
        (bytes[at + 7 * row]! << 24);
      let swap = (low ^ (low >>> 7)) & 0x00aa00aa;
      low ^= swap ^ (swap << 7);
      swap = (high ^ (high >>> 7)) & 0x00aa00aa;
      high ^= swap ^ (swap << 7);
      swap = (low ^ (low >>> 14)) & 0x0000cccc;
      low ^= swap ^ (swap << 14);
      swap = (high ^ (high >>> 14)) & 0x0000cccc;
      high ^= swap ^ (swap << 14);
      const first = (low & 0x0f0f0f0f) | ((high & 0x0f0f0f0f) << 4);
      const second = ((low >>> 4) & 0x0f0f0f0f) | (high & 0xf0f0f0f0);
      let to = 8 * eight * width + byte;
      for (let i = 0; i < 4; i++, to += width) result[to] = first >>> (8 * i);
      for (let i = 0; i < 4; i++, to += width) result[to] = second >>> (8 * i);
    }
  }
}
