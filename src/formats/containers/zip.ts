import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { CancelledError, FormatError, throwIfCancelled } from '../errors';
import type { RandomAccessSource } from '../source';
import { readRanges } from './read-ranges';
import {
  DAMAGED_ARCHIVE,
  LOCAL_HEADER_BYTES,
  READ_WINDOW,
  readZipDirectory,
  type ZipDirectory,
  type ZipEntry,
} from './zip-directory';

/** Reads under way at the same time: on a network disk they wait for each other otherwise. */
const CONCURRENT_READS = 32;

/** The first four bytes of a local header (APPNOTE.TXT 4.3.7). */
const LOCAL_SIGNATURE = 0x04034b50;

/** Room for what stands behind the name in a local header: NumPy has 20 bytes there, for sizes of eight bytes each. */
const USUAL_EXTRA_BYTES = 64;

/** The bytes of an archive from an entry's local header on, at least that header. */
export type EntryHead = Uint8Array;

/**
 * The table of contents of a zip archive (also zip64), whose entries can be read at any place. Nothing but the table is
 * read when it is opened.
 */
export class ZipArchive {
  private constructor(
    private readonly source: RandomAccessSource,
    private readonly directory: ZipDirectory,
  ) {}

  /** @throws {FormatError} if it is no zip archive, or is damaged, or its entries overlap or repeat a name. */
  static async open(source: RandomAccessSource, signal?: AbortSignal): Promise<ZipArchive> {
    return new ZipArchive(source, await readZipDirectory(source, signal));
  }

  /** In the order of the central directory. */
  get entries(): readonly ZipEntry[] {
    return this.directory.entries;
  }

  get(name: string): ZipEntry | undefined {
    return this.directory.byName.get(name);
  }

  /**
   * Offset in the archive of an entry's first byte (of its compressed bytes, if it is deflated); `compressedSize` bytes
   * from there on are its own.
   * @throws {FormatError} if the local header is damaged, or the entry is encrypted or compressed by another method.
   */
  async dataOffset(entry: ZipEntry, signal?: AbortSignal, head?: EntryHead): Promise<number> {
    const header = head ?? (await this.source.read(entry.headerOffset, LOCAL_HEADER_BYTES, signal));
    return this.dataOffsetFrom(entry, header);
  }

