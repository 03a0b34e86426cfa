import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { extentsOf, type TensorStorage } from '../formats/storage';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { FormatError } from '../formats/errors';
import { elementSource } from '../values/element-source';
import { DecodingError } from '../values/reading';
import { gatherStrided, inMemoryOrder, isDense, type StridedView } from '../values/strides';
import { slabBytes } from '../values/tiles';
import type { ExtentReader } from './extent-reader';
import { partsOf, spanOf, type ViewPart } from '../values/view-parts';
import type { ElementRun } from './worker-protocol';
import { product } from '../formats/shape';

/**
 * Memory that bringing scattered elements into order may take in one thread. Views that span more are read in parts, and
 * are not hashed.
 */
const MAX_GATHER_BYTES = 32 * 1024 * 1024;

/** A view that repeats its memory (an expanded tensor) may say of any file that it has 2⁵⁰ elements. */
const MAX_REPEATED_ELEMENTS = 1 << 26;

const COMPRESSED_CHUNK_BYTES = 256 * 1024;

/** Fills as much of `target` as it has bytes left for; 0 at the end. */
export type ElementStream = (target: Uint8Array) => number | Promise<number>;

/**
 * Most memory for the rows of a tiled tensor that have to be decoded together, in one thread: chunks that hold all rows
 * of few columns make that the whole tensor.
 */
const MAX_SLAB_BYTES = 1024 * 1024 * 1024;

/** Whether the elements of a tensor can be brought into C order in bounded memory, which hashing needs. */
export function canOrder({ storage, shape }: Pick<ElementRun, 'storage' | 'shape'>): boolean {
  const { strides, dtype } = storage;
  return strides === undefined || spanOf({ shape, strides }) * BYTES_PER_ELEMENT[dtype] <= MAX_GATHER_BYTES;
}

/**
 * The bytes of a run's elements, one after the other: in C order if `ordered` (see {@link canOrder}), else in
 * whichever order reads fastest.
 */
export function elementStream(run: ElementRun, reader: ExtentReader, ordered: boolean, path: string): ElementStream {
  const { storage, count } = run;
  if (storage.strides === undefined) return linear(run, reader, path);
  const view: StridedView = { shape: run.shape, strides: storage.strides };
  if (!ordered && isDense(view)) return linear(run, reader, path);
  const span = spanOf(view);
  if (count > span && count > MAX_REPEATED_ELEMENTS) {
    throw new FormatError({
      file: path,
      reason: l10n.t('is a view that repeats {0} stored elements {1} times over', span, count),
      remedy: l10n.t('Save the tensor itself instead (in PyTorch: tensor.contiguous()).'),
    });
  }
  const parts = ordered
    ? [{ ...view, offset: 0 }]
    : partsOf(inMemoryOrder(view), MAX_GATHER_BYTES / BYTES_PER_ELEMENT[storage.dtype]);
  return gathered(run, reader, parts);
}

function linear(run: ElementRun, reader: ExtentReader, path: string): ElementStream {
  const { storage, first, count } = run;
  const width = BYTES_PER_ELEMENT[storage.dtype];
  if (storage.deflate !== undefined) return inflated(storage, storage.deflate, count * width, reader);
  checkSlabs(storage, path);
  const source = elementSource(storage, first + count, reader);
  let position = first;
  const end = first + count;
  return (target) => {
    const elements = Math.min(Math.floor(target.length / width), end - position);
    source.read(position, target.subarray(0, elements * width));
    position += elements;
    return elements * width;
  };
}

function checkSlabs({ coding, dtype }: TensorStorage, path: string): void {
  if (coding?.kind !== 'tiles') return;
  const bytes = slabBytes(coding, BYTES_PER_ELEMENT[dtype]);
  if (bytes <= MAX_SLAB_BYTES) return;
  throw new FormatError({
    file: path,
    reason: l10n.t('is cut into chunks of which {0} bytes would have to be decoded together', bytes),
    remedy: l10n.t('Save it again with chunks that span fewer rows, or without chunks.'),
  });
}

