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
  PackedCoding | BlockCoding | ScaledCoding | TiledCoding | FilteredCoding | SparseCoding | ProtobufCoding;

/**
 * Elements of less than a byte, or words that hold several. Elements are seen as a matrix of `columns` columns; each
 * column is a stream of bits, that begins in the lowest bit of its first word and goes on in the word `columns` words
 * further. Elements are int8 (signed: two's complement) or uint8; float32 with a table.
 */
export interface PackedCoding {
  readonly kind: 'packed';
  readonly bits: 1 | 2 | 3 | 4 | 5 | 6 | 8;
  readonly signed?: true;
  /** Bytes of a word, little-endian. Bits run on from word to word within a column. */
  readonly wordBytes: 1 | 4;
  /** 1 if elements are packed along the last dimension. */
  readonly columns: number;
  /** Which slot of the word each element is in, where elements are shuffled within their word; its length is slots a word. */
  readonly order?: readonly number[];
  /** Value of each code: 2^bits numbers; rounded to float32. */
  readonly table?: readonly number[];
}

/** Blocks of a fixed number of bytes that decode to a fixed number of float32 values each, on their own. */
export interface BlockCoding {
  readonly kind: 'blocks';
  readonly scheme: string;
}

/**
 * value = (code − zero) × scale in float32 arithmetic, rounded after each step; each box of `block` elements has one
 * scale and one zero, which are arranged in C order of the boxes. Elements are float32.
 */
export interface ScaledCoding {
  readonly kind: 'scaled';
  readonly codes: TensorStorage;
  /** Shape of the codes, and so of the result. */
  readonly shape: readonly number[];
  /** Size of a box in each dimension; those at the end of a dimension may be cut off. */
  readonly block: readonly number[];
  /** Of as many elements as there are boxes. */
  readonly scales: TensorStorage;
  /** One for all boxes, or one a box. 0 if absent. */
  readonly zeros?: TensorStorage | number;
  /** Which box along a dimension each index belongs to, where it is not the one that contains it (GPTQ's g_idx). */
  readonly groups?: { readonly axis: number; readonly index: TensorStorage };
  /** Value is (code − zero) / scale instead. */
  readonly inverse?: true;
  /** Values are rounded to this type in the end, to nearest, ties to even. */
  readonly roundedTo?: 'float16' | 'bfloat16';
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
  /** Of the same type as the whole; byte order and quantisation are the whole's. */
  readonly storage: TensorStorage;
}

/** Bytes that went through filters (compression, shuffling) as a whole when they were written. */
export interface FilteredCoding {
  readonly kind: 'filtered';
  /** In the order in which they are undone. */
  readonly filters: readonly Filter[];
  /** Bytes of the elements, which undoing the filters gives. At most {@link MAX_FILTERED_BYTES}. */
  readonly decodedBytes: number;
}

export type Filter =
  /** RFC 1950, RFC 1951, RFC 1952. */
  | { readonly name: 'zlib' | 'deflate' | 'gzip' }
  /** HDF5's shuffle: the first bytes of all elements, then the second ones, … */
  | { readonly name: 'shuffle'; readonly width: number }
  /** HDF5's checksum of four bytes at the end, which is compared. */
  | { readonly name: 'fletcher32' }
  | { readonly name: 'lzf' };

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
    case 'packed':
    case 'blocks':
    case 'filtered':
    case 'protobuf':
      return { ...storage, extents };
    case 'scaled': {
      const { codes, scales, zeros, groups } = coding;
      return {
        ...storage,
        extents,
        coding: {
          ...coding,
          codes: inner(codes),
          scales: inner(scales),
          ...(typeof zeros === 'object' ? { zeros: inner(zeros) } : {}),
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
  }
}

/** The storages that a coding takes its input from, besides its own extents. */
function partsOf({ coding }: TensorStorage): TensorStorage[] {
  switch (coding?.kind) {
    case 'scaled': {
      const { codes, scales, zeros, groups } = coding;
      return [codes, scales, ...(typeof zeros === 'object' ? [zeros] : []), ...(groups ? [groups.index] : [])];
    }
    case 'tiles':
      return coding.tiles.map(({ storage }) => storage);
    case 'sparse':
      return [coding.values, coding.indices];
    default:
      return [];
  }
}
