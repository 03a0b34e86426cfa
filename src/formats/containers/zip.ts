import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { CancelledError, FormatError, throwIfCancelled } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';
import { readRanges } from './read-ranges';

/** One entry a tensor and some of the archive's own; listing a million takes some seconds and 200 MB. */
const MAX_ZIP_ENTRIES = MAX_TENSORS + 1000;

/** Deflate cannot expand beyond 1,032 : 1 (258 bytes from two bits); an entry that claims more lies about its size. */
const MAX_DEFLATE_RATIO = 1032;

/** Headers of some dozen bytes and compressed data are read in pieces of this size. */
const READ_WINDOW = 64 * 1024;

/** Reads under way at the same time: on a network disk they wait for each other otherwise. */
const CONCURRENT_READS = 32;

/** Fixed parts of a local header and of a central directory record (APPNOTE.TXT 4.3.7, 4.3.12). */
const LOCAL_HEADER_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
const DIRECTORY_RECORD_BYTES = 46;

/** Room for what stands behind the name in a local header: NumPy has 20 bytes there, for sizes of eight bytes each. */
const USUAL_EXTRA_BYTES = 64;

const STORED = 0;
const DEFLATED = 8;

const REMEDY = l10n.t('The archive is damaged or incomplete: copy or download it again.');

/** A file within a zip archive. Sizes come from the central directory, and fit the archive. */
export interface ZipEntry {
  /** Path with forward slashes; relative, without `..`. Folders end in a slash. */
  readonly name: string;
  readonly method: 'stored' | 'deflated' | 'unsupported';
  readonly encrypted: boolean;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Bytes of the content. For deflated entries a claim, which inflating checks. */
  readonly size: number;
  /** Where the entry's local header starts in the archive; its data follow. */
  readonly headerOffset: number;
}

/** The bytes of an archive from an entry's local header on, at least that header. */
export type EntryHead = Uint8Array;

/**
 * The table of contents of a zip archive (also zip64), whose entries can be read at any place. Nothing but the table is
 * read when it is opened.
 */
export class ZipArchive {
  private constructor(
    private readonly source: RandomAccessSource,
    /** In the order of the central directory. */
    readonly entries: readonly ZipEntry[],
    private readonly byName: ReadonlyMap<string, ZipEntry>,
    /** Where the bytes of an entry must end: the next header, or the central directory. */
    private readonly bounds: ReadonlyMap<ZipEntry, number>,
  ) {}

  /** @throws {FormatError} if it is no zip archive, or is damaged, or its entries overlap or repeat a name. */
  static async open(source: RandomAccessSource, signal?: AbortSignal): Promise<ZipArchive> {
    const reader = new SourceReader(source, signal);
    const fault = new Promise<never>((_, reject) => {
      reader.onFault = reject;
    });
    const { entries, byName, bounds } = await Promise.race([readDirectory(source, reader), fault]);
    return new ZipArchive(source, entries, byName, bounds);
  }

