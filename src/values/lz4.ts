import * as l10n from '@vscode/l10n';
import { DecodingError } from './reading';

/** Runs from this length on are copied by the platform: calling it costs as much as some bytes one by one. */
const LONG_RUN = 32;

/**
 * Decompresses a block of LZ4 (`lz4_Block_format.md` of LZ4 1.9): sequences of literals and a match, whose lengths begin
 * in the halves of one byte.
 * @param target is filled to the end.
 * @throws {DecodingError} if the block is damaged, or is longer or shorter than that
 */
export function lz4Decompress(bytes: Uint8Array, target: Uint8Array): void {
  const end = bytes.length;
  const room = target.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    const token = bytes[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      for (let more = 255; more === 255;) {
        if (from >= end) throw damaged();
        more = bytes[from++]!;
        literals += more;
      }
    }
    if (literals > end - from || literals > room - to) throw damaged();
    if (literals >= LONG_RUN) {
      target.set(bytes.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    } else for (let i = 0; i < literals; i++) target[to++] = bytes[from++]!;
    // The last sequence has no match.
    if (from === end) break;
    if (end - from < 2) throw damaged();
    const distance = bytes[from]! | (bytes[from + 1]! << 8);
    from += 2;
    let length = token & 15;
    if (length === 15) {
      for (let more = 255; more === 255;) {
        if (from >= end) throw damaged();
        more = bytes[from++]!;
        length += more;
      }
    }
    length += 4;
    if (distance === 0 || distance > to || length > room - to) throw damaged();
    copyMatch(target, to, distance, length);
    to += length;
  }
  if (to !== room) throw damaged();
}

/** Repeats what lies `distance` before `to`; what is copied may be what has just been written. */
export function copyMatch(target: Uint8Array, to: number, distance: number, length: number): void {
  const source = to - distance;
  if (distance >= length && length >= LONG_RUN) target.copyWithin(to, source, source + length);
  else if (distance === 1) target.fill(target[source]!, to, to + length);
  else for (let i = 0; i < length; i++) target[to + i] = target[source + i]!;
}

function damaged(): DecodingError {
  return new DecodingError(l10n.t('cannot be decompressed ({0})', 'LZ4'));
}
