import type { DType } from './dtype';
import type { RandomAccessSource } from './source';
import type { TensorStorage } from './storage';
import type { Topology } from './topology';

/**
 * What a tensor is for. Decided in `roles.ts` from its name, shape and type, unless the format knows better.
 * `weight` covers ≥ 2 dimensions; `bias` and `norm` are the one-dimensional parameters of layers; `quantization` are the
 * scales and zero points that other tensors are to be multiplied and shifted by.
 */
export const TENSOR_ROLES = [
  'weight',
  'bias',
  'norm',
  'embedding',
  'buffer',
  'constant',
  'quantization',
  'optimizer',
  'other',
] as const;

export type TensorRole = (typeof TENSOR_ROLES)[number];

/** What a role was decided by: what the person has set, what the format says, or the tensor's name, shape or type. */
export type RoleSource = 'setting' | 'format' | 'name' | 'shape' | 'type';

/** One tensor of a checkpoint. */
export interface TensorEntry {
  readonly name: string;
  /** Type of the values: float32 for weights that are stored quantised, whatever the codes are. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Number of elements: the product of `shape`. */
  readonly count: number;
  readonly role: TensorRole;
  /** Filled in when the checkpoint is opened. */
  readonly roleFrom?: RoleSource;
  readonly storage: TensorStorage;
  /**
   * How the values are stored, in the words of the format (`Q4_K`, `int4, groups of 128`), where that is not
   * `storage.dtype`.
   */
  readonly storedAs?: string;
  /**
   * Name of an earlier tensor whose memory holds all of this one's elements (tied weights, views). Such a tensor is
   * listed, but counted in no total and pruned with its original.
   */
  readonly aliasOf?: string;
}

/** Adam's running mean of the squared gradient of one parameter. It starts at 0, which is still to be corrected for. */
export interface SecondMoment {
  /** Name of the tensor that holds it. */
  readonly tensor: string;
  /** β₂, in [0, 1): the share of the old mean that each step keeps. */
  readonly decay: number;
  /** Number of steps taken, or the name of the tensor that holds it. */
  readonly step: number | string;
  /** Name of the parameter, where the optimiser knows it. */
  readonly parameter?: string;
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
  /** All files that hold weights, and {@link optimizerFile}; absolute paths. `ByteExtent.file` indexes this list. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly tensors: readonly TensorEntry[];
  /** Of the parameters that an optimiser of Adam's kind has trained, where its state is there; in no special order. */
  readonly secondMoments?: readonly SecondMoment[];
  /** Which of the files holds nothing but optimiser state, and all that there is of it. */
  readonly optimizerFile?: string;
  /** How the tensors feed the operators, where the format says so. */
  readonly topology?: Topology;
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
