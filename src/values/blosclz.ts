import * as l10n from '@vscode/l10n';
import { copyMatch } from './lz4';
import { DecodingError } from './reading';

/** Distances from this on are given in two further bytes. */
const FAR = 8191;

/**
 * Decompresses BloscLZ (`blosclz.c` of C-Blosc 1.21, a descendant of FastLZ): a byte below 32 says how many bytes follow as
 * they are, less one; any other begins a reference to what came before. Its upper three bits are the length less two (7:
 * bytes with more of it follow, the last of them below 255), the lower five and a further byte the distance less one.
 * @param target is filled to the end.
 * @throws {DecodingError} if the data is damaged, or longer or shorter than that
 */
export function blosclzDecompress(bytes: Uint8Array, target: Uint8Array): void {
  const end = bytes.length;
  const room = target.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    // The first byte has literals, whatever its upper bits say: they are a version.
    const control = from === 0 ? bytes[from++]! & 31 : bytes[from++]!;
    if (control < 32) {
      const literals = control + 1;
      if (literals > end - from || literals > room - to) throw damaged();
      for (let i = 0; i < literals; i++) target[to++] = bytes[from++]!;
      continue;
    }
    let length = (control >> 5) - 1;
    if (length === 6) {
      for (let more = 255; more === 255;) {
        if (from >= end) throw damaged();
        more = bytes[from++]!;
        length += more;
      }
    }
    length += 3;
    if (from >= end) throw damaged();
    let distance = ((control & 31) << 8) + bytes[from++]!;
    if (distance === FAR) {
      if (end - from < 2) throw damaged();
      distance += (bytes[from]! << 8) | bytes[from + 1]!;
      from += 2;
    }
    distance++;
    if (distance > to || length > room - to) throw damaged();
    copyMatch(target, to, distance, length);
    to += length;
  }
  if (to !== room) throw damaged();
}

function damaged(): DecodingError {
  return new DecodingError(l10n.t('cannot be decompressed ({0})', 'BloscLZ'));
}
