import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import type { Checkpoint } from '../../src/formats/checkpoint';
import { extentsOf, type ByteExtent } from '../../src/formats/storage';
import { FormatError } from '../../src/formats/errors';
import { paddleReader } from '../../src/formats/paddle/paddle';
import { pickledReader } from '../../src/formats/pickled/pickled';
import { distributedReader } from '../../src/formats/pytorch/distributed';
import { pytorchReader } from '../../src/formats/pytorch/pytorch';
import { BufferSource } from '../../src/formats/source';
import { ZipArchive } from '../../src/formats/containers/zip';
import { elementSource } from '../../src/values/element-source';
import { DecodingError } from '../../src/values/reading';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { zip, type ZipPart } from '../unit/formats/pytorch-bytes';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');

/** Values read of each tensor: enough to go through its coding. */
const MAX_READ = 1 << 16;

function fixture(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, name));
}

/** Reads the tensors of what was opened from memory: only the errors of decoding may come out. */
function readAll({ files, tensors }: Checkpoint, bytes: readonly Uint8Array[], label: string): void {
  const names = new Set(tensors.map(({ name }) => name));
  expect(names.size, label).toBe(tensors.length);
  const reader = {
    read(extents: readonly ByteExtent[], offset: number, to: Uint8Array): void {
      const whole = Buffer.concat(
        extents.map(({ file, offset: start, length }) => bytes[file]!.subarray(start, start + length)),
      );
      if (offset + to.length > whole.length) throw new Error(`${label}: reads beyond its extents`);
      to.set(whole.subarray(offset, offset + to.length));
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
      const size = files[file]?.size ?? -1;
      if (offset < 0 || length < 0 || offset + length > size) throw new Error(`${where}: extent`);
    }
    if (count === 0 || count > MAX_READ || storage.strides !== undefined || storage.deflate !== undefined) continue;
    try {
      elementSource(storage, count, reader).read(0, new Uint8Array(count * BYTES_PER_ELEMENT[storage.dtype]));
    } catch (error) {
      if (!(error instanceof DecodingError)) throw new Error(where, { cause: error });
    }
  }
}

