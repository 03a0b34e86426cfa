import * as l10n from '@vscode/l10n';
import { DecodingError } from './reading';

const CHECKSUM_BYTES = 4;

/** Words after which sums are folded: with so many of 65,535 they stay below 2³¹, the integers that engines are fast with. */
const WORDS_AT_ONCE = 240;

/**
 * The bytes without the checksum at their end.
 * @throws {DecodingError} if it is not that of the bytes
 */
export function checkedFletcher32(bytes: Uint8Array): Uint8Array {
  const length = bytes.length - CHECKSUM_BYTES;
  if (length < 0) throw new DecodingError(l10n.t('ends before the tensor is complete'));
  const content = bytes.subarray(0, length);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + length).getUint32(0, true);
  const computed = fletcher32(content);
  // Before version 1.6.3 of HDF5, machines with other byte orders swapped the bytes of both halves.
  const otherOrder = ((computed & 0x00ff00ff) << 8) | ((computed >>> 8) & 0x00ff00ff);
  if (stored !== computed && stored !== otherOrder >>> 0) {
    throw new DecodingError(l10n.t('does not have the checksum that it was written with'));
  }
  return content;
}

/**
 * Fletcher's checksum as HDF5 computes it: of 16-bit words whose first byte is the higher; an odd byte at the end is a high
 * one. Computed of words whose first byte is the lower, as machines load them: modulo 65,535, swapping the bytes of a
 * word multiplies it by 256, so that the sums of swapped words are the swapped sums (RFC 1071, 2 (B)).
 */
export function fletcher32(bytes: Uint8Array): number {
  const even = bytes.length & ~1;
  const aligned = (bytes.byteOffset & 1) === 0 ? bytes : bytes.slice(0, even);
  const words = new Uint16Array(aligned.buffer, aligned.byteOffset, even >> 1);
  let sum = 0;
  let sums = 0;
  for (let word = 0; word < words.length;) {
    const end = Math.min(words.length, word + WORDS_AT_ONCE);
    for (; word < end; word++) {
      sum += words[word]!;
      sums += sum;
    }
    sum = folded(sum);
    sums = folded(sums);
  }
  if (even < bytes.length) {
    sum += bytes[even]!;
    sums += sum;
  }
  return ((swapped(folded(folded(sums))) << 16) | swapped(folded(folded(sum)))) >>> 0;
}

/** Nearer to the number of 16 bits that is the same modulo 65,535: never 0 if the sum is not. */
function folded(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}
