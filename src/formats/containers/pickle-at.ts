import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import type { RandomAccessSource } from '../source';
import { unpickle, type Unpickled } from './pickle';
import { PickleTruncatedError } from './pickle-input';

/** The end of a pickle is not known before it is read: this much is tried first, then four times as much, and so on. */
const FIRST_READ = 256 * 1024;
const READ_GROWTH = 4;

/**
 * Reads a pickle at a place in a file, which may go on behind it; its `end` counts from the beginning of the file.
 * @param first bytes to read at first, where many small pickles are expected.
 * @throws {FormatError} see {@link unpickle}; also if it has more than {@link MAX_HEADER_BYTES}
 */
export async function unpickleAt(
  source: RandomAccessSource,
  offset: number,
  signal?: AbortSignal,
  first = FIRST_READ,
): Promise<Unpickled> {
  const available = Math.max(0, Math.min(source.size - offset, MAX_HEADER_BYTES));
  let length = Math.min(first, available);
  for (;;) {
    const bytes = await source.read(offset, length, signal);
    try {
      const unpickled = unpickle(bytes, { file: source.path, fileOffset: offset });
      return { ...unpickled, end: offset + unpickled.end };
    } catch (error) {
      if (!(error instanceof PickleTruncatedError)) throw error;
      if (error.needed > source.size - offset) throw error;
      if (error.needed > available) {
        throw new FormatError({
          file: source.path,
          offset,
          reason: l10n.t('has a pickle of more than the {0} bytes that are read', MAX_HEADER_BYTES),
          remedy: l10n.t('The file is damaged or incomplete: copy or download it again.'),
        });
      }
      length = Math.min(available, Math.max(error.needed, length * READ_GROWTH));
    }
  }
}