async function refused(open: () => Promise<Checkpoint>, bytes: readonly Uint8Array[], label: string): Promise<boolean> {
  let checkpoint: Checkpoint;
  const start = performance.now();
  try {
    checkpoint = await open();
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${label}: ${String(error)}`, { cause: error });
    return true;
  }
  if (performance.now() - start > 2000) throw new Error(`${label}: took more than two seconds`);
  readAll(checkpoint, bytes, label);
  return false;
}

async function unpack(bytes: Uint8Array): Promise<ZipPart[]> {
  const archive = await ZipArchive.open(new BufferSource('/fuzz.pt', bytes));
  return await Promise.all(
    archive.entries.map(async (entry) => ({ name: entry.name, data: await archive.read(entry, 1e6) })),
  );
}

const noSibling = (): Promise<never> => Promise.reject(new Error('has no siblings'));

describe('only FormatError comes out of', () => {
  it.each(['quantized.pt', 'sparse.pt'])(
    'a damaged pickle in %s, and only errors of decoding from its values',
    async (name) => {
      const parts = await unpack(fixture(`pytorch/${name}`));
      const pickle = parts.find((part) => part.name.endsWith('/data.pkl'))!;
      const others = parts.filter((part) => part !== pickle);
      const rounds = 100 * FUZZ_FACTOR;
      let count = 0;
      for (let seed = 0; seed < rounds; seed++) {
        const random = randomFrom(seed);
        const data = random() < 0.5 ? mutate(pickle.data, random, pickle.data.length) : pickle.data;
        // Of the same length, so that what is wrong is what the numbers say.
        const damaged = others.map((part) => {
          if (random() >= 0.2) return part;
          const changed = mutate(part.data, random, 64).subarray(0, part.data.length);
          return { ...part, data: Buffer.concat([changed, part.data.subarray(changed.length)]) };
        });
        const bytes = zip({ name: pickle.name, data }, ...damaged);
        const source = new BufferSource('/fuzz.pt', bytes);
        const open = (): Promise<Checkpoint> => pytorchReader.open({ source, openSibling: noSibling });
        if (await refused(open, [bytes], `${name} seed ${seed}`)) count++;
      }
      expect(count).toBeLessThan(rounds);
    },
  );

  it.each(['distributed', 'sharded'])('a damaged distributed checkpoint (%s)', async (folder) => {
    const files = ['.metadata', '__0_0.distcp', '__1_0.distcp', '__2_0.distcp', '__3_0.distcp'].slice(
      0,
      folder === 'sharded' ? 5 : 2,
    );
    const whole = new Map(files.map((name) => [name, fixture(`pytorch/${folder}/${name}`)]));
    const rounds = 120 * FUZZ_FACTOR;
    let count = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const random = randomFrom(seed);
      const damaged = new Map(whole);
      const victim = random() < 0.6 ? '.metadata' : files[Math.floor(random() * files.length)]!;
      const content = whole.get(victim)!;
      damaged.set(victim, mutate(content, random, content.length));
      const source = new BufferSource('/fuzz/.metadata', damaged.get('.metadata')!);
      const opened: string[] = [];
      const open = (): Promise<Checkpoint> =>
        distributedReader.open({
          source,
          openSibling: (name) => {
            opened.push(name);
            const bytes = damaged.get(name);
            if (bytes !== undefined) return Promise.resolve(new BufferSource(name, bytes));
            return Promise.reject(new FormatError({ file: '/fuzz/.metadata', reason: 'no sibling', remedy: 'none' }));
          },
        });
      const bytes = [...files].filter((name) => name !== '.metadata').map((name) => damaged.get(name)!);
      const isRefused = await refused(
        async () => {
          const checkpoint = await open();
          // Files are numbered by name among those that are named.
          bytes.splice(0, bytes.length, ...opened.map((name) => damaged.get(name)!));
          return checkpoint;
        },
        bytes,
        `${folder} seed ${seed}`,
      );
      if (isRefused) count++;
    }
    expect(count).toBeGreaterThan(0.2 * rounds);
    expect(count).toBeLessThan(rounds);
  });

  it.each(['old_tar.pt', 'exported.pt2', 'exported_old.pt2'])('the damaged file %s', async (name) => {
    const content = fixture(`pytorch/${name}`);
    const rounds = 100 * FUZZ_FACTOR;
    for (let seed = 0; seed < rounds; seed++) {
      const bytes = mutate(content, randomFrom(seed), content.length);
      const source = new BufferSource('/fuzz.pt', bytes);
      const open = (): Promise<Checkpoint> => pytorchReader.open({ source, openSibling: noSibling });
      await refused(open, [bytes], `${name} seed ${seed}`);
    }
  });

  it('a damaged config of an exported program', async () => {
    const parts = await unpack(fixture('pytorch/exported.pt2'));
    const rounds = 100 * FUZZ_FACTOR;
    let count = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const random = randomFrom(seed);
      const damaged = parts.map((part) =>
        part.name.endsWith('_config.json') ? { ...part, data: mutate(part.data, random, part.data.length) } : part,
      );
      const bytes = zip(...damaged);
      const source = new BufferSource('/fuzz.pt2', bytes);
      const open = (): Promise<Checkpoint> => pytorchReader.open({ source, openSibling: noSibling });
      if (await refused(open, [bytes], `config seed ${seed}`)) count++;
    }
    expect(count).toBeGreaterThan(0.3 * rounds);
  });

  it.each(['model.pdparams', 'protocol2.pdparams', 'split.pdparams', 'nested.pdparams', 'arrays2.pkl', 'arrays5.pkl'])(
    'the damaged pickle %s',
    async (name) => {
      const content = fixture(`paddle/${name}`);
      const reader = name.endsWith('.pkl') ? pickledReader : paddleReader;
      const rounds = 120 * FUZZ_FACTOR;
      let count = 0;
      for (let seed = 0; seed < rounds; seed++) {
        const bytes = mutate(content, randomFrom(seed), content.length);
        const source = new BufferSource(`/fuzz/${name}`, bytes);
        const open = (): Promise<Checkpoint> => reader.open({ source, openSibling: noSibling });
        if (await refused(open, [bytes], `${name} seed ${seed}`)) count++;
      }
      expect(count).toBeGreaterThan(0.2 * rounds);
    },
  );
});
