import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { crc32c } from '../formats/containers/crc32c';
import { decompressZstd } from '../formats/containers/zstd';
import type { ByteExtent, Filter, FilteredCoding } from '../formats/storage';
import { bloscDecompressed } from './blosc';
import { checkedFletcher32 } from './fletcher32';
import { lz4Decompress } from './lz4';
import { lzfDecompressed } from './lzf';
import { DecodingError, type ByteReader, type ElementSource } from './reading';
import { unshuffle } from './shuffle';

/** What the filters' output may have more than the elements: checksums, and what lies at the end of a padded chunk. */
const SLACK_BYTES = 64;

/** Undoes the filters on all bytes the first time that elements are asked for. */
export function filteredSource(
  coding: FilteredCoding,
  extents: readonly ByteExtent[],
  width: number,
  reader: ByteReader,
): ElementSource {
  let decoded: Uint8Array | undefined;
  return {
    read(first, target) {
      decoded ??= new Unfilter(reader).decoded(coding, extents);
      target.set(decoded.subarray(first * width, first * width + target.length));
    },
  };
}

/** Undoes filters on one piece after the other, in the same memory. */
export class Unfilter {
  /** One for what a filter takes, one for what it gives. */
  private readonly buffers: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];

  constructor(private readonly reader: ByteReader) {}

  /**
   * All bytes of a piece: at least as many as its coding says. Valid until the next call, and not to be written to.
   * @throws {DecodingError}
   */
  decoded({ filters, decodedBytes, stored }: FilteredCoding, extents: readonly ByteExtent[]): Uint8Array {
    let bytes = stored ?? this.readAll(extents);
    for (const filter of filters) {
      this.reader.checkCancelled();
      bytes = filter.name === 'shuffle' ? this.unshuffled(bytes, filter.width) : undo(filter, bytes, decodedBytes);
    }
    if (bytes.length < decodedBytes) {
      throw new DecodingError(l10n.t('decompresses to {0} bytes, {1} are expected', bytes.length, decodedBytes));
    }
    return bytes;
  }

  private readAll(extents: readonly ByteExtent[]): Uint8Array {
    const bytes = this.room(extents.reduce((sum, { length }) => sum + length, 0));
    this.reader.read(extents, 0, bytes);
    return bytes;
  }

  private unshuffled(bytes: Uint8Array, width: number): Uint8Array {
    const result = this.room(bytes.length, bytes);
    unshuffle(bytes, width, result);
    return result;
  }

  /** So many bytes of a buffer that is not that of `taken`. */
  private room(length: number, taken?: Uint8Array): Uint8Array {
    const index = taken?.buffer === this.buffers[0].buffer ? 1 : 0;
    if (this.buffers[index].length < length) this.buffers[index] = new Uint8Array(length);
    return this.buffers[index].subarray(0, length);
  }
}

function undo(filter: Exclude<Filter, { name: 'shuffle' }>, bytes: Uint8Array, decodedBytes: number): Uint8Array {
  const maxBytes = decodedBytes + SLACK_BYTES;
  switch (filter.name) {
    case 'zlib':
      return inflated(inflateSync, bytes, maxBytes);
    case 'deflate':
      return inflated(inflateRawSync, bytes, maxBytes);
    case 'gzip':
      return inflated(gunzipSync, bytes, maxBytes);
    case 'zstd':
      return inflated((input) => decompressZstd(input, maxBytes), bytes, maxBytes);
    case 'crc32c':
      return withoutCrc32c(bytes);
    case 'utf8':
      return latin1(bytes);
    case 'fletcher32':
      return checkedFletcher32(bytes);
    case 'lzf':
      return lzfDecompressed(bytes, maxBytes);
    case 'lz4':
      return lz4WithSize(bytes, maxBytes);
    case 'blosc':
      return bloscDecompressed(bytes, maxBytes);
  }
}

function inflated(
  inflate: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array<ArrayBuffer>,
  bytes: Uint8Array,
  maxOutputLength: number,
): Uint8Array<ArrayBuffer> {
  try {
    return inflate(bytes, { maxOutputLength });
  } catch (error) {
    throw new DecodingError(l10n.t('cannot be decompressed ({0})', (error as Error).message));
  }
}

function withoutCrc32c(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(0, -4);
  const checksum = bytes.subarray(content.length);
  if (bytes.length < 4 || new DataView(checksum.buffer, checksum.byteOffset).getUint32(0, true) !== crc32c(content)) {
    throw new DecodingError(l10n.t('does not match its checksum'));
  }
  return content;
}

/** Bytes that were written as text: those from 0x80 on take two. */
function latin1(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? 0;
    if (byte < 0x80) bytes[length++] = byte;
    else if (byte === 0xc2 || byte === 0xc3) bytes[length++] = ((byte & 3) << 6) | ((text[++i] ?? 0) & 0x3f);
    else throw new DecodingError(l10n.t('has a character that stands for no byte'));
  }
  return bytes.subarray(0, length);
}

/** An LZ4 block behind its size, as numcodecs writes it. */
function lz4WithSize(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const size = bytes.length < 4 ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (size > maxBytes) throw new DecodingError(l10n.t('cannot be decompressed ({0})', 'LZ4'));
  const result = new Uint8Array(size);
  lz4Decompress(bytes.subarray(4), result);
  return result;
}
