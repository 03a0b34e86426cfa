import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';

/**
 * How far a header may go. Those of published models end before 50 MB, nearly all of it vocabulary and merges; this bounds
 * the time that a file of nothing but empty texts takes to about a second.
 */
const MAX_HEADER_BYTES = 256 * 1024 * 1024;

/** Read at a time: most headers without a vocabulary are shorter, and vocabularies take few reads. */
const WINDOW_BYTES = 1024 * 1024;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');
const PARTS_REMEDY = l10n.t('Join the parts of the file in their order first, as they were cut.');

/** A file that was cut without regard to its content, as some are uploaded: `model.gguf.part1of2`, `…-split-a`. */
const CUT_NAME = /(part-?\d+of\d+|-split-[a-z]|\.\d{3})$/i;

/** More than any one thing of a header has that is read: a tensor, a key, a text. */
const AHEAD_BYTES = 128 * 1024;

/**
 * Walks over the header of a GGUF file, of which it keeps a window in memory. Numbers are in the file's byte order.
 * Everything is read from the window, at once; {@link ahead} must be called before each thing of unknown place.
 */
export class GgufCursor {
  /** Offset in the file of the next byte. */
  position = 0;
  bigEndian = false;
  /** Bytes of lengths and counts: 4 in version 1. */
  sizeBytes: 4 | 8 = 8;
  private window: DataView = new DataView(new ArrayBuffer(0));
  private windowStart = 0;

  constructor(
    private readonly source: RandomAccessSource,
    private readonly signal: AbortSignal | undefined,
  ) {}

  fail(reason: string, offset?: number, tensor?: string): FormatError {
    return new FormatError({ file: this.source.path, reason, offset, tensor, remedy: REMEDY });
  }

  /** The error for a file that ends too early. */
  truncated(reason: string, tensor?: string): FormatError {
    const { path, size } = this.source;
    const remedy = CUT_NAME.test(path) ? PARTS_REMEDY : REMEDY;
    return new FormatError({ file: path, offset: size, reason, tensor, remedy });
  }

  u8(): number {
    const at = this.take(1);
    return this.window.getUint8(at);
  }

  u16(): number {
    const at = this.take(2);
    return this.window.getUint16(at, !this.bigEndian);
  }

  u32(): number {
    const at = this.take(4);
    return this.window.getUint32(at, !this.bigEndian);
  }

  i32(): number {
    const at = this.take(4);
    return this.window.getInt32(at, !this.bigEndian);
  }

  /** Not exact from 2^53 on; whatever that is, it is refused. */
  u64(): number {
    return this.u64At(this.take(8));
  }

  /** A length or a count. */
  size(): number {
    return this.sizeBytes === 8 ? this.u64() : this.u32();
  }

  /** @param most bytes: a longer text is refused. `what` it is, for the message. */
  text(most: number, what: string): string {
    const start = this.position;
    const length = this.size();
    if (length > most) throw this.fail(l10n.t('has {0} of {1} bytes; at most {2} are read', what, length, most), start);
    const at = this.take(length);
    return Buffer.from(this.window.buffer, this.window.byteOffset + at, length).toString('utf8');
  }

  /** Passes over bytes without reading them. */
  skip(length: number): void {
    const end = this.position + length;
    if (end > this.source.size) throw this.truncated(l10n.t('ends inside its header'));
    if (end > MAX_HEADER_BYTES) throw this.fail(l10n.t('has a header of more than {0} bytes', MAX_HEADER_BYTES));
    this.position = end;
  }

  /** Passes over texts, as fast as their lengths can be read. */
  async skipTexts(count: number): Promise<void> {
    const { sizeBytes } = this;
    for (let left = count; left > 0;) {
      await this.ahead();
      let at = this.position - this.windowStart;
      const last = this.window.byteLength - sizeBytes;
      if (at > last) throw this.truncated(l10n.t('ends inside its header'));
      // As many as are in the window; then the next window.
      while (left > 0 && at <= last) {
        at += sizeBytes + (sizeBytes === 8 ? this.u64At(at) : this.window.getUint32(at, !this.bigEndian));
        left--;
      }
      this.position = this.windowStart;
      this.skip(at);
    }
  }

  /** Makes sure that what comes next is in the window, as far as there is any. */
  async ahead(): Promise<void> {
    const { position, source } = this;
    const end = Math.min(position + AHEAD_BYTES, source.size);
    if (position >= this.windowStart && end <= this.windowStart + this.window.byteLength) return;
    const bytes = await source.read(position, Math.min(WINDOW_BYTES, source.size - position), this.signal);
    this.window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.windowStart = position;
  }

  private u64At(at: number): number {
    const first = this.window.getUint32(at, !this.bigEndian);
    const second = this.window.getUint32(at + 4, !this.bigEndian);
    return this.bigEndian ? first * 2 ** 32 + second : second * 2 ** 32 + first;
  }

  /** Goes on by `length` bytes. @returns where they are in the window */
  private take(length: number): number {
    const at = this.position - this.windowStart;
    this.skip(length);
    if (at < 0 || at + length > this.window.byteLength) throw new RangeError('Not in the window');
    return at;
  }
}