  /**
   * The local headers of many entries with the first `length` bytes of their contents as they are stored, in few reads;
   * less of the contents where the header is uncommonly long.
   */
  async readHeads(
    entries: readonly ZipEntry[],
    length: number,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<ZipEntry, EntryHead>> {
    const ranges = entries.map(({ headerOffset, name, compressedSize }) => {
      const header = LOCAL_HEADER_BYTES + name.length + USUAL_EXTRA_BYTES;
      const end = headerOffset + header + Math.min(length, compressedSize);
      return { offset: headerOffset, length: Math.min(end, this.source.size) - headerOffset };
    });
    const heads = await readRanges(this.source, ranges, signal);
    return new Map(entries.map((entry, index) => [entry, heads[index] ?? new Uint8Array(LOCAL_HEADER_BYTES)]));
  }

  /**
   * {@link dataOffset} of many entries: headers that are close together are read together, and several at once, as a
   * checkpoint may have a hundred thousand entries.
   */
  async dataOffsets(entries: Iterable<ZipEntry>, signal?: AbortSignal): Promise<ReadonlyMap<ZipEntry, number>> {
    const offsets = new Map<ZipEntry, number>();
    const runs = headerRuns(entries);
    for (let first = 0; first < runs.length; first += CONCURRENT_READS) {
      await Promise.all(
        runs.slice(first, first + CONCURRENT_READS).map(async (run) => {
          const start = run[0]?.headerOffset ?? 0;
          const end = (run.at(-1)?.headerOffset ?? 0) + LOCAL_HEADER_BYTES;
          const bytes = await this.source.read(start, end - start, signal);
          for (const entry of run) {
            offsets.set(entry, this.dataOffsetFrom(entry, bytes.subarray(entry.headerOffset - start)));
          }
        }),
      );
    }
    return offsets;
  }

  /** `header` begins with the entry's local header. */
  private dataOffsetFrom(entry: ZipEntry, header: Uint8Array): number {
    if (entry.encrypted || entry.method === 'unsupported') {
      throw this.error(
        entry.headerOffset,
        entry.encrypted
          ? l10n.t('its entry "{0}" is encrypted', entry.name)
          : l10n.t('its entry "{0}" is compressed by a method that is not supported', entry.name),
        l10n.t('Unpack the archive, and write it again without encryption, stored or deflated.'),
      );
    }
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    if (view.getUint32(0, true) !== LOCAL_SIGNATURE) {
      throw this.error(entry.headerOffset, l10n.t('its entry "{0}" has no local header', entry.name), DAMAGED_ARCHIVE);
    }
    const offset = entry.headerOffset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    const bound = this.directory.bounds.get(entry) ?? this.source.size;
    if (offset + entry.compressedSize > bound) {
      throw this.error(
        entry.headerOffset,
        l10n.t('its entry "{0}" reaches into what follows it', entry.name),
        DAMAGED_ARCHIVE,
      );
    }
    return offset;
  }

  /**
   * The whole content of an entry.
   * @throws {FormatError} if that is more than `maxBytes` (checked before anything is read, and again while inflating),
   * or is not as long as the directory says.
   */
  async read(entry: ZipEntry, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (entry.size > maxBytes || entry.compressedSize > maxBytes) {
      throw this.error(
        entry.headerOffset,
        l10n.t('its entry "{0}" has {1} bytes, more than the {2} that are read', entry.name, entry.size, maxBytes),
        l10n.t('Check where the file comes from.'),
      );
    }
    const bytes = await this.readStart(entry, entry.size + 1, signal);
    if (bytes.length === entry.size) return bytes;
    throw this.error(
      entry.headerOffset,
      bytes.length > entry.size
        ? l10n.t('its entry "{0}" has more bytes than the {1} that the directory says', entry.name, entry.size)
        : l10n.t('its entry "{0}" has fewer bytes than the {1} that the directory says', entry.name, entry.size),
      DAMAGED_ARCHIVE,
    );
  }

  /**
   * The first bytes of an entry's content: `length`, or fewer if it ends before. Inflates no more than that, whatever
   * the size of the entry.
   * @throws {FormatError}
   */
  async readStart(entry: ZipEntry, length: number, signal?: AbortSignal, head?: EntryHead): Promise<Uint8Array> {
    const offset = await this.dataOffset(entry, signal, head);
    if (entry.method === 'stored') {
      const stored = Math.min(length, entry.compressedSize);
      const at = offset - entry.headerOffset;
      if (head !== undefined && at + stored <= head.length) return head.subarray(at, at + stored);
      return await this.source.read(offset, stored, signal);
    }
    const chunks: Uint8Array[] = [];
    let missing = length;
    const compressed = Readable.from(pieces(this.source, offset, entry.compressedSize, signal), { objectMode: false });
    const inflate = createInflateRaw();
    compressed.on('error', (error) => inflate.destroy(error));
    try {
      for await (const chunk of compressed.pipe(inflate) as AsyncIterable<Uint8Array>) {
        chunks.push(chunk.subarray(0, missing));
        missing -= Math.min(missing, chunk.length);
        if (missing === 0) break;
      }
    } catch (error) {
      if (error instanceof FormatError || error instanceof CancelledError) throw error;
      throw this.error(
        offset,
        l10n.t('its entry "{0}" cannot be inflated ({1})', entry.name, (error as Error).message),
        DAMAGED_ARCHIVE,
      );
    } finally {
      compressed.destroy();
      inflate.destroy();
    }
    return concatenate(chunks, length - missing);
  }

  private error(offset: number, reason: string, remedy: string): FormatError {
    return new FormatError({ file: this.source.path, offset, reason, remedy });
  }
}

/** Entries whose local headers lie within {@link READ_WINDOW} bytes, in the order of the file. */
function headerRuns(entries: Iterable<ZipEntry>): ZipEntry[][] {
  const runs: ZipEntry[][] = [];
  for (const entry of [...entries].sort((a, b) => a.headerOffset - b.headerOffset)) {
    const run = runs.at(-1);
    const start = run?.[0]?.headerOffset ?? 0;
    if (run !== undefined && entry.headerOffset + LOCAL_HEADER_BYTES - start <= READ_WINDOW) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

async function* pieces(
  source: RandomAccessSource,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += READ_WINDOW) {
    throwIfCancelled(signal);
    yield await source.read(offset + done, Math.min(READ_WINDOW, length - done), signal);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}
