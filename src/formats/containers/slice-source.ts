import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';

/** A file within a file: a run of bytes of another source that is read as if it were a file of its own. */
export class SliceSource implements RandomAccessSource {
  /** @throws {FormatError} if the run is not inside the outer file. */
  constructor(
    private readonly outer: RandomAccessSource,
    /** Where in the outer file it begins. */
    readonly start: number,
    readonly size: number,
  ) {
    const sound = [start, size].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (sound && start + size <= outer.size) return;
    throw new FormatError({
      file: outer.path,
      offset: Math.min(outer.size, sound ? start : outer.size),
      reason: l10n.t('ends before byte {0} that its header promises; it has {1} bytes', start + size, outer.size),
      remedy: l10n.t('The file is incomplete: copy or download it again.'),
    });
  }

  /** That of the outer file: it is the one that messages are about. */
  get path(): string {
    return this.outer.path;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const sound = [offset, length].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!sound || offset + length > this.size) {
      throw new FormatError({
        file: this.path,
        offset: this.start + this.size,
        reason: l10n.t('ends before byte {0} that its header promises; it has {1} bytes', offset + length, this.size),
        remedy: l10n.t('The file is incomplete: copy or download it again.'),
      });
    }
    return await this.outer.read(this.start + offset, length, signal);
  }

  /** The outer file stays open: whoever opened it closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
