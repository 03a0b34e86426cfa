import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';
import type { RandomAccessSource } from '../../source';
import { DAMAGED, Fields, type FieldSizes } from './fields';

/** HDF5 keeps its structures in blocks of 2 KiB between the data: some of them come with each read. */
const PAGE_BYTES = 16 * 1024;

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
  private readonly pages = new Map<number, Promise<Uint8Array>>();
  private readonly claimed = new Set<number>();
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

  /** @throws {FormatError} if the bytes are not in the file, or too many */
  async at(address: number, length: number): Promise<Fields> {
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
    return new Fields(await this.bytes(this.base + address, length), this.base + address, this.sizes, this.source.path);
  }

  /** Up to so many bytes, fewer at the end of the file. */
  async upTo(address: number, length: number): Promise<Fields> {
    return await this.at(address, Math.max(0, Math.min(length, this.end - address)));
  }

  /**
   * Like {@link at}, for what only one structure may refer to: cycles and shared parts would let a small file describe
   * endless ones.
   */
  async once(address: number, length: number): Promise<Fields> {
    this.claim(address);
    return await this.at(address, length);
  }

  claim(address: number): void {
    if (this.claimed.has(address)) throw this.fault(address, l10n.t('uses a part of its structure twice'));
    this.claimed.add(address);
  }

  fault(address: number, reason: string): FormatError {
    const offset = Math.min(this.base + address, this.limit);
    return new FormatError({ file: this.source.path, offset, reason, remedy: DAMAGED });
  }

  private async bytes(start: number, length: number): Promise<Uint8Array> {
    if (length > MAX_PAGED_BYTES) return await this.source.read(start, length, this.signal);
    const first = Math.floor(start / PAGE_BYTES);
    const last = Math.floor(Math.max(start, start + length - 1) / PAGE_BYTES);
    const skip = start - first * PAGE_BYTES;
    if (first === last) return (await this.page(first)).subarray(skip, skip + length);
    const bytes = new Uint8Array(length);
    for (let index = first; index <= last; index++) {
      const page = await this.page(index);
      const from = Math.max(0, start - index * PAGE_BYTES);
      const part = page.subarray(from, Math.min(page.length, start + length - index * PAGE_BYTES));
      bytes.set(part, index * PAGE_BYTES + from - start);
    }
    return bytes;
  }

  private async page(index: number): Promise<Uint8Array> {
    const start = index * PAGE_BYTES;
    if (start >= this.source.size) return new Uint8Array(0);
    const known = this.pages.get(index);
    const page = known ?? this.source.read(start, Math.min(PAGE_BYTES, this.source.size - start), this.signal);
    // The last used is the last in the map.
    this.pages.delete(index);
    this.pages.set(index, page);
    if (this.pages.size > MAX_PAGES) {
      for (const oldest of this.pages.keys()) {
        this.pages.delete(oldest);
        break;
      }
    }
    return await page;
  }
}
