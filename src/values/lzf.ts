import * as l10n from '@vscode/l10n';
import { DecodingError } from './reading';

/**
 * Decompresses LZF (M. Lehmann's LibLZF 3.6), as h5py's filter writes it: a byte below 32 says how many bytes follow as
 * they are, less one; any other begins a reference to what came before. Its upper three bits are the length less two (7:
 * a byte with more of it follows), the lower five and a further byte the distance less one.
 * @param maxBytes Most bytes that may come out.
 * @throws {DecodingError} if the data is damaged or longer than that
 */
export function lzfDecompressed(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(maxBytes);
  const end = bytes.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    const control = bytes[from++]!;
    if (control < 32) {
      const length = control + 1;
      if (from + length > end || to + length > maxBytes) throw damaged();
      for (let i = 0; i < length; i++) result[to++] = bytes[from++]!;
      continue;
    }
    let length = control >> 5;
    if (length === 7) {
      if (from >= end) throw damaged();
      length += bytes[from++]!;
    }
    if (from >= end) throw damaged();
    let source = to - ((control & 31) << 8) - bytes[from++]! - 1;
    length += 2;
    if (source < 0 || to + length > maxBytes) throw damaged();
    // What is copied may be what has just been written.
    for (let i = 0; i < length; i++) result[to++] = result[source++]!;
  }
  return result.subarray(0, to);
}

function damaged(): DecodingError {
  return new DecodingError(l10n.t('cannot be decompressed ({0})', 'LZF'));
}
