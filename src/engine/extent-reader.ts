import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import type { ByteExtent } from '../formats/storage';
import { CancelledError, FormatError } from '../formats/errors';
import { shrunk, unreadable } from '../formats/source';
import type { ByteReader } from '../values/reading';
import type { WorkerFile } from './worker-protocol';

/** Open files a thread keeps at most: models come in up to hundreds of shards, processes have some 1,024 descriptors. */
const MAX_OPEN_FILES = 32;

/**
 * Reads runs of a tensor's stored bytes, synchronously, straight into the caller's buffer: it works in a thread of its
 * own, where waiting costs nothing and a copy would.
 */
export class ExtentReader implements ByteReader {
  /** Descriptors by index of the file, least recently used first. */
  private readonly open = new Map<number, number>();

  constructor(
    private readonly files: readonly WorkerFile[],
    private readonly cancelled: Int32Array,
  ) {}

  /** @throws {CancelledError} once the job is cancelled. */
  checkCancelled(): void {
    if (Atomics.load(this.cancelled, 0) !== 0) throw new CancelledError();
  }

  /**
   * Fills `target` with the bytes from `offset` on, counted over the extents as if they were one run.
   * @throws {FormatError} if a file is gone, or of another size than it was.
   */
  read(extents: readonly ByteExtent[], offset: number, target: Uint8Array): void {
    this.checkCancelled();
    let skip = offset;
    let filled = 0;
    for (const extent of extents) {
      if (filled === target.length) return;
      if (skip >= extent.length) {
        skip -= extent.length;
        continue;
      }
      const length = Math.min(extent.length - skip, target.length - filled);
      this.readRange(extent.file, extent.offset + skip, target.subarray(filled, filled + length));
      filled += length;
      skip = 0;
    }
    if (filled < target.length) throw new Error('A segment reaches beyond the extents of its tensor');
  }

  close(): void {
    for (const descriptor of this.open.values()) closeSync(descriptor);
    this.open.clear();
  }

  private readRange(file: number, offset: number, target: Uint8Array): void {
    const descriptor = this.descriptor(file);
    let done = 0;
    while (done < target.length) {
      const bytes = readSync(descriptor, target, done, target.length - done, offset + done);
      if (bytes === 0) throw shrunk(this.files[file]?.path ?? '', offset + done);
      done += bytes;
    }
  }

  private descriptor(file: number): number {
    const known = this.open.get(file);
    if (known !== undefined) {
      this.open.delete(file);
      this.open.set(file, known);
      return known;
    }
    const entry = this.files[file];
    if (entry === undefined) throw new Error(`The checkpoint has no file ${file}`);
    for (const [oldest, descriptor] of this.open) {
      if (this.open.size < MAX_OPEN_FILES) break;
      closeSync(descriptor);
      this.open.delete(oldest);
    }
    const descriptor = openFile(entry.path);
    this.open.set(file, descriptor);
    const { size } = fstatSync(descriptor);
    if (size < entry.size) throw shrunk(entry.path, size);
    if (size > entry.size) {
      throw new FormatError({
        file: entry.path,
        offset: entry.size,
        reason: l10n.t('became longer while it was read'),
        remedy: l10n.t('Another program is writing it: analyze it again once that is done.'),
      });
    }
    return descriptor;
  }
}

/** A file may be gone, or replaced by one that is not ours to read, since its header was read. */
function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}
