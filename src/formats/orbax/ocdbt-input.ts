import * as l10n from '@vscode/l10n';
import { crc32c } from '../containers/crc32c';
import { decompressZstd } from '../containers/zstd';
import { ZstdError } from '../containers/zstd-tables';
import { FormatError } from '../errors';

/** Bytes of a manifest or node, decompressed: Orbax lets nodes have 10^8; TensorStore's own limit is a twelfth of it. */
export const MAX_NODE_BYTES = 100_000_000;

/** Files that one node names: as many as processes wrote a checkpoint, times the files of each. */
const MAX_TABLE_FILES = 100_000;

/** OCDBT's own limit is 65,535; file systems have 4,096. */
const MAX_PATH_BYTES = 4096;

/** A data file, as a node names it. */
export interface DataFile {
  /** Relative to the folder of the manifest. */
  readonly path: string;
  /** What is put before the paths that nodes in this file name. */
  readonly base: string;
}

/** The decompressed content of a manifest or a node, read from start to end. */
export class OcdbtInput {
  private at = 0;

  private constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    private readonly offset: number,
  ) {}

  /**
   * Checks the frame of a manifest or node: magic number (big-endian), length, version, compression, checksum.
   * @param offset of the bytes in the file, for messages
   * @throws {FormatError}
   */
  static open(bytes: Uint8Array, magic: number, file: string, offset: number, maxBytes: number): OcdbtInput {
    const fail = (reason: string): FormatError => damaged(file, offset, reason);
    if (bytes.length < 18) throw fail(l10n.t('is cut off'));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (view.getUint32(0) !== magic) throw fail(l10n.t('does not begin with the mark of OCDBT'));
    if (view.getBigUint64(4, true) !== BigInt(bytes.length)) {
      throw fail(l10n.t('has {0} bytes, and says it has {1}', bytes.length, String(view.getBigUint64(4, true))));
    }
    if (bytes[12] !== 0) throw fail(l10n.t('has OCDBT version {0}; version 0 is read', bytes[12] ?? 0));
    const end = bytes.length - 4;
    if (view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) throw fail(l10n.t('does not match its checksum'));
    const body = bytes.subarray(14, end);
    if (bytes[13] === 0) return new OcdbtInput(body, file, offset);
    if (bytes[13] !== 1) throw fail(l10n.t('is compressed in a way that is not read'));
    try {
      return new OcdbtInput(decompressZstd(body, maxBytes), file, offset);
    } catch (error) {
      if (error instanceof ZstdError) throw fail(l10n.t('cannot be decompressed ({0})', error.message));
      throw error;
    }
  }

  /** Bytes after decompression. */
  get length(): number {
    return this.bytes.length;
  }

  /** @throws {FormatError} if there is more */
  end(): void {
    if (this.at < this.bytes.length) throw this.error();
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw this.error();
    return this.bytes[this.at++] ?? 0;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw this.error();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /**
   * An unsigned number of seven bits a byte, the lowest first. Beyond 2^53 it is not exact, but as an offset, a length or
   * a count no such number is in its bounds.
   */
  varint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
      if (shift > 2 ** 62) throw this.error();
    }
  }

  /** Each of which takes a byte at least, so that their number is bounded. */
  varints(count: number): Float64Array<ArrayBuffer> {
    if (count > this.bytes.length - this.at) throw this.error();
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.varint();
    return values;
  }

  /**
   * Strings that are stored without what they have in common with the one before.
   * @param between is called once the lengths are read, before the strings
   */
  prefixed(count: number, between: () => void): Uint8Array[] {
    if (count === 0) {
      between();
      return [];
    }
    const prefixes = this.varints(count - 1);
    const suffixes = this.varints(count);
    between();
    const strings: Uint8Array[] = [];
    let previous = new Uint8Array(0);
    for (let i = 0; i < count; i++) {
      const shared = i === 0 ? 0 : (prefixes[i - 1] ?? 0);
      const suffix = this.take(suffixes[i] ?? 0);
      if (shared > previous.length || shared + suffix.length > MAX_PATH_BYTES) throw this.error();
      const string = new Uint8Array(shared + suffix.length);
      string.set(previous.subarray(0, shared));
      string.set(suffix, shared);
      strings.push(string);
      previous = string;
    }
    return strings;
  }

  /** The files that a node refers to ("Data file table format"). */
  dataFiles(base: string): DataFile[] {
    const count = this.varint();
    if (count > MAX_TABLE_FILES) throw this.error();
    let baseLengths = new Float64Array(0);
    const paths = this.prefixed(count, () => {
      baseLengths = this.varints(count);
    });
    return paths.map((path, i) => {
      const baseLength = baseLengths[i] ?? 0;
      if (baseLength > path.length) throw this.error();
      return { path: base + text(path), base: base + text(path.subarray(0, baseLength)) };
    });
  }

  error(reason = l10n.t('is not a sound OCDBT database')): FormatError {
    return damaged(this.file, this.offset, reason);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function damaged(file: string, offset: number, reason: string): FormatError {
  return new FormatError({
    file,
    offset,
    reason,
    remedy: l10n.t('The checkpoint is damaged or incomplete: copy its whole folder again.'),
  });
}
