import { pipeline, Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from '../errors';
import type { RandomAccessSource } from '../source';

/** Compressed bytes that are read at a time: most variables are known by the first kilobyte, structures are read to the end. */
const CHUNK_BYTES = 65_536;

/** Bytes that are read at a time of what is not compressed: tags and names, which stand close to each other. */
const WINDOW_BYTES = 4096;

/** The bytes of a file, or of a compressed element in it, read forwards. */
export interface MatInput {
  /** Bytes before the place that was reached. */
  readonly position: number;
  /** The next bytes (few). @throws {FormatError} if there are fewer */
  take(length: number): Promise<Uint8Array>;
  skip(length: number): Promise<void>;
  close(): void;
}

/** The file itself: skipping costs nothing. */
export class FileInput implements MatInput {
  private window = new Uint8Array(0);
  private windowStart = 0;

  constructor(
    private readonly source: RandomAccessSource,
    public position: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async take(length: number): Promise<Uint8Array> {
    const { position, source } = this;
    if (position < this.windowStart || position + length > this.windowStart + this.window.length) {
      const wanted = Math.max(length, Math.min(WINDOW_BYTES, source.size - position));
      this.window = new Uint8Array(await source.read(position, wanted, this.signal));
      this.windowStart = position;
    }
    this.position += length;
    return this.window.subarray(position - this.windowStart, position - this.windowStart + length);
  }

  skip(length: number): Promise<void> {
    this.position += length;
    if (this.position <= this.source.size) return Promise.resolve();
    return Promise.reject(incomplete(this.source));
  }

  close(): void {
    this.window = new Uint8Array(0);
  }
}

/** What a zlib stream in the file decompresses to, as far as it is asked for. */
export class InflatedInput implements MatInput {
  position = 0;
  private readonly stream: Readable;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk = new Uint8Array(0);

  /** @param budget Bytes that may be decompressed; lessened by what was. */
  constructor(
    private readonly source: RandomAccessSource,
    private readonly offset: number,
    length: number,
    private readonly budget: { bytes: number },
    signal: AbortSignal | undefined,
  ) {
    const inflate = createInflate();
    // Errors of either come out where the chunks are read.
    pipeline(Readable.from(compressed(source, offset, length, signal)), inflate, () => undefined);
    this.stream = inflate;
    this.chunks = this.stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      await this.more();
      const part = this.chunk.subarray(0, length - done);
      bytes.set(part, done);
      done += part.length;
      this.drop(part.length);
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      await this.more();
      const dropped = Math.min(left, this.chunk.length);
      left -= dropped;
      this.drop(dropped);
    }
  }

  close(): void {
    this.stream.on('error', () => undefined);
    this.stream.destroy();
  }

  private drop(length: number): void {
    this.position += length;
    this.chunk = this.chunk.subarray(length);
  }

  private async more(): Promise<void> {
    while (this.chunk.length === 0) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await this.chunks.next();
      } catch (error) {
        if (((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')) {
          throw this.error(l10n.t('cannot be decompressed ({0})', (error as Error).message));
        }
        throw error;
      }
      if (next.done === true) throw this.error(l10n.t('has a compressed variable that ends too early'));
      this.chunk = new Uint8Array(next.value);
      this.budget.bytes -= this.chunk.length;
      if (this.budget.bytes < 0) throw this.error(l10n.t('has too much compressed data to look for arrays in'));
    }
  }

  private error(reason: string): FormatError {
    return new FormatError({
      file: this.source.path,
      offset: this.offset,
      reason,
      remedy: l10n.t('Copy the file again, or save the weights again as variables of their own.'),
    });
  }
}

/** Reads compressed bytes as they are asked for. */
async function* compressed(
  source: RandomAccessSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  // The first bytes are enough for a variable that is a plain array.
  let size = WINDOW_BYTES;
  for (let done = 0; done < length; done += size, size = CHUNK_BYTES) {
    throwIfCancelled(signal);
    size = Math.min(size, length - done);
    yield await source.read(offset + done, size, signal);
  }
}

export function incomplete(source: RandomAccessSource): FormatError {
  return new FormatError({
    file: source.path,
    offset: source.size,
    reason: l10n.t('is incomplete: a variable goes on after its end'),
    remedy: l10n.t('Copy or download the file again.'),
  });
}
