import { expect } from 'vitest';
import type { Checkpoint, OpenContext } from '../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { FormatError } from '../../src/formats/errors';
import { MissingSiblingError } from '../../src/formats/sibling';
import { BufferSource } from '../../src/formats/source';
import { extentsOf } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import { DecodingError, type ByteReader } from '../../src/values/reading';
import { spanOf } from '../../src/values/view-parts';
import { FUZZ_FACTOR } from './mutate';

/** A model that is only in memory: its files by their names in the folder. */
export class MemoryModel {
  private readonly sources = new Map<string, BufferSource>();
  /** Bytes that were asked for. */
  requested = 0;

  constructor(
    private readonly main: string,
    files: ReadonlyMap<string, Uint8Array>,
  ) {
    for (const [name, bytes] of files) {
      const source = new BufferSource(`/nowhere/${name}`, bytes);
      const read = source.read.bind(source);
      source.read = (offset, length, signal) => {
        this.requested += length;
        return read(offset, length, signal);
      };
      this.sources.set(name, source);
    }
  }

  context(): OpenContext {
    const source = this.sources.get(this.main)!;
    return {
      source,
      openSibling: (name) => {
        const sibling = this.sources.get(name);
        return sibling === undefined
          ? Promise.reject(new MissingSiblingError(source.path, name))
          : Promise.resolve(sibling);
      },
    };
  }

  bytesOf(path: string): Promise<Uint8Array> {
    const source = [...this.sources.values()].find((candidate) => candidate.path === path)!;
    return source.read(0, source.size);
  }
}

/** Measured on files of under 100 KB; generous, for machines that are busy, the more so in long runs at low priority. */
export const MAX_MILLISECONDS = FUZZ_FACTOR > 1 ? 20_000 : 2000;

/** Values of a tensor that are read at most: enough to go through every kind of chunk. */
const MAX_READ_BYTES = 1 << 22;

/**
 * Opens something damaged: it may be refused with a {@link FormatError}, or come out so sound that its values can be
 * read, or are found to be damaged; any other error fails.
 * @returns whether it was refused
 */
export async function refusedOrReadable(
  model: MemoryModel,
  open: (context: OpenContext) => Promise<Checkpoint>,
  label: string,
): Promise<boolean> {
  const start = performance.now();
  let checkpoint: Checkpoint;
  try {
    checkpoint = await open(model.context());
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${label}: ${String(error)}`, { cause: error });
    expect(error.detail.file, label).not.toBe('');
    expect(error.detail.remedy, label).not.toBe('');
    return true;
  }
  const { files, tensors } = checkpoint;
  expect(new Set(tensors.map(({ name }) => name)).size, label).toBe(tensors.length);
  const contents = await Promise.all(files.map(({ path }) => model.bytesOf(path)));
  const reader: ByteReader = {
    read(extents, offset, target) {
      const all = Buffer.concat(extents.map((e) => contents[e.file]!.subarray(e.offset, e.offset + e.length)));
      if (offset + target.length > all.length) throw new Error(`${label}: reads beyond the extents`);
      target.set(all.subarray(offset, offset + target.length));
    },
    checkCancelled: () => undefined,
  };
  for (const { name, shape, count, storage } of tensors) {
    const where = `${label}: ${name}`;
    expect(
      shape.reduce((product, size) => product * size, 1),
      where,
    ).toBe(count);
    for (const { file, offset, length } of extentsOf(storage)) {
      const size = contents[file]?.length ?? -1;
      if (offset < 0 || length <= 0 || offset + length > size) throw new Error(`${where}: extent outside its file`);
    }
    const width = BYTES_PER_ELEMENT[storage.dtype];
    const span = storage.strides === undefined ? count : spanOf({ shape, strides: storage.strides });
    const bytes = (count === 0 ? 0 : span) * width;
    if (bytes === 0 || bytes > MAX_READ_BYTES || storage.deflate !== undefined) continue;
    try {
      elementSource(storage, span, reader).read(0, new Uint8Array(bytes));
    } catch (error) {
      if (!(error instanceof DecodingError)) throw new Error(`${where}: ${String(error)}`, { cause: error });
    }
  }
  if (performance.now() - start > MAX_MILLISECONDS) throw new Error(`${label}: took too long`);
  return false;
}
