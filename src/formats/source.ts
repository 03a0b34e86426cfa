import { open, type FileHandle } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from './errors';

/** Bytes that can be read at any place without reading what stands before. */
export interface RandomAccessSource {
  /** Absolute path, for messages and for the workers that read the weights themselves. */
  readonly path: string;
  /** Length in bytes when it was opened. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `offset`.
   * @throws {FormatError} if the range is not inside the file, or the file has become shorter since it was opened.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A local file. */
export class FileSource implements RandomAccessSource {
  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
    private readonly changedMs?: number,
  ) {}

  /** @throws {FormatError} if the path is no regular file or cannot be opened. */
  static async open(path: string): Promise<FileSource> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw unreadable(path, error);
    }
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      throw new FormatError({
        file: path,
        reason: l10n.t('is not a regular file'),
        remedy: l10n.t('Choose a model file.'),
      });
    }
    return new FileSource(path, stat.size, handle, stat.mtimeMs);
  }

  /** Opens what was found to be a regular file of this size, without asking again: folders hold thousands of them. */
  static async openKnown(path: string, size: number): Promise<FileSource> {
    try {
      return new FileSource(path, size, await open(path, 'r'));
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    checkRange(this, offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw shrunk(this.path, offset + done);
      done += bytesRead;
      throwIfCancelled(signal);
    }
    return bytes;
  }

  /** @throws {FormatError} if the file was written since it was opened: what was read may be of two versions */
  async checkUnchanged(): Promise<void> {
    const { size, mtimeMs } = await this.handle.stat();
    if (size === this.size && mtimeMs === (this.changedMs ?? mtimeMs)) return;
    throw new FormatError({
      file: this.path,
      reason: l10n.t('was changed while it was read'),
      remedy: l10n.t('Another program is writing it: try again once that is done.'),
    });
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** A folder that is a model as a whole: it has no bytes of its own. */
export class FolderSource implements RandomAccessSource {
  readonly size = 0;

  constructor(readonly path: string) {}

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    checkRange(this, offset, length);
    return Promise.resolve(new Uint8Array(0));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bytes that are already in memory: tests, and files of editors that have no ranged reads. */
export class BufferSource implements RandomAccessSource {
  readonly size: number;

  constructor(
    readonly path: string,
    private readonly bytes: Uint8Array,
  ) {
    this.size = bytes.length;
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    checkRange(this, offset, length);
    return Promise.resolve(this.bytes.slice(offset, offset + length));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function checkRange(source: RandomAccessSource, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (inside && offset + length <= source.size) return;
  throw new FormatError({
    file: source.path,
    offset: source.size,
    reason: l10n.t('ends before byte {0} that its header promises; it has {1} bytes', offset + length, source.size),
    remedy: l10n.t('The file is incomplete: copy or download it again.'),
  });
}

/** The error for a file that has become shorter while it was read. */
export function shrunk(path: string, offset: number): FormatError {
  return new FormatError({
    file: path,
    offset,
    reason: l10n.t('became shorter while it was read'),
    remedy: l10n.t('Another program is writing it: analyze it again once that is done.'),
  });
}

/** The error for a file that the system does not open. */
export function unreadable(path: string, error: unknown): FormatError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new FormatError({ file: path, reason: l10n.t('does not exist'), remedy: l10n.t('Check the path.') });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new FormatError({
      file: path,
      reason: l10n.t('may not be read'),
      remedy: l10n.t('Check the permissions of the file.'),
    });
  }
  return new FormatError({
    file: path,
    reason: l10n.t('cannot be opened ({0})', code ?? String(error)),
    remedy: l10n.t('Check the path.'),
  });
}