/** The raw deflate stream in the extents, without its first bytes, and not a byte further than the tensor goes. */
function inflated(
  storage: TensorStorage,
  { skip }: NonNullable<TensorStorage['deflate']>,
  length: number,
  reader: ExtentReader,
): ElementStream {
  const chunks = inflate(storage, reader);
  let chunk: Uint8Array = new Uint8Array(0);
  let toSkip = skip;
  let left = length;
  return async (target) => {
    if (left === 0) {
      await chunks.return();
      return 0;
    }
    while (chunk.length === 0 || toSkip > 0) {
      const skipped = Math.min(toSkip, chunk.length);
      toSkip -= skipped;
      chunk = chunk.subarray(skipped);
      if (chunk.length > 0) break;
      reader.checkCancelled();
      const next = await chunks.next();
      if (next.done === true) throw new DecodingError(l10n.t('ends before the tensor is complete'));
      chunk = next.value;
    }
    const taken = Math.min(chunk.length, target.length, left);
    target.set(chunk.subarray(0, taken));
    chunk = chunk.subarray(taken);
    left -= taken;
    return taken;
  };
}

/** What to throw in place of an error of an {@link ElementStream}: one that names the file, if its data is at fault. */
export function streamError(error: unknown, { storage }: ElementRun, path: string): unknown {
  if (!(error instanceof DecodingError)) return error;
  const [extent] = extentsOf(storage);
  const offset = extent?.offset;
  const remedy = l10n.t('The file is damaged: copy or download it again.');
  return new FormatError({ file: path, offset, reason: error.message, remedy });
}

async function* inflate(storage: TensorStorage, reader: ExtentReader): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = Readable.from(compressedChunks(storage, reader)).pipe(createInflateRaw());
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('Z_'))
      throw new DecodingError(l10n.t('cannot be decompressed ({0})', (error as Error).message));
    throw error;
  } finally {
    stream.destroy();
  }
}

function* compressedChunks(storage: TensorStorage, reader: ExtentReader): Generator<Uint8Array> {
  const total = storage.extents.reduce((sum, extent) => sum + extent.length, 0);
  for (let offset = 0; offset < total; offset += COMPRESSED_CHUNK_BYTES) {
    const chunk = new Uint8Array(Math.min(COMPRESSED_CHUNK_BYTES, total - offset));
    reader.read(storage.extents, offset, chunk);
    yield chunk;
  }
}

/** Reads part after part of a view whole, and hands out its elements in the C order of the part's shape. */
function gathered(run: ElementRun, reader: ExtentReader, parts: Iterable<ViewPart>): ElementStream {
  const { storage } = run;
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const remaining = parts[Symbol.iterator]();
  let part: ViewPart | undefined;
  let bytes: Uint8Array = new Uint8Array(0);
  let next = 0;
  let count = 0;
  return async (target) => {
    while (next === count) {
      const step = remaining.next();
      if (step.done === true) return 0;
      part = step.value;
      bytes = await readSpan(storage, part, width, reader);
      next = 0;
      count = product(part.shape);
    }
    if (part === undefined) return 0;
    const taken = Math.min(count - next, Math.floor(target.length / width));
    gatherStrided(part, next, taken, width, bytes, 0, target);
    next += taken;
    return taken * width;
  };
}

async function readSpan(
  storage: TensorStorage,
  part: ViewPart,
  width: number,
  reader: ExtentReader,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(spanOf(part) * width);
  if (storage.deflate === undefined) {
    elementSource(storage, part.offset + bytes.length / width, reader).read(part.offset, bytes);
    return bytes;
  }
  const skip = storage.deflate.skip + part.offset * width;
  const stream = inflated(storage, { ...storage.deflate, skip }, bytes.length, reader);
  for (let filled = 0; filled < bytes.length;) filled += await stream(bytes.subarray(filled));
  await stream(bytes);
  return bytes;
}
