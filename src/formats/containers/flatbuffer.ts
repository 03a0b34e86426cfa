import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';

/** Tables are read through pages, as they may lie between gigabytes of weights. */
const PAGE_BYTES = 4096;

/** Pages that one miss brings: the parts of a table lie close together. */
const READ_AHEAD_PAGES = 4;

/** Pages with so little between them are read at once. */
const MERGED_GAP_PAGES = 8;

/** Reads under way at the same time: on a network disk they wait for each other otherwise. */
const CONCURRENT_READS = 32;

/** 64 MiB of pages are kept: more than all tables of published models, of which the largest have some 10 MB. */
const MAX_PAGES = 16_384;

/**
 * Bytes of tables, strings and vectors that are looked at. Objects may be shared, so that a small file can claim any
 * number of them: this bounds time and memory, whatever a file claims. 100,000 tensors and as many operators take 40 MB.
 */
export const MAX_VISITED_BYTES = 64 * 1024 * 1024;

/** Bytes requested of the file: a page for each table of 100,000 that lie between weights. */
export const MAX_REQUESTED_BYTES = 1024 * 1024 * 1024;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** A run of elements within a flatbuffer, checked to be inside of it. */
export interface FlatVector {
  /** Offset of the first element from the start of the flatbuffer. */
  readonly start: number;
  readonly length: number;
}

/**
 * Walks a FlatBuffer (https://flatbuffers.dev/internals/) that is a part of a file, without a schema: the caller knows
 * which field is of which type. Nothing is trusted: each offset is checked to stay inside, and what is visited is
 * counted. Depth is the caller's: a cycle can only be followed by a caller that recurses. Alignment is not asked for, as
 * bytes are read one by one.
 */
export class FlatBuffer {
  /** Least recently used first. */
  private readonly pages = new Map<number, Uint8Array>();
  private visited = 0;
  private requested = 0;

  /**
   * @param start Offset in the source at which the flatbuffer begins.
   * @param size Bytes from there on that belong to it.
   */
  constructor(
    private readonly source: RandomAccessSource,
    readonly start: number,
    readonly size: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** The table that the flatbuffer is about. @throws {FormatError} like all that follow */
  async root(): Promise<FlatTable> {
    const at = (await this.view(0, 4)).getUint32(0, true);
    return await this.table(at);
  }

  async table(at: number): Promise<FlatTable> {
    const vtable = at - (await this.view(at, 4)).getInt32(0, true);
    const head = await this.view(vtable, 4);
    const vtableBytes = head.getUint16(0, true);
    const tableBytes = head.getUint16(2, true);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4) {
      throw this.error(vtable, l10n.t('has a malformed table'));
    }
    return new FlatTable(this, at, await this.view(vtable, vtableBytes), await this.view(at, tableBytes));
  }

  /** Positions of the tables of a vector of tables. */
  async positions(vector: FlatVector): Promise<number[]> {
    const view = await this.view(vector.start, 4 * vector.length);
    return Array.from({ length: vector.length }, (_, i) => vector.start + 4 * i + view.getUint32(4 * i, true));
  }

  /** The elements of a vector of signed 32-bit integers. */
  async int32s(vector: FlatVector): Promise<Int32Array> {
    const view = await this.view(vector.start, 4 * vector.length);
    return Int32Array.from({ length: vector.length }, (_, i) => view.getInt32(4 * i, true));
  }

  /** Reads the pages of many objects together, so that going through them waits for few reads. */
  async prefetch(positions: readonly number[]): Promise<void> {
    const wanted = new Set<number>();
    for (const position of positions) {
      if (position < 0 || position >= this.size || wanted.size >= MAX_PAGES / 2) continue;
      const page = Math.floor(position / PAGE_BYTES);
      if (!this.pages.has(page)) wanted.add(page);
    }
    const runs: { first: number; end: number }[] = [];
    for (const page of [...wanted].sort((a, b) => a - b)) {
      const last = runs.at(-1);
      if (last !== undefined && page - last.end <= MERGED_GAP_PAGES) last.end = page + 1;
      else runs.push({ first: page, end: page + 1 });
    }
    for (let i = 0; i < runs.length; i += CONCURRENT_READS) {
      await Promise.all(runs.slice(i, i + CONCURRENT_READS).map(({ first, end }) => this.readPages(first, end)));
    }
  }

  /** Bytes at an offset of the flatbuffer. */
  async view(at: number, length: number): Promise<DataView> {
    if (at < 0 || length < 0 || at + length > this.size) {
      throw this.error(
        Math.min(Math.max(at, 0), this.size),
        l10n.t('points to bytes {0} to {1}; it has {2}', at, at + length, this.size),
      );
    }
    this.visited += length;
    if (this.visited > MAX_VISITED_BYTES) {
      throw this.error(at, l10n.t('has tables of more than {0} bytes', MAX_VISITED_BYTES));
    }
    const page = Math.floor(at / PAGE_BYTES);
    const within = at - page * PAGE_BYTES;
    if (within + length <= PAGE_BYTES) {
      const bytes = this.cached(page) ?? (await this.load(page));
      return new DataView(bytes.buffer, bytes.byteOffset + within, length);
    }
    const bytes = new Uint8Array(length);
    const end = at + length;
    for (let from = at; from < end;) {
      const index = Math.floor(from / PAGE_BYTES);
      const content = this.cached(index) ?? (await this.load(index, Math.ceil(end / PAGE_BYTES)));
      const to = Math.min(end, (index + 1) * PAGE_BYTES);
      bytes.set(content.subarray(from - index * PAGE_BYTES, to - index * PAGE_BYTES), from - at);
      from = to;
    }
    return new DataView(bytes.buffer);
  }

