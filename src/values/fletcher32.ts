import * as l10n from '@vscode/l10n';
import { DecodingError } from './reading';

const CHECKSUM_BYTES = 4;

/** Words after which sums are folded: with so many of 65,535 they stay below 2³¹, the integers that engines are fast with. */
const WORDS_AT_ONCE = 240;

/**
 * The bytes without the checksum at their end.
 * @throws {DecodingError} if it is not that of the bytes
 */
export function checkedFletcher32(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = bytes.length - CHECKSUM_BYTES;
  if (length < 0) throw new DecodingError(l10n.t('ends before the tensor is complete'));
  const content = bytes.slice(0, length);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + length).getUint32(0, true);
  const computed = fletcher32(content);
  // Before version 1.6.3 of HDF5, machines with other byte orders swapped the bytes of both halves.
  const swapped = ((computed & 0x00ff00ff) << 8) | ((computed >>> 8) & 0x00ff00ff);
  if (stored !== computed && stored !== swapped >>> 0) {
    throw new DecodingError(l10n.t('does not have the checksum that it was written with'));
  }
  return content;
}

/** Fletcher's checksum as HDF5 computes it: of 16-bit words whose first byte is the higher; an odd byte at the end is a high one. */
export function fletcher32(bytes: Uint8Array): number {
  const words = bytes.length >> 1;
  let sum = 0;
  let sums = 0;
  for (let word = 0; word < words;) {
    const end = Math.min(words, word + WORDS_AT_ONCE);
    for (; word < end; word++) {
      sum += (bytes[2 * word]! << 8) | bytes[2 * word + 1]!;
      sums += sum;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sums = (sums & 0xffff) + (sums >>> 16);
  }
  if ((bytes.length & 1) === 1) {
    sum += bytes[bytes.length - 1]! << 8;
    sums += sum;
    sum = (sum & 0xffff) + (sum >>> 16);
    sums = (sums & 0xffff) + (sums >>> 16);
  }
  sum = (sum & 0xffff) + (sum >>> 16);
  sums = (sums & 0xffff) + (sums >>> 16);
  return ((sums << 16) | sum) >>> 0;
}
