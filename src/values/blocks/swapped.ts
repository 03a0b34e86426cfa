import type { BlockScheme } from './scheme';

/** The same blocks as big-endian files store them, with the bytes of the 16-bit numbers at `halves` swapped. */
export function swapped(scheme: BlockScheme, halves: readonly number[]): BlockScheme {
  const { blockBytes, blockValues } = scheme;
  return {
    blockBytes,
    blockValues,
    decode(bytes, values, count) {
      for (let block = 0; block < count; block++) {
        for (const half of halves) {
          const at = block * blockBytes + half;
          const byte = bytes[at]!;
          bytes[at] = bytes[at + 1]!;
          bytes[at + 1] = byte;
        }
      }
      scheme.decode(bytes, values, count);
    },
  };
}
