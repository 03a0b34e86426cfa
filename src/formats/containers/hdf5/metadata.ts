import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import type { RandomAccessSource } from '../../source';
import { DAMAGED, Fields, type FieldSizes } from './fields';

/** HDF5 keeps its structures in blocks of 2 KiB between the data: some of them come with each read. */
const PAGE_BYTES = 16 * 1024;

/** Pages that are read together where the one before is known: small objects stand one behind the other. */
const RUN_PAGES = 16;

/** Pages that are kept, 16 MiB: groups and their objects are mostly close together. */
const MAX_PAGES = 1024;

/** Structures longer than this are read past the pages. */
const MAX_PAGED_BYTES = 4 * PAGE_BYTES;

/** No structure that is read as a whole is longer; object headers of real files have under 1 MiB, attributes under 64. */
export const MAX_STRUCTURE_BYTES = 64 * 1024 * 1024;

/**
 * All structures together, as a multiple of the file: heads are read before what follows them, and a named data type
 * with each of its datasets. Structures that overlap would let a small file describe endless ones.
 */
const MAX_BYTES_PER_FILE_BYTE = 4;
const MAX_BYTES_OF_SMALL_FILES = 1024 * 1024;

/** The structures of one file, read by address. Counts what it reads, and reads no structure twice. */
export class Metadata {
  private readonly pages = new Map<number, Uint8Array | Promise<Uint8Array>>();
  private readonly claimed = new Set<number>();
  private lastUsed: number | undefined;
  private parsedBytes = 0;

  /**
   * @param base Place in the file that addresses are relative to.
   * @param limit Place in the file at which the HDF5 file ends; what follows may belong to an archive that it is in.
   */
  constructor(
    readonly source: RandomAccessSource,
    readonly base: number,
    private readonly limit: number,
    readonly sizes: FieldSizes,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Bytes from the base to the end. */
  get end(): number {
    return this.limit - this.base;
  }

  /**
   * At once where the bytes are at hand, as they mostly are: objects are small and have several structures each.
   * @throws {FormatError} if the bytes are not in the file, or too many
   */
  at(address: number, length: number): Fields | Promise<Fields> {
    if (address + length > this.end || length > MAX_STRUCTURE_BYTES) {
      throw this.fault(
        address,
        address + length > this.end
          ? l10n.t('is cut off: a structure of {0} bytes reaches beyond its end', length)
          : l10n.t('has a structure of {0} bytes; at most {1} are read', length, MAX_STRUCTURE_BYTES),
      );
    }
    this.parsedBytes += length;
    if (this.parsedBytes > MAX_BYTES_PER_FILE_BYTE * this.end + MAX_BYTES_OF_SMALL_FILES) {
      throw this.fault(address, l10n.t('uses parts of its structure many times over'));
    }
    const start = this.base + address;
    const bytes = this.bytes(start, length);
    return bytes instanceof Uint8Array ? this.fields(bytes, start) : bytes.then((read) => this.fields(read, start));
  }

  /** Up to so many bytes, fewer at the end of the file. */
  upTo(address: number, length: number): Fields | Promise<Fields> {
    return this.at(address, Math.max(0, Math.min(length, this.end - address)));
  }

  /**
   * Like {@link at}, for what only one structure may refer to: cycles and shared parts would let a small file describe
   * endless ones.
   */
  once(address: number, length: number): Fields | Promise<Fields> {
    this.claim(address);
    return this.at(address, length);
  }

  claim(address: number): void {
    if (this.claimed.has(address)) throw this.fault(address, l10n.t('uses a part of its structure twice'));
    this.claimed.add(address);
  }

  fault(address: number, reason: string): FormatError {
    const offset = Math.min(this.base + address, this.limit);
    return new FormatError({ file: this.source.path, offset, reason, remedy: DAMAGED });
  }

  private fields(bytes: Uint8Array, start: number): Fields {
    return new Fields(bytes, start, this.sizes, this.source.path);
  }

  private bytes(start: number, length: number): Uint8Array | Promise<Uint8Array> {
    if (length > MAX_PAGED_BYTES) return this.source.read(start, length, this.signal);
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor(Math.max(start, start + length - 1) / PAGE_BYTES);
    if (first !== last) return this.bytesOfPages(start, length, first, last);
    const skip = start - first * PAGE_BYTES;
    const page = this.page(first);
    if (page instanceof Uint8Array) return page.subarray(skip, skip + length);
    return page.then((read) => read.subarray(skip, skip + length));
  }

  private async bytesOfPages(start: number, length: number, first: number, last: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let index = first; index <= last; index++) {
      const page = await this.page(index);
      const from = Math.max(0, start - index * PAGE_BYTES);
      const part = page.subarray(from, Math.min(page.length, start + length - index * PAGE_BYTES));
      bytes.set(part, index * PAGE_BYTES + from - start);
    }
    return bytes;
  }

  private page(index: number): Uint8Array | Promise<Uint8Array> {
    if (index * PAGE_BYTES >= this.source.size) return new Uint8Array(0);
    const known = this.pages.get(index);
    const page = known ?? this.readPage(index);
    // The last used is the last in the map.
    if (index !== this.lastUsed) {
      this.pages.delete(index);
      this.pages.set(index, page);
      this.lastUsed = index;
    }
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= MAX_PAGES) break;
      this.pages.delete(oldest);
    }
    return page;
  }

  private async readPage(index: number): Promise<Uint8Array> {
    const start = index * PAGE_BYTES;
    const isRun = this.pages.has(index - 1);
    const length = Math.min(isRun ? RUN_PAGES * PAGE_BYTES : PAGE_BYTES, this.source.size - start);
    const bytes = await this.source.read(start, length, this.signal);
    if (!isRun) return this.keep(index, bytes);
    for (let at = PAGE_BYTES; at < length; at += PAGE_BYTES) {
      const next = index + at / PAGE_BYTES;
      // Copied, so that a page that is kept does not keep the whole run.
      if (!this.pages.has(next)) this.pages.set(next, bytes.slice(at, at + PAGE_BYTES));
    }
    return this.keep(index, bytes.slice(0, PAGE_BYTES));
  }

  private keep(index: number, bytes: Uint8Array): Uint8Array {
    if (this.pages.has(index)) this.pages.set(index, bytes);
    return bytes;
  }
}
