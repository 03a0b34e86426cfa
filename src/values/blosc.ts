import { inflateSync } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { decompressZstd } from '../formats/containers/zstd';
import { blosclzDecompress } from './blosclz';
import { lz4Decompress } from './lz4';
import { DecodingError } from './reading';
import { unshuffle, unshuffleBits } from './shuffle';

/** Version of the format, version of the codec, flags, bytes of an element; bytes in all, of a block, of the chunk. */
const HEADER_BYTES = 16;

/** C-Blosc 1 writes version 2 (1 before 2009's 1.0); Blosc 2 has chunks of its own from 3 on. */
const NEWEST_VERSION = 2;

const SHUFFLED = 0x01;
const COPIED = 0x02;
const BITS_SHUFFLED = 0x04;
const NOT_SPLIT = 0x10;
const CODEC_SHIFT = 5;

/** A block is cut into a part for each byte of an element if these are not too many, and the parts not too small. */
const MAX_SPLITS = 16;
const MIN_SPLIT_BYTES = 128;

type Decompress = (bytes: Uint8Array, target: Uint8Array) => void;

/** By their number in the flags; Snappy, 2, is not read. */
const CODECS: ReadonlyMap<number, Decompress> = new Map<number, Decompress>([
  [0, blosclzDecompress],
  [1, lz4Decompress],
  [
    3,
    (bytes, target) => {
      fill(inflateSync(bytes, { maxOutputLength: target.length }), target);
    },
  ],
  [
    4,
    (bytes, target) => {
      fill(decompressZstd(bytes, target.length), target);
    },
  ],
]);

/**
 * Decompresses a chunk of Blosc (`README_CHUNK_FORMAT.rst` of C-Blosc 1.21): a header, the places of blocks, and blocks
 * that are compressed, and shuffled, on their own.
 * @param maxBytes Most bytes that may come out.
 * @throws {DecodingError} if the chunk is damaged or longer than that
 */
export function bloscDecompressed(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length < HEADER_BYTES) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint8(0);
  const flags = view.getUint8(2);
  const width = Math.max(1, view.getUint8(3));
  const size = view.getUint32(4, true);
  const blockBytes = view.getUint32(8, true);
  const stored = view.getUint32(12, true);
  if (version === 0 || version > NEWEST_VERSION) {
    throw new DecodingError(l10n.t('is compressed by version {0} of Blosc, which is not read', version));
  }
  if (stored > bytes.length || stored < HEADER_BYTES || size > maxBytes) throw damaged();
  const chunk = bytes.subarray(0, stored);
  if ((flags & COPIED) !== 0) {
    if (stored - HEADER_BYTES < size) throw damaged();
    return chunk.subarray(HEADER_BYTES, HEADER_BYTES + size);
  }
  const codec = flags >> CODEC_SHIFT;
  const decompress = CODECS.get(codec);
  if (decompress === undefined) {
    throw new DecodingError(l10n.t('is compressed by Blosc with a codec that is not read ({0})', codec));
  }
  if (size === 0) return new Uint8Array(0);
  const blocks = blockBytes === 0 ? Infinity : Math.ceil(size / blockBytes);
  if (HEADER_BYTES + 4 * blocks > stored) throw damaged();
  const result = new Uint8Array(size);
  const isShuffled = (flags & SHUFFLED) !== 0 && width > 1;
  const isBitsShuffled = !isShuffled && (flags & BITS_SHUFFLED) !== 0 && blockBytes >= width;
  const scratch = isShuffled || isBitsShuffled ? new Uint8Array(Math.min(size, blockBytes)) : undefined;
  for (let block = 0; block < blocks; block++) {
    const start = block * blockBytes;
    const target = result.subarray(start, Math.min(size, start + blockBytes));
    const isWhole = target.length === blockBytes;
    const isSplit =
      (flags & NOT_SPLIT) === 0 && isWhole && width <= MAX_SPLITS && Math.floor(blockBytes / width) >= MIN_SPLIT_BYTES;
    const place = view.getUint32(HEADER_BYTES + 4 * block, true);
    const decompressed = scratch?.subarray(0, target.length) ?? target;
    decompressBlock(chunk, place, decompressed, isSplit ? width : 1, decompress);
    if (isShuffled) unshuffleAnywhere(decompressed, width, target);
    else if (isBitsShuffled) unshuffleBits(decompressed, width, target);
  }
  return result;
}

/** Blocks begin at whole words as Blosc writes them, but need not. */
function unshuffleAnywhere(bytes: Uint8Array, width: number, target: Uint8Array): void {
  if (target.byteOffset % 4 === 0) unshuffle(bytes, width, target);
  else {
    const aligned = new Uint8Array(bytes.length);
    unshuffle(bytes, width, aligned);
    target.set(aligned);
  }
}

/** Parts one after the other: a size each, and the part as it is where that is its size. */
function decompressBlock(
  chunk: Uint8Array,
  place: number,
  target: Uint8Array,
  parts: number,
  decompress: Decompress,
): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const partBytes = Math.floor(target.length / parts);
  let at = place;
  for (let part = 0; part < parts; part++) {
    if (at + 4 > chunk.length) throw damaged();
    const length = view.getInt32(at, true);
    at += 4;
    if (length <= 0 || length > chunk.length - at) throw damaged();
    const bytes = chunk.subarray(at, at + length);
    const own = target.subarray(part * partBytes, (part + 1) * partBytes);
    if (length === partBytes) own.set(bytes);
    else decompressPart(bytes, own, decompress);
    at += length;
  }
}

function decompressPart(bytes: Uint8Array, target: Uint8Array, decompress: Decompress): void {
  try {
    decompress(bytes, target);
  } catch (error) {
    if (error instanceof DecodingError) throw error;
    throw new DecodingError(l10n.t('cannot be decompressed ({0})', (error as Error).message));
  }
}

function fill(bytes: Uint8Array, target: Uint8Array): void {
  if (bytes.length !== target.length) throw damaged();
  target.set(bytes);
}

function damaged(): DecodingError {
  return new DecodingError(l10n.t('cannot be decompressed ({0})', 'Blosc'));
}