  get(name: string): ZipEntry | undefined {
    return this.byName.get(name);
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
      throw this.error(entry.headerOffset, l10n.t('its entry "{0}" has no local header', entry.name), REMEDY);
    }
    const offset = entry.headerOffset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    const bound = this.bounds.get(entry) ?? this.source.size;
    if (offset + entry.compressedSize > bound) {
      throw this.error(entry.headerOffset, l10n.t('its entry "{0}" reaches into what follows it', entry.name), REMEDY);
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
      REMEDY,
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
        REMEDY,
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

interface Directory {
  readonly entries: readonly ZipEntry[];
  readonly byName: ReadonlyMap<string, ZipEntry>;
  readonly bounds: ReadonlyMap<ZipEntry, number>;
}

async function readDirectory(source: RandomAccessSource, reader: SourceReader): Promise<Directory> {
  let zip: ZipFile;
  try {
    zip = await fromRandomAccessReaderPromise(reader, source.size, { autoClose: false });
  } catch (error) {
    // The table of contents stands at the end, so this is what every truncated archive lacks.
    if (error instanceof Error && error.message.startsWith('End of central directory record signature not found')) {
      const reason = l10n.t('ends without the table of contents that a zip archive has at its end: it was cut off');
      throw new FormatError({ file: source.path, offset: source.size, reason, remedy: REMEDY });
    }
    throw zipError(source.path, error, source.size);
  }
  const directoryStart = cursor(zip);
  if (zip.entryCount > MAX_ZIP_ENTRIES || zip.entryCount * DIRECTORY_RECORD_BYTES > source.size) {
    throw new FormatError({
      file: source.path,
      offset: directoryStart,
      reason: l10n.t('claims to hold {0} entries, more than it has room for or than are read', zip.entryCount),
      remedy: REMEDY,
    });
  }
  const byName = new Map<string, ZipEntry>();
  const entries: ZipEntry[] = [];
  try {
    for await (const original of zip.eachEntry()) {
      const entry = describe(original);
      checkEntry(source, entry, byName, cursor(zip));
      byName.set(entry.name, entry);
      entries.push(entry);
    }
  } catch (error) {
    throw zipError(source.path, error, cursor(zip));
  }
  return { entries, byName, bounds: entryBounds(source, entries, directoryStart) };
}

/** Where yauzl reads next. Its type declarations (3.4.0) have the wrong type for this field. */
function cursor(zip: ZipFile): number {
  return zip.readEntryCursor as unknown as number;
}

function describe(original: Entry): ZipEntry {
  const { compressionMethod } = original;
  return {
    name: original.fileName,
    method: compressionMethod === STORED ? 'stored' : compressionMethod === DEFLATED ? 'deflated' : 'unsupported',
    encrypted: original.isEncrypted(),
    compressedSize: original.compressedSize,
    size: original.uncompressedSize,
    headerOffset: original.relativeOffsetOfLocalHeader,
  };
}

function checkEntry(
  source: RandomAccessSource,
  entry: ZipEntry,
  seen: ReadonlyMap<string, ZipEntry>,
  offset: number,
): void {
  const shown = entry.name.length > 200 ? `${entry.name.slice(0, 200)}…` : entry.name;
  let reason: string | undefined;
  if (entry.name.length > MAX_NAME_LENGTH) reason = l10n.t('its entry "{0}" has a name that is too long', shown);
  // Programs differ in which of the two they would read: what one has checked, another would not see.
  else if (seen.has(entry.name)) reason = l10n.t('its entry "{0}" is there twice', shown);
  else if (entry.headerOffset + LOCAL_HEADER_BYTES + entry.compressedSize > source.size) {
    reason = l10n.t('its entry "{0}" reaches beyond the end of the file', shown);
  } else if (entry.method === 'deflated' && entry.size > entry.compressedSize * MAX_DEFLATE_RATIO) {
    reason = l10n.t(
      'its entry "{0}" claims {1} bytes, more than {2} compressed ones can hold',
      shown,
      entry.size,
      entry.compressedSize,
    );
  }
  if (reason === undefined) return;
  throw new FormatError({ file: source.path, offset, reason, remedy: REMEDY });
}

/**
 * Where each entry must end at the latest. Entries that share bytes let a small archive hold petabytes (D. Fifield, "A
 * better zip bomb", WOOT 2019), and no program writes them.
 */
function entryBounds(
  source: RandomAccessSource,
  entries: readonly ZipEntry[],
  directoryStart: number,
): ReadonlyMap<ZipEntry, number> {
  const bounds = new Map<ZipEntry, number>();
  let bound = directoryStart;
  for (const entry of entries.toSorted((a, b) => b.headerOffset - a.headerOffset)) {
    if (entry.headerOffset + LOCAL_HEADER_BYTES + entry.compressedSize > bound) {
      throw new FormatError({
        file: source.path,
        offset: entry.headerOffset,
        reason: l10n.t('its entry "{0}" overlaps another one', entry.name),
        remedy: REMEDY,
      });
    }
    bounds.set(entry, bound);
    bound = entry.headerOffset;
  }
  return bounds;
}

/** yauzl's view of a source. Reads ahead: yauzl asks for one record of the directory after the other. */
class SourceReader extends RandomAccessReader {
  onFault: (error: unknown) => void = () => undefined;
  private ahead: Uint8Array = new Uint8Array(0);
  private aheadOffset = 0;

  constructor(
    private readonly source: RandomAccessSource,
    private readonly signal: AbortSignal | undefined,
  ) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.bytes(position, length)
      .then(
        (bytes) => {
          buffer.set(bytes, offset);
          callback(null);
        },
        (error: unknown) => {
          callback(error as Error);
        },
      )
      // What yauzl throws inside its own callback reaches nobody else.
      .catch(this.onFault);
  }

  private async bytes(position: number, length: number): Promise<Uint8Array> {
    const start = position - this.aheadOffset;
    if (start >= 0 && start + length <= this.ahead.length) return this.ahead.subarray(start, start + length);
    const wanted = Math.max(length, Math.min(READ_WINDOW, this.source.size - position));
    const bytes = await this.source.read(position, wanted, this.signal);
    this.ahead = bytes;
    this.aheadOffset = position;
    return bytes.subarray(0, length);
  }
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

function zipError(file: string, error: unknown, offset: number | undefined): Error {
  if (error instanceof FormatError || error instanceof CancelledError) return error;
  const reason = l10n.t('is not a readable zip archive: {0}', error instanceof Error ? error.message : String(error));
  return new FormatError({ file, offset, reason, remedy: REMEDY });
}
