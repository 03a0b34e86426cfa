import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { CancelledError } from '../formats/errors';
import { InstallError } from './install-error';

const BLOCK = 512;

/** A name that needs an entry of its own is some hundred bytes long. */
const MAX_NAME_BYTES = 64 * 1024;

/** TensorFlow's archive, the largest, has some two thousand. */
const MAX_ENTRIES = 20_000;

/** Types of entries (POSIX.1-1988 "ustar", POSIX.1-2001 "pax", and GNU tar's names that are too long for the header). */
const FILE = new Set(['0', '\0', '']);
const SYMBOLIC_LINK = '2';
const EXTENDED = 'x';
const LONG_NAME = 'L';

export interface Unpacking {
  readonly archive: string;
  readonly folder: string;
  /** Of all entries together, whether they are kept or not. */
  readonly maxBytes: number;
  /** Where in the folder an entry goes; undefined if it is left out. */
  readonly place: (entry: string) => string | undefined;
}

/**
 * Unpacks the files that are wanted of a gzipped tar archive, and links from one name to another in the same folder.
 * @throws {InstallError} if the archive is broken or too large, or an entry would lie outside of the folder
 * @throws CancelledError
 */
export async function unpack({ archive, folder, maxBytes, place }: Unpacking, signal: AbortSignal): Promise<void> {
  const packed = createReadStream(archive);
  const unpacked = createGunzip();
  packed.on('error', (error) => unpacked.destroy(error)).pipe(unpacked);
  try {
    const bytes = new ByteReader(unpacked[Symbol.asyncIterator]() as AsyncIterator<Buffer>, maxBytes);
    await unpackEntries(bytes, folder, place, signal);
  } catch (error) {
    if (signal.aborted) throw new CancelledError();
    // What zlib says of bytes that are no gzip.
    if (String((error as { readonly code?: unknown }).code).startsWith('Z_')) throw broken((error as Error).message);
    throw error;
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

async function unpackEntries(
  bytes: ByteReader,
  folder: string,
  place: Unpacking['place'],
  signal: AbortSignal,
): Promise<void> {
  let longName: string | undefined;
  for (let entries = 0; ; entries++) {
    signal.throwIfAborted();
    const header = await bytes.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (entries > MAX_ENTRIES) throw broken(l10n.t('more than {0} entries', MAX_ENTRIES));
    const entry = readHeader(header);
    const padding = (BLOCK - (entry.size % BLOCK)) % BLOCK;
    if (entry.type === EXTENDED || entry.type === LONG_NAME) {
      if (entry.size > MAX_NAME_BYTES) throw broken(l10n.t('a name of {0} bytes', entry.size));
      const text = (await bytes.take(entry.size)).toString('utf8');
      longName = entry.type === LONG_NAME ? text.replace(/\0+$/, '') : (extendedPath(text) ?? longName);
      await bytes.skip(padding);
      continue;
    }
    const name = insideName(longName ?? entry.name);
    longName = undefined;
    const target = place(name);
    if (target !== undefined && FILE.has(entry.type)) {
      const file = join(folder, insideName(target));
      await mkdir(dirname(file), { recursive: true });
      await pipeline(Readable.from(bytes.chunks(entry.size)), createWriteStream(file, { flags: 'wx' }), { signal });
    } else {
      if (target !== undefined && entry.type === SYMBOLIC_LINK) {
        if (entry.link === '' || entry.link.startsWith('.') || /[/\\\0:]/.test(entry.link)) throw outside(entry.link);
        const file = join(folder, insideName(target));
        await mkdir(dirname(file), { recursive: true });
        await symlink(entry.link, file);
      }
      await bytes.skip(entry.size);
    }
    await bytes.skip(padding);
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly link: string;
}

function readHeader(header: Buffer): Header {
  const text = (start: number, length: number): string => {
    const field = header.subarray(start, start + length);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? length : end).toString('utf8');
  };
  const octal = (start: number, length: number): number => {
    const digits = text(start, length).trim();
    if (!/^[0-7]+$/.test(digits)) throw broken(l10n.t('a number that is none'));
    return Number.parseInt(digits, 8);
  };
  // The sum of all bytes, with spaces in the place of the sum.
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== octal(148, 8)) throw broken(l10n.t('a wrong checksum'));
  const prefix = text(257, 5) === 'ustar' && header[263] === 0x30 ? text(345, 155) : '';
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    size: octal(124, 12),
    type: text(156, 1),
    link: text(157, 100),
  };
}

/** The path of a pax header: lines of a length, a keyword and a value. */
function extendedPath(text: string): string | undefined {
  return /^\d+ path=(.*)$/m.exec(text)?.[1];
}

/** The name with slashes, from the archive's root. */
function insideName(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || /[\\\0:]/.test(name) || parts.includes('..')) throw outside(name);
  return parts.join('/');
}

function outside(name: string): InstallError {
  return new InstallError(l10n.t('The archive has an entry that would lie outside of its folder: {0}', name));
}

function broken(reason: string): InstallError {
  return new InstallError(l10n.t('The archive is broken: {0}', reason));
}

/** Numbers of bytes of a stream, whatever the chunks that they come in. */
class ByteReader {
  private rest: Buffer = Buffer.alloc(0);
  private read = 0;

  constructor(
    private readonly source: AsyncIterator<Buffer>,
    private readonly maxBytes: number,
  ) {}

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.chunks(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    const chunks = this.chunks(length);
    while ((await chunks.next()).done !== true) continue;
  }

  async *chunks(length: number): AsyncGenerator<Buffer, void> {
    let missing = length;
    while (missing > 0) {
      if (this.rest.length === 0) this.rest = await this.next();
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  private async next(): Promise<Buffer> {
    const result = await this.source.next();
    if (result.done === true) throw broken(l10n.t('it ends too early'));
    const { value } = result;
    this.read += value.length;
    if (this.read > this.maxBytes)
      throw new InstallError(l10n.t('The archive unpacks to more than {0} MB', this.maxBytes / 1e6));
    return value;
  }
}
