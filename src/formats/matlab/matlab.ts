import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { UniqueNames } from '../containers/unique-names';
import { FormatError, throwIfCancelled } from '../errors';
import { MAX_TENSORS } from '../limits';
import { tensorRole } from '../roles';
import type { RandomAccessSource } from '../source';
import type { TensorStorage } from '../storage';
import { COMPRESSED, MATRIX, MatReader, type MatArray, type MatContents } from './mat-arrays';
import { FileInput, incomplete, InflatedInput } from './mat-input';

const HEADER_BYTES = 128;

/**
 * Compressed variables that are structures are decompressed to find the arrays in them, at some 300 MB a second; a
 * variable of this version has under 2 GiB.
 */
const MAX_INFLATED_BYTES = 4 * 1024 ** 3;

/** A variable is compressed as a whole; zlib puts two bytes before the deflate stream and four after. */
const ZLIB_HEADER = 2;
const ZLIB_FRAME = 6;

/** MAT-files of level 5 (MATLAB 5 to 7; `save -v6` and `-v7`, `scipy.io.savemat`). */
export const matlabReader: FormatReader = {
  id: 'matlab',
  extensions: ['mat'],
  matches(head: Uint8Array): boolean {
    return byteOrder(head) !== undefined;
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const head = await source.read(0, Math.min(HEADER_BYTES, source.size), signal);
    const order = byteOrder(head);
    if (order === undefined) throw otherVersion(source, head);
    const littleEndian = order === 'IM';
    const file = new FileInput(source, HEADER_BYTES, signal);
    const contents: MatContents = { arrays: [], skipped: new Map(), count: 0 };
    const tensors: TensorEntry[] = [];
    const names = new UniqueNames();
    const budget = { bytes: MAX_INFLATED_BYTES };
    const outer = new MatReader(file, littleEndian, source.path, contents);
    while (file.position + 8 <= source.size) {
      throwIfCancelled(signal);
      const { type, length } = await outer.tag();
      const start = file.position;
      if (start + length > source.size) throw incomplete(source);
      if (type === MATRIX) await outer.matrix(length, undefined, 0);
      else if (type === COMPRESSED) await readCompressed(source, start, length, littleEndian, contents, budget, signal);
      await file.skip(start + length - file.position);
      const place = type === COMPRESSED ? { start, length } : undefined;
      for (const array of contents.arrays.splice(0)) tensors.push(entry(array, names, littleEndian, place));
      if (tensors.length > MAX_TENSORS) throw tooMany(source);
    }
    return {
      format: 'matlab',
      formatLabel: l10n.t('MATLAB MAT-file'),
      files: [{ path: source.path, size: source.size }],
      tensors,
      notes: [...skippedNotes(contents), ...names.notes()],
    };
  },
};

/** `IM` for little-endian, `MI` for big-endian files of version 0x0100. */
function byteOrder(head: Uint8Array): 'IM' | 'MI' | undefined {
  const order = String.fromCharCode(head[126] ?? 0, head[127] ?? 0);
  if (order === 'IM' && head[124] === 0 && head[125] === 1) return order;
  return order === 'MI' && head[124] === 1 && head[125] === 0 ? order : undefined;
}

/** Reads a variable that is compressed. Arrays get places in what it decompresses to. */
async function readCompressed(
  source: RandomAccessSource,
  start: number,
  length: number,
  littleEndian: boolean,
  contents: MatContents,
  budget: { bytes: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const input = new InflatedInput(source, start, length, budget, signal);
  try {
    const reader = new MatReader(new Unfinished(input), littleEndian, source.path, contents);
    const tag = await reader.tag();
    if (tag.type === MATRIX) await reader.matrix(tag.length, undefined, 0);
  } finally {
    input.close();
  }
}

/** Puts off skipping until something is read after it: the last array of a variable is not decompressed. */
class Unfinished {
  private skipping = 0;

  constructor(private readonly input: InflatedInput) {}

  get position(): number {
    return this.input.position + this.skipping;
  }

  async take(length: number): Promise<Uint8Array> {
    await this.input.skip(this.skipping);
    this.skipping = 0;
    return await this.input.take(length);
  }

  skip(length: number): Promise<void> {
    this.skipping += length;
    return Promise.resolve();
  }

  close(): void {
    this.input.close();
  }
}

function entry(
  { name, dtype, storedDtype, shape, count, position, length }: MatArray,
  names: UniqueNames,
  littleEndian: boolean,
  compressed: { readonly start: number; readonly length: number } | undefined,
): TensorEntry {
  const strides = columnMajor(shape, count);
  const storedBool = dtype === 'bool' && storedDtype === 'uint8' ? 'bool' : storedDtype;
  const place: Pick<TensorStorage, 'extents' | 'deflate'> =
    compressed === undefined
      ? { extents: [{ file: 0, offset: position, length }] }
      : {
          extents: [{ file: 0, offset: compressed.start + ZLIB_HEADER, length: compressed.length - ZLIB_FRAME }],
          deflate: { skip: position, inflatedBytes: position + length },
        };
  const storage: TensorStorage = {
    dtype: storedBool,
    ...(count === 0 ? { extents: [] } : place),
    ...(littleEndian || storedBool.endsWith('int8') || storedBool === 'bool' ? {} : { bigEndian: true }),
    ...(strides === undefined ? {} : { strides }),
  };
  return {
    name: names.take(name),
    dtype,
    shape,
    count,
    role: tensorRole(name, roleShape(shape), dtype),
    ...(storedBool === dtype ? {} : { storedAs: storedBool }),
    storage,
  };
}

/** MATLAB has no arrays of fewer than two dimensions: vectors are rows or columns. */
function roleShape(shape: readonly number[]): readonly number[] {
  return shape.length === 2 ? shape.filter((size) => size !== 1) : shape;
}

/** Strides of an array whose first dimension varies fastest; undefined where that makes no difference. */
function columnMajor(shape: readonly number[], count: number): number[] | undefined {
  if (count === 0 || shape.filter((size) => size > 1).length < 2) return undefined;
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

function skippedNotes({ skipped }: MatContents): CheckpointNote[] {
  const messages = {
    text: l10n.t('Texts are not analyzed.'),
    sparse: l10n.t('Sparse arrays are not analyzed: save them with full().'),
    complex: l10n.t('Complex arrays are not analyzed.'),
    other: l10n.t('Objects and functions are not analyzed.'),
  };
  return [...skipped].map(([reason, tensors]) => ({ code: `skipped-${reason}`, message: messages[reason], tensors }));
}

function otherVersion(source: RandomAccessSource, head: Uint8Array): FormatError {
  const text = Buffer.from(head).toString('latin1');
  return new FormatError({
    file: source.path,
    offset: 0,
    reason: text.startsWith('MATLAB 7.3')
      ? l10n.t('is a MAT-file of version 7.3, but not in HDF5')
      : l10n.t('is no MAT-file of version 5 or later'),
    remedy: l10n.t('Save it again with -v7 in MATLAB, or with scipy.io.savemat.'),
  });
}

function tooMany(source: RandomAccessSource): FormatError {
  return new FormatError({
    file: source.path,
    reason: l10n.t('holds more than {0} arrays', MAX_TENSORS),
    remedy: l10n.t('Check where the file comes from.'),
  });
}
