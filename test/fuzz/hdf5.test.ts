import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import { extentsOf } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import { DecodingError } from '../../src/values/reading';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');

/** Signatures of the structures, of which fields close by are changed. */
const SIGNATURES = ['OHDR', 'OCHK', 'TREE', 'SNOD', 'HEAP', 'GCOL', 'FRHP', 'FHIB', 'FHDB', 'BTHD', 'BTIN', 'BTLF'];
const ARRAYS = ['FAHD', 'FADB', 'EAHD', 'EAIB', 'EASB', 'EADB'];

const VALUES = [0n, 1n, 2n, 3n, 8n, 0x7fn, 0xffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 64n - 1n];

/** Where structures begin. */
function places(bytes: Buffer): number[] {
  const found: number[] = [];
  for (const signature of [...SIGNATURES, ...ARRAYS]) {
    for (let at = bytes.indexOf(signature); at !== -1; at = bytes.indexOf(signature, at + 1)) found.push(at);
  }
  return found;
}

/** Changes fields of structures: to extreme numbers, to those of their neighbours, or by little. */
function mutateStructures(bytes: Buffer, at: readonly number[], random: () => number): Buffer {
  const out = Buffer.from(bytes);
  const pick = (limit: number): number => Math.floor(random() * limit);
  for (let round = 0; round <= pick(4); round++) {
    const start = (at[pick(at.length)] ?? 0) + pick(160);
    const width = [1, 2, 4, 8][pick(4)]!;
    if (start + width > out.length) continue;
    switch (pick(4)) {
      case 0:
        out[start] = out[start]! ^ (1 << pick(8));
        break;
      case 1:
        out[start] = out[start]! + (random() < 0.5 ? 1 : -1);
        break;
      case 2: {
        // An address of something else.
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(BigInt(at[pick(at.length)] ?? 0));
        word.copy(out, start, 0, width);
        break;
      }
      default: {
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(VALUES[pick(VALUES.length)]!);
        word.copy(out, start, 0, width);
      }
    }
  }
  return out;
}

/** Memory and work of a tensor are bounded by what a test can read. */
const MAX_READ_ELEMENTS = 100_000;

/** What holds for each tensor of a file that is not refused: it can be read, or is refused then. */
function checkReadable({ tensors, files }: Checkpoint, bytes: Buffer, label: string): void {
  expect(new Set(tensors.map(({ name }) => name)).size, label).toBe(tensors.length);
  const reader = {
    read(extents: readonly { offset: number; length: number }[], offset: number, target: Uint8Array): void {
      let skip = offset;
      let filled = 0;
      for (const extent of extents) {
        const length = Math.max(0, Math.min(extent.length - skip, target.length - filled));
        target.set(bytes.subarray(extent.offset + skip, extent.offset + skip + length), filled);
        filled += length;
        skip = Math.max(0, skip - extent.length);
      }
      if (filled < target.length) throw new Error(`${label}: reads beyond its extents`);
    },
    checkCancelled: (): void => undefined,
  };
  for (const { name, storage, count } of tensors) {
    for (const { offset, length, file } of extentsOf(storage)) {
      const size = files[file]?.size ?? 0;
      if (offset < 0 || length <= 0 || offset + length > size) throw new Error(`${label}: ${name}: extent`);
    }
    if (count > MAX_READ_ELEMENTS) continue;
    try {
      elementSource(storage, count, reader).read(0, new Uint8Array(count * BYTES_PER_ELEMENT[storage.dtype]));
    } catch (error) {
      if (!(error instanceof DecodingError)) throw new Error(`${label}: ${name}: ${String(error)}`, { cause: error });
    }
  }
}

async function refused(bytes: Buffer, name: string, label: string): Promise<boolean> {
  const memory = new BufferSource(`/${name}`, bytes);
  let requested = 0;
  const source = {
    path: memory.path,
    size: memory.size,
    read: (offset: number, length: number): Promise<Uint8Array> => {
      requested += length;
      return memory.read(offset, length);
    },
    close: () => memory.close(),
  };
  const openSibling = (): Promise<never> => Promise.reject(new FormatError({ file: '/', reason: 'gone', remedy: '-' }));
  let checkpoint: Checkpoint | undefined;
  try {
    checkpoint = await readCheckpoint({ source, openSibling });
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${label}: ${String(error)}`, { cause: error });
    expect(error.detail.file, label).not.toBe('');
    expect(error.detail.remedy, label).not.toBe('');
  }
  // Each page once, what does not fit into pages a few times at most; and the first bytes.
  expect(requested, label).toBeLessThan(6 * bytes.length + 2 ** 20);
  if (checkpoint !== undefined) checkReadable(checkpoint, bytes, label);
  return checkpoint === undefined;
}

it.each([
  ['hdf5/kinds_earliest.h5', 60],
  ['hdf5/kinds_latest.h5', 60],
  ['hdf5/chunks_earliest.h5', 30],
  ['hdf5/chunks_latest.h5', 30],
  ['hdf5/dense_earliest.h5', 30],
  ['hdf5/dense_latest.h5', 50],
  ['hdf5/arrays.h5', 12],
  ['hdf5/user_block.h5', 50],
  ['hdf5/ordered.h5', 150],
  ['hdf5/swmr.h5', 150],
  ['keras/keras2.h5', 40],
  ['keras/custom.keras', 40],
  ['keras/bfloat16.keras', 50],
])('only FormatError comes out of a damaged %s', async (name, mutations) => {
  const bytes = readFileSync(path.join(FIXTURES, name));
  const at = places(bytes);
  let count = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const damaged = seed % 3 === 0 ? mutate(bytes, random, bytes.length) : mutateStructures(bytes, at, random);
    if (await refused(damaged, path.basename(name), `${name} seed ${seed}`)) count++;
  }
  expect(count).toBeGreaterThan(0);
});
