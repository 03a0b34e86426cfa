import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { crc32c } from '../formats/containers/crc32c';
import { decompressZstd } from '../formats/containers/zstd';
import type { ByteExtent, Filter, FilteredCoding } from '../formats/storage';
import { checkedFletcher32 } from './fletcher32';
import { lzfDecompressed } from './lzf';
import { DecodingError, type ByteReader, type ElementSource } from './reading';

/** What the filters' output may have more than the elements: checksums, and what lies at the end of a padded chunk. */
const SLACK_BYTES = 64;

/** Undoes the filters on all bytes the first time that elements are asked for. */
export function filteredSource(
  { filters, decodedBytes, stored }: FilteredCoding,
  extents: readonly ByteExtent[],
  width: number,
  reader: ByteReader,
): ElementSource {
  let decoded: Uint8Array | undefined;
  return {
    read(first, target) {
      decoded ??= undo(filters, decodedBytes, stored ?? readAll(extents, reader), reader);
      target.set(decoded.subarray(first * width, first * width + target.length));
    },
  };
}

function undo(filters: readonly Filter[], decodedBytes: number, input: Uint8Array, reader: ByteReader): Uint8Array {
  let bytes = input;
  for (const filter of filters) {
    reader.checkCancelled();
    bytes = undoOne(filter, bytes, decodedBytes + SLACK_BYTES);
  }
  if (bytes.length < decodedBytes) {
    throw new DecodingError(l10n.t('decompresses to {0} bytes, {1} are expected', bytes.length, decodedBytes));
  }
  return bytes;
}

function readAll(extents: readonly ByteExtent[], reader: ByteReader): Uint8Array {
  const bytes = new Uint8Array(extents.reduce((sum, { length }) => sum + length, 0));
  reader.read(extents, 0, bytes);
  return bytes;
}

function undoOne(filter: Filter, bytes: Uint8Array, maxBytes: number): Uint8Array {
  switch (filter.name) {
    case 'zlib':
      return inflated(inflateSync, bytes, maxBytes);
    case 'deflate':
      return inflated(inflateRawSync, bytes, maxBytes);
    case 'gzip':
      return inflated(gunzipSync, bytes, maxBytes);
    case 'shuffle':
      return unshuffle(bytes, filter.width);
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

function unshuffle(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const count = Math.floor(bytes.length / width);
  const result = new Uint8Array(bytes.length);
  // What is left over after the last whole element was not shuffled.
  result.set(bytes.subarray(count * width), count * width);
  if (count === 0) return result;
  if (width === 4) {
    // Four bytes at a time: a word is written once.
    const words = new Uint32Array(result.buffer, 0, count);
    const [b, c, d] = [count, 2 * count, 3 * count];
    for (let i = 0; i < count; i++) {
      words[i] = bytes[i]! | (bytes[b + i]! << 8) | (bytes[c + i]! << 16) | (bytes[d + i]! << 24);
    }
    return result;
  }
  for (let byte = 0; byte < width; byte++) {
    const start = byte * count;
    for (let i = 0, to = byte; i < count; i++, to += width) result[to] = bytes[start + i]!;
  }
  return result;
}
