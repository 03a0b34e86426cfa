import * as l10n from '@vscode/l10n';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { CancelledError, FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';

/** One entry a tensor and some of the archive's own; listing a million takes some seconds and 200 MB. */
const MAX_ZIP_ENTRIES = MAX_TENSORS + 1000;

/** Deflate cannot expand beyond 1,032 : 1 (258 bytes from two bits); an entry that claims more lies about its size. */
const MAX_DEFLATE_RATIO = 1032;

/** Headers of some dozen bytes and compressed data are read in pieces of this size. */
export const READ_WINDOW = 64 * 1024;

/** Fixed parts of a local header and of a central directory record (APPNOTE.TXT 4.3.7, 4.3.12). */
export const LOCAL_HEADER_BYTES = 30;
const DIRECTORY_RECORD_BYTES = 46;

const STORED = 0;
const DEFLATED = 8;

/** What to do about an archive that contradicts itself. */
export const DAMAGED_ARCHIVE = l10n.t('The archive is damaged or incomplete: copy or download it again.');

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

/** What the central directory of an archive says. */
export interface ZipDirectory {
  /** In the order of the directory. */
  readonly entries: readonly ZipEntry[];
  readonly byName: ReadonlyMap<string, ZipEntry>;
  /** Where the bytes of an entry must end: the next header, or the directory. */
  readonly bounds: ReadonlyMap<ZipEntry, number>;
}

/**
 * Reads the table of contents of a zip archive (also zip64), and nothing else.
 * @throws {FormatError} if it is no zip archive, or is damaged, or its entries overlap or repeat a name
 */
export async function readZipDirectory(source: RandomAccessSource, signal?: AbortSignal): Promise<ZipDirectory> {
  const reader = new SourceReader(source, signal);
  const fault = new Promise<never>((_, reject) => {
    reader.onFault = reject;
  });
  return await Promise.race([readWith(reader, source), fault]);
}

async function readWith(reader: SourceReader, source: RandomAccessSource): Promise<ZipDirectory> {
  let zip: ZipFile;
  try {
    zip = await fromRandomAccessReaderPromise(reader, source.size, { autoClose: false });
  } catch (error) {
    // The table of contents stands at the end, so this is what every truncated archive lacks.
    if (error instanceof Error && error.message.startsWith('End of central directory record signature not found')) {
      const reason = l10n.t('ends without the table of contents that a zip archive has at its end: it was cut off');
      throw new FormatError({ file: source.path, offset: source.size, reason, remedy: DAMAGED_ARCHIVE });
    }
    throw zipError(source.path, error, source.size);
  }
  const directoryStart = cursor(zip);
  if (zip.entryCount > MAX_ZIP_ENTRIES || zip.entryCount * DIRECTORY_RECORD_BYTES > source.size) {
    throw new FormatError({
      file: source.path,
      offset: directoryStart,
      reason: l10n.t('claims to hold {0} entries, more than it has room for or than are read', zip.entryCount),
      remedy: DAMAGED_ARCHIVE,
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
  throw new FormatError({ file: source.path, offset, reason, remedy: DAMAGED_ARCHIVE });
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
        remedy: DAMAGED_ARCHIVE,
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

function zipError(file: string, error: unknown, offset: number | undefined): Error {
  if (error instanceof FormatError || error instanceof CancelledError) return error;
  const reason = l10n.t('is not a readable zip archive: {0}', error instanceof Error ? error.message : String(error));
  return new FormatError({ file, offset, reason, remedy: DAMAGED_ARCHIVE });
}
