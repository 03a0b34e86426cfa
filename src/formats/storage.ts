import type { DType } from './dtype';

/** A run of bytes in one of the checkpoint's files. `file` indexes {@link Checkpoint.files}. */
export interface ByteExtent {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Where the values of a tensor are. Plain data: it travels to the worker threads, which read the bytes themselves.
 * Little-endian, contiguous in C order and uncompressed unless it says otherwise.
 */
export interface TensorStorage {
  /** Type of the elements that reading gives: as stored, or what the coding makes of the stored bytes. */
  readonly dtype: DType;
  /** The bytes, in order; a tensor may be cut over several files (TFJS shards). None for a tensor without elements. */
  readonly extents: readonly ByteExtent[];
  /** Set if the extents hold a raw deflate stream; `skip` bytes of its output come before the tensor (npy header). */
  readonly deflate?: { readonly skip: number; readonly inflatedBytes: number };
  /** Set if the elements are not simply there, one after the other, but have to be made from stored bytes. */
  readonly coding?: Coding;
  /** Of the elements, after the coding. */
  readonly bigEndian?: true;
  /**
   * Element strides of a view that is not contiguous in C order, one a dimension, relative to the first byte of the
   * extents (with a coding: to the first element it gives), never negative. The extents cover exactly the elements from
   * the first to the last that the view reaches.
   */
  readonly strides?: readonly number[];
  /**
   * Affine quantisation: value = stored × scale + min in double precision, as TensorFlow.js computes it; `toInteger`
   * (tensors of an integer type): rounded, halves up. Only for elements of at most 16 bits.
   */
  readonly quantization?: { readonly scale: number; readonly min: number; readonly toInteger?: true };
}

/** How elements are made from stored bytes. Codings nest: the scales of quantised weights may be quantised themselves. */
export type Coding =
  | PackedCoding
  | BlockCoding
  | ScaledCoding
  | TiledCoding
  | FilteredCoding
  | SparseCoding
  | CompressedCoding
  | LevelsCoding
  | ProtobufCoding;

/**
 * Elements of less than a byte, or words that hold several. Elements are seen as a matrix of `columns` columns; each
 * column is a stream of bits, that begins in the lowest bit of its first word and goes on in the word `columns` words
 * further. Elements are int8 (signed: two's complement) or uint8; float32 with a table.
 */
export interface PackedCoding {
  readonly kind: 'packed';
  readonly bits: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly signed?: true;
  /** Bytes of a word, little-endian. Bits run on from word to word within a column. */
  readonly wordBytes: 1 | 4;
  /** 1 if elements are packed along the last dimension. */
  readonly columns: number;
  /** The stream begins in the highest bit of each byte instead, and so do elements; only of bytes in one column, without an order. */
  readonly highFirst?: true;
  /** Which slot of the word each element is in, where elements are shuffled within their word; its length is slots a word. */
  readonly order?: readonly number[];
  /** Value of each code: 2^bits numbers; rounded to float32. */
  readonly table?: readonly number[];
  /** Gives the bytes of the words as elements of uint8, where they are not simply there in the extents. */
  readonly words?: TensorStorage;
}

/** Blocks of a fixed number of bytes that decode to a fixed number of float32 values each, on their own. */
export interface BlockCoding {
  readonly kind: 'blocks';
  readonly scheme: string;
}

/**
 * value = (code − zero) × scale + offset in float32 arithmetic, rounded after each step; each box of `block` elements has
 * one of each, which are arranged in C order of the boxes. Elements are float32.
 */
export interface ScaledCoding {
  readonly kind: 'scaled';
  readonly codes: TensorStorage;
  /** Shape of the codes, and so of the result. */
  readonly shape: readonly number[];
  /** Size of a box in each dimension; those at the end of a dimension may be cut off. */
  readonly block: readonly number[];
  /** One for all boxes, or one a box: of as many elements as there are boxes. */
  readonly scales: TensorStorage | number;
  /** 0 if absent. */
  readonly zeros?: TensorStorage | number;
  /** Nothing is added if absent. */
  readonly offsets?: TensorStorage | number;
  /** Which box along a dimension each index belongs to, where it is not the one that contains it (GPTQ's g_idx). */
  readonly groups?: { readonly axis: number; readonly index: TensorStorage };
  /** Value is (code − zero) / scale + offset instead. */
  readonly inverse?: true;
  /** Values are rounded to this type in the end, to nearest, ties to even. */
  readonly roundedTo?: 'float16' | 'bfloat16';
  /** In double precision instead, rounded once at the end: for codes and scales that float32 does not hold, and where the reference does so. */
  readonly wide?: true;
}

/** A tensor that is stored in boxes: chunks of HDF5 and zarr, shards, slices of partitioned variables. */
export interface TiledCoding {
  readonly kind: 'tiles';
  readonly shape: readonly number[];
  /** They do not overlap. What of a tile lies outside the shape is left out; what no tile covers is `fill`. */
  readonly tiles: readonly Tile[];
  /** Bytes of one element where there is no tile; zeros if absent. */
  readonly fill?: readonly number[];
}

export interface Tile {
  /** Index of its first element, one number a dimension. */
  readonly start: readonly number[];
  readonly shape: readonly number[];
  /** Of the same type as the whole; byte order and quantisation are the whole's. It may have strides of its own. */
  readonly storage: TensorStorage;
}

/** Bytes that went through filters (compression, shuffling) as a whole when they were written. */
export interface FilteredCoding {
  readonly kind: 'filtered';
  /** In the order in which they are undone. */
  readonly filters: readonly Filter[];
  /** Bytes of the elements, which undoing the filters gives. At most {@link MAX_FILTERED_BYTES}. */
  readonly decodedBytes: number;
  /** The bytes themselves, where they are not in a file as such (values in the nodes of a tree); there are no extents then. */
  readonly stored?: Uint8Array;
}

export type Filter =
  /** RFC 1950, RFC 1951, RFC 1952. */
  | { readonly name: 'zlib' | 'deflate' | 'gzip' }
  /** HDF5's shuffle: the first bytes of all elements, then the second ones, … */
  | { readonly name: 'shuffle'; readonly width: number }
  /** HDF5's checksum of four bytes at the end, which is compared. */
  | { readonly name: 'fletcher32' }
  | { readonly name: 'lzf' }
  /** A block of LZ4 behind its size in four bytes (numcodecs). */
  | { readonly name: 'lz4' }
  /** A chunk of C-Blosc 1. */
  | { readonly name: 'blosc' }
  /** RFC 8878. */
  | { readonly name: 'zstd' }
  /** CRC-32C of four bytes at the end, which is compared (zarr). */
  | { readonly name: 'crc32c' }
  /** Text in UTF-8 of characters up to U+00FF, each of which stands for a byte (pickles before protocol 3). */
  | { readonly name: 'utf8' };

/** Elements at positions that are listed; all others are zero. */
export interface SparseCoding {
  readonly kind: 'sparse';
  readonly shape: readonly number[];
  /** Number of values that are stored. */
  readonly count: number;
  readonly values: TensorStorage;
  /**
   * int64 or int32: position of each value in C order, or its index in each dimension (`perDimension`: count rows of as
   * many numbers as there are dimensions).
   */
  readonly indices: TensorStorage;
  readonly perDimension: boolean;
  /** Values at the same place are added; without it each place is there once. */
  readonly sum?: true;
}

/** A sparse matrix row by row (CSR, BSR) or column by column (CSC, BSC). What is not listed is zero. */
export interface CompressedCoding {
  readonly kind: 'compressed';
  readonly shape: readonly [rows: number, columns: number];
  /** 0: the pointers are about rows; 1: about columns. */
  readonly axis: 0 | 1;
  /** Rows and columns of the blocks that are listed instead of single values; they divide the shape. */
  readonly block: readonly [rows: number, columns: number];
  /** Number of blocks that are stored. */
  readonly count: number;
  /** int64 or int32: of each row (column) of blocks where in the list it begins, and where the last ends. */
  readonly pointers: TensorStorage;
  /** int64 or int32: the column (row) of each block. */
  readonly indices: TensorStorage;
  /** Block after block, each in C order. */
  readonly values: TensorStorage;
}

/**
 * Numbers of a repeated field of a protobuf message, without the tag and length of a packed field. A varint makes one
 * element, of which it has the low bits; numbers of a fixed size make as many elements as their bytes do.
 */
export interface ProtobufCoding {
  readonly kind: 'protobuf';
  readonly wire: 'varint' | 'fixed32' | 'fixed64';
  /** A tag of one byte comes before each number: the field is not packed. */
  readonly tagged?: true;
}

/**
 * Elements at the leaves of a tree, all others zero: a level for each dimension of a tensor (or of the blocks that it is
 * cut into), in any order, as TensorFlow Lite and TACO keep sparse tensors. A level that is dense has all indices under
 * each node of the level above it; a compressed one lists those that are there. The leaves are in the order of the tree.
 */
export interface LevelsCoding {
  readonly kind: 'levels';
  /** The outermost first. */
  readonly levels: readonly StorageLevel[];
  /** Number of leaves. */
  readonly count: number;
  readonly values: TensorStorage;
}

export interface StorageLevel {
  /** Number of indices that the level has if all are there. */
  readonly size: number;
  /** Elements from one index to the next, in C order of the whole. */
  readonly stride: number;
  readonly compressed?: {
    /** int32, uint16 or uint8: where the indices of each node above begin; the last is where those of the last end. */
    readonly segments: TensorStorage;
    /** Nodes above and one. */
    readonly segmentCount: number;
    readonly indices: TensorStorage;
    readonly indexCount: number;
  };
}

/** What is compressed as a whole is decoded as a whole, in each thread: chunks of real files have under 100 MB. */
export const MAX_FILTERED_BYTES = 512 * 1024 * 1024;

/** All bytes that reading takes, those of scales and indices included. */
export function* extentsOf(storage: TensorStorage): Generator<ByteExtent> {
  yield* storage.extents;
  for (const part of partsOf(storage)) yield* extentsOf(part);
}

/** Index of the file that the storage begins in. */
export function firstFile(storage: TensorStorage): number {
  const [extent] = extentsOf(storage);
  return extent?.file ?? 0;
}

/** The same storage with other extents. */
export function mapExtents(storage: TensorStorage, map: (extent: ByteExtent) => ByteExtent): TensorStorage {
  const extents = storage.extents.map(map);
  const { coding } = storage;
  if (coding === undefined) return { ...storage, extents };
  const inner = (part: TensorStorage): TensorStorage => mapExtents(part, map);
  switch (coding.kind) {
    case 'packed': {
      const { words } = coding;
      return words === undefined
        ? { ...storage, extents }
        : { ...storage, extents, coding: { ...coding, words: inner(words) } };
    }
    case 'blocks':
    case 'filtered':
    case 'protobuf':
      return { ...storage, extents };
    case 'scaled': {
      const { codes, scales, zeros, offsets, groups } = coding;
      return {
        ...storage,
        extents,
        coding: {
          ...coding,
          codes: inner(codes),
          scales: typeof scales === 'object' ? inner(scales) : scales,
          ...(typeof zeros === 'object' ? { zeros: inner(zeros) } : {}),
          ...(typeof offsets === 'object' ? { offsets: inner(offsets) } : {}),
          ...(groups === undefined ? {} : { groups: { ...groups, index: inner(groups.index) } }),
        },
      };
    }
    case 'tiles': {
      const tiles = coding.tiles.map((tile) => ({ ...tile, storage: inner(tile.storage) }));
      return { ...storage, extents, coding: { ...coding, tiles } };
    }
    case 'sparse':
      return {
        ...storage,
        extents,
        coding: { ...coding, values: inner(coding.values), indices: inner(coding.indices) },
      };
    case 'levels': {
      const levels = coding.levels.map((level) => {
        if (level.compressed === undefined) return level;
        const { segments, indices } = level.compressed;
        return { ...level, compressed: { ...level.compressed, segments: inner(segments), indices: inner(indices) } };
      });
      return { ...storage, extents, coding: { ...coding, levels, values: inner(coding.values) } };
    }
    case 'compressed': {
      const { values, indices, pointers } = coding;
      const parts = { values: inner(values), indices: inner(indices), pointers: inner(pointers) };
      return { ...storage, extents, coding: { ...coding, ...parts } };
    }
  }
}

/** The storages that a coding takes its input from, besides its own extents. */
function partsOf({ coding }: TensorStorage): TensorStorage[] {
  switch (coding?.kind) {
    case 'packed':
      return coding.words === undefined ? [] : [coding.words];
    case 'scaled': {
      const { codes, scales, zeros, offsets, groups } = coding;
      const ofBoxes = [scales, zeros, offsets].filter((part) => typeof part === 'object');
      return [codes, ...ofBoxes, ...(groups ? [groups.index] : [])];
    }
    case 'tiles':
      return coding.tiles.map(({ storage }) => storage);
    case 'sparse':
      return [coding.values, coding.indices];
    case 'levels': {
      const lists = coding.levels.flatMap(({ compressed }) =>
        compressed === undefined ? [] : [compressed.segments, compressed.indices],
      );
      return [coding.values, ...lists];
    }
    case 'compressed':
      return [coding.values, coding.indices, coding.pointers];
    default:
      return [];
  }
}
