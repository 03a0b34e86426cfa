import type { DType } from './dtype';
import type { RandomAccessSource } from './source';

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
  /** Type of the stored elements; differs from the tensor's type only for quantised weights. */
  readonly dtype: DType;
  /** The bytes, in order; a tensor may be cut over several files (TFJS shards). None for a tensor without elements. */
  readonly extents: readonly ByteExtent[];
  /** Set if the extents hold a raw deflate stream; `skip` bytes of its output come before the tensor (npy header). */
  readonly deflate?: { readonly skip: number; readonly inflatedBytes: number };
  readonly bigEndian?: true;
  /**
   * Element strides of a view that is not contiguous in C order, one a dimension, relative to the first byte of the
   * extents, never negative. The extents cover exactly the elements from the first to the last that the view reaches.
   */
  readonly strides?: readonly number[];
  /**
   * Affine quantisation: value = stored × scale + min in double precision, as TensorFlow.js computes it; `toInteger`
   * (tensors of an integer type): rounded, halves up.
   */
  readonly quantization?: { readonly scale: number; readonly min: number; readonly toInteger?: true };
}

/**
 * What a tensor is for. Decided in `roles.ts` from its name, shape and type.
 * `weight` covers ≥ 2 dimensions; `bias` and `norm` are the one-dimensional parameters of layers.
 */
export type TensorRole = 'weight' | 'bias' | 'norm' | 'embedding' | 'buffer' | 'constant' | 'optimizer' | 'other';

/** One tensor of a checkpoint. */
export interface TensorEntry {
  readonly name: string;
  /** Type of the values: for TFJS weights that are stored quantised this is float32, and `storage.dtype` is the narrow one. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Number of elements: the product of `shape`. */
  readonly count: number;
  readonly role: TensorRole;
  readonly storage: TensorStorage;
  /**
   * Name of an earlier tensor whose memory holds all of this one's elements (tied weights, views). Such a tensor is
   * listed, but counted in no total and pruned with its original.
   */
  readonly aliasOf?: string;
}

/** Something worth saying about a file that can be read all the same. */
export interface CheckpointNote {
  /** Stable identifier in kebab-case. */
  readonly code: string;
  readonly message: string;
  readonly tensors?: readonly string[];
}

/** A model file (or a set of files that make one), opened: the header has been read, the weights have not. */
export interface Checkpoint {
  /** Identifier of the format, e.g. `safetensors`. */
  readonly format: string;
  /** Name of the format for people, e.g. `safetensors, 2 shards`, `PyTorch zip`. */
  readonly formatLabel: string;
  /** All files that hold weights, absolute paths; `ByteExtent.file` indexes this list. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly tensors: readonly TensorEntry[];
  readonly notes: readonly CheckpointNote[];
}

/** What a reader gets to work with. */
export interface OpenContext {
  readonly source: RandomAccessSource;
  readonly signal?: AbortSignal | undefined;
  /**
   * Opens a further file of the same model, named relative to the model's folder with forward slashes.
   * Sources opened this way are closed by the caller of the reader.
   * @throws {FormatError} if the name is absolute, a URL, or leaves the folder (also through symbolic links).
   */
  openSibling(name: string): Promise<RandomAccessSource>;
}

/** One format. Readers hold no state. */
export interface FormatReader {
  readonly id: string;
  /** File extensions (lower case, without dot) that this format uses: a hint when the content does not tell. */
  readonly extensions: readonly string[];
  /** True if the first bytes of the file (up to 4,096) say that it is of this format. */
  matches(head: Uint8Array, source: RandomAccessSource): boolean;
  /** Reads the header. @throws {FormatError} */
  open(context: OpenContext): Promise<Checkpoint>;
}