  /** @param at Offset within the flatbuffer. */
  error(at: number, reason: string): FormatError {
    return new FormatError({ file: this.source.path, offset: this.start + at, reason, remedy: REMEDY });
  }

  private cached(page: number): Uint8Array | undefined {
    const bytes = this.pages.get(page);
    if (bytes !== undefined && this.pages.size > MAX_PAGES / 2) {
      this.pages.delete(page);
      this.pages.set(page, bytes);
    }
    return bytes;
  }

  private async load(page: number, end = page): Promise<Uint8Array> {
    await this.readPages(page, Math.min(Math.max(end, page + READ_AHEAD_PAGES), page + MAX_PAGES / 2));
    return this.pages.get(page) ?? new Uint8Array(0);
  }

  private async readPages(first: number, end: number): Promise<void> {
    const offset = first * PAGE_BYTES;
    const length = Math.min(end * PAGE_BYTES, this.size) - offset;
    this.requested += length;
    if (this.requested > MAX_REQUESTED_BYTES) {
      throw this.error(offset, l10n.t('has tables that lie in more than {0} bytes', MAX_REQUESTED_BYTES));
    }
    const bytes = await this.source.read(this.start + offset, length, this.signal);
    for (let page = first; page < end && (page - first) * PAGE_BYTES < length; page++) {
      const from = (page - first) * PAGE_BYTES;
      // A copy, so that a page that is kept does not keep all that was read with it.
      this.pages.set(page, bytes.slice(from, from + PAGE_BYTES));
    }
    for (const page of this.pages.keys()) {
      if (this.pages.size <= MAX_PAGES) break;
      this.pages.delete(page);
    }
  }
}

/** One table. Fields are numbered in the order of the schema, from 0; absent ones have their default. */
export class FlatTable {
  constructor(
    private readonly buffer: FlatBuffer,
    /** Offset from the start of the flatbuffer. */
    readonly at: number,
    private readonly vtable: DataView,
    private readonly inline: DataView,
  ) {}

  has(field: number): boolean {
    return this.place(field, 1) !== 0;
  }

  int8(field: number): number {
    const place = this.place(field, 1);
    return place === 0 ? 0 : this.inline.getInt8(place);
  }

  uint8(field: number): number {
    const place = this.place(field, 1);
    return place === 0 ? 0 : this.inline.getUint8(place);
  }

  int32(field: number): number {
    const place = this.place(field, 4);
    return place === 0 ? 0 : this.inline.getInt32(place, true);
  }

  uint32(field: number): number {
    const place = this.place(field, 4);
    return place === 0 ? 0 : this.inline.getUint32(place, true);
  }

  /** Rounded beyond 2⁵³, where no size of a file is. */
  uint64(field: number): number {
    const place = this.place(field, 8);
    return place === 0 ? 0 : Number(this.inline.getBigUint64(place, true));
  }

  async table(field: number): Promise<FlatTable | undefined> {
    const at = this.target(field);
    return at === undefined ? undefined : await this.buffer.table(at);
  }

  /** @param width Bytes of an element. */
  async vector(field: number, width: number): Promise<FlatVector | undefined> {
    const at = this.target(field);
    if (at === undefined) return undefined;
    const length = (await this.buffer.view(at, 4)).getUint32(0, true);
    if (at + 4 + length * width > this.buffer.size) {
      throw this.buffer.error(at, l10n.t('has a vector of {0} elements, more than there are bytes after it', length));
    }
    return { start: at + 4, length };
  }

  /**
   * Positions of the tables of a vector; none if the field is absent.
   * @param most What a model may have; `what` names them in the message.
   */
  async tables(field: number, most: number, what: string): Promise<number[]> {
    const vector = await this.vector(field, 4);
    if (vector === undefined) return [];
    if (vector.length > most) {
      throw this.buffer.error(vector.start - 4, l10n.t('has {0} {1}; at most {2} are read', vector.length, what, most));
    }
    return await this.buffer.positions(vector);
  }

  /** The numbers of a vector; none if the field is absent. */
  async int32s(field: number, most: number): Promise<Int32Array> {
    const vector = await this.vector(field, 4);
    if (vector === undefined) return new Int32Array(0);
    if (vector.length > most) {
      throw this.buffer.error(
        vector.start - 4,
        l10n.t('has a list of {0} numbers; at most {1} are read', vector.length, most),
      );
    }
    return await this.buffer.int32s(vector);
  }

  /** The start of a string; the rest of one with more than `most` bytes is left out. Bytes that are no UTF-8 become U+FFFD. */
  async string(field: number, most: number): Promise<string> {
    const vector = await this.vector(field, 1);
    if (vector === undefined) return '';
    const view = await this.buffer.view(vector.start, Math.min(vector.length, most));
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('utf8');
  }

  /** Offset of the object that a field points to. */
  private target(field: number): number | undefined {
    const place = this.place(field, 4);
    return place === 0 ? undefined : this.at + place + this.inline.getUint32(place, true);
  }

  /** Where in the table a field is; 0 if it is absent. */
  private place(field: number, width: number): number {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.vtable.byteLength) return 0;
    const place = this.vtable.getUint16(entry, true);
    if (place === 0) return 0;
    if (place < 4 || place + width > this.inline.byteLength) {
      throw this.buffer.error(this.at, l10n.t('has a table with a field outside of it'));
    }
    return place;
  }
}
