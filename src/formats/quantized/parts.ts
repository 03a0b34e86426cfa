import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, OpenContext, TensorEntry } from '../checkpoint';
import { BYTES_PER_ELEMENT, isFloatingPoint, type DType } from '../dtype';
import { FormatError } from '../errors';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import type { PackedCoding, ScaledCoding, TensorStorage } from '../storage';
import type { QuantizationConfig } from './quantization-config';

/**
 * Small tensors (shapes, code books, states in JSON) that are read when a model is opened. The largest published models
 * have some 70,000 quantised weights (mixtures of experts), most of which need none; this bounds it to about a second.
 */
const MAX_READS = 20_000;

/** Why tensors that look like a quantised weight are not taken for one. Never leaves this folder. */
export class UnfitError extends Error {}

/** A quantised weight, put together. */
export interface DecodedWeight {
  readonly weight: TensorEntry;
  /** Tensors that reading the weight reads: they are no tensors of their own any more. */
  readonly consumed: readonly TensorEntry[];
  /** Tensors that belong to the weight, but are not read with it: constants. */
  readonly constants: readonly TensorEntry[];
}

/** What a method gets to work with. */
export interface GroupContext {
  /** All tensors of the checkpoint by name. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly config: QuantizationConfig;
  readonly reader: PartReader;
}

/** One way in which quantised weights are laid out. */
export interface QuantizationMethod {
  /** Whether the tensor, with those beside it, holds the codes of a weight that is quantised in this way. */
  claims(codes: TensorEntry, tensors: ReadonlyMap<string, TensorEntry>): boolean;
  /** @throws {UnfitError} if its parts do not fit together */
  decode(codes: TensorEntry, context: GroupContext): DecodedWeight | Promise<DecodedWeight>;
}

/** Reads small tensors while the model is opened. */
export class PartReader {
  private reads = 0;

  constructor(
    private readonly files: Checkpoint['files'],
    private readonly context: OpenContext,
  ) {}

  /**
   * All bytes of a tensor of at most `maxBytes`.
   * @throws {UnfitError} if it is larger, or its bytes are not simply there
   */
  async read(tensor: TensorEntry, maxBytes: number): Promise<Uint8Array> {
    const { source, signal } = this.context;
    const { extents } = plainStorage(tensor);
    const length = byteLength(tensor);
    const [extent] = extents;
    if (extents.length !== 1 || extent === undefined || length > maxBytes || ++this.reads > MAX_READS) {
      throw new UnfitError(l10n.t('{0} is not read: it has {1} bytes', quote(tensor.name), length));
    }
    const file = this.files[extent.file]?.path ?? '';
    try {
      const sibling = path.relative(path.dirname(source.path), file).split(path.sep).join('/');
      const holder = file === source.path ? source : await this.context.openSibling(sibling);
      return await holder.read(extent.offset, extent.length, signal);
    } catch (error) {
      if (error instanceof FormatError) throw new UnfitError(error.detail.reason);
      throw error;
    }
  }
}

/** The tensor of that name. @throws {UnfitError} if there is none */
export function required(tensors: ReadonlyMap<string, TensorEntry>, name: string): TensorEntry {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new UnfitError(l10n.t('{0} is not in the file', quote(name)));
  return tensor;
}

/** Those of the tensors that there are. */
export function present(tensors: ReadonlyMap<string, TensorEntry>, names: readonly string[]): TensorEntry[] {
  return names.flatMap((name) => tensors.get(name) ?? []);
}

/** The error for a tensor whose type or shape does not belong to the others'. */
export function unfit({ name, dtype, shape }: TensorEntry): UnfitError {
  return new UnfitError(
    l10n.t('{0}, {1} of the shape [{2}], does not fit the others', quote(name), dtype, shape.join(', ')),
  );
}

/** Rows and columns. @throws {UnfitError} if it is no matrix of one of the types, or empty */
export function matrixOf(tensor: TensorEntry, dtypes: readonly DType[]): readonly [number, number] {
  const [rows = 0, columns = 0] = tensor.shape;
  if (tensor.shape.length !== 2 || tensor.count === 0 || !dtypes.includes(tensor.dtype)) throw unfit(tensor);
  return [rows, columns];
}

/** The storage, if the elements are simply there: one after the other, as stored. @throws {UnfitError} */
export function plainStorage(tensor: TensorEntry): TensorStorage {
  const { deflate, coding, strides, bigEndian, quantization } = tensor.storage;
  const whole = byteLength(tensor) === tensor.count * BYTES_PER_ELEMENT[tensor.storage.dtype];
  if (deflate ?? coding ?? strides ?? bigEndian ?? quantization) throw unfit(tensor);
  if (!whole) throw unfit(tensor);
  return tensor.storage;
}

/** Storage of scales or zero points as float numbers. @throws {UnfitError} */
export function floatStorage(tensor: TensorEntry, count: number): TensorStorage {
  if (!isFloatingPoint(tensor.dtype) || tensor.count !== count) throw unfit(tensor);
  return partStorage(tensor);
}

/** Storage of a part: it may be a view, which scattered numbers are picked from. @throws {UnfitError} */
export function partStorage(tensor: TensorEntry): TensorStorage {
  const { storage, count } = tensor;
  const isView = storage.strides !== undefined && storage.coding === undefined && storage.deflate === undefined;
  if (count === 0) throw unfit(tensor);
  return isView ? storage : plainStorage(tensor);
}

/** Bytes of the tensor's extents. */
export function byteLength({ storage }: TensorEntry): number {
  return storage.extents.reduce((sum, { length }) => sum + length, 0);
}

/** The same bytes, seen as elements of another type. */
export function seenAs(storage: TensorStorage, dtype: DType): TensorStorage {
  return { ...storage, dtype };
}

/** The same bytes, unpacked. */
export function unpacked(tensor: TensorEntry, coding: Omit<PackedCoding, 'kind'>, dtype: DType): TensorStorage {
  return { dtype, extents: plainStorage(tensor).extents, coding: { kind: 'packed', ...coding } };
}

export function scaled(coding: Omit<ScaledCoding, 'kind'>, strides?: readonly number[]): TensorStorage {
  return {
    dtype: 'float32',
    extents: [],
    coding: { kind: 'scaled', ...coding },
    ...(strides === undefined ? {} : { strides }),
  };
}

/** The weight that a quantised one stands for. @throws {UnfitError} if the shape is none, or the name is taken */
export function weightEntry(
  name: string,
  shape: readonly number[],
  storage: TensorStorage,
  storedAs: string,
  codes: TensorEntry,
  tensors: ReadonlyMap<string, TensorEntry>,
): TensorEntry {
  const count = elementCount(shape);
  if (count === undefined || count === 0) throw unfit(codes);
  if (name !== codes.name && tensors.has(name)) throw new UnfitError(l10n.t('{0} is in the file as well', quote(name)));
  return { name, dtype: 'float32', shape, count, role: tensorRole(name, shape, 'float32'), storage, storedAs };
}

/** The name without its last part `suffix`. */
export function stemOf(name: string, suffix: string): string {
  return name.slice(0, name.length - suffix.length);
}

export function quote(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
