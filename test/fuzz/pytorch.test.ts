import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { pytorchReader } from '../../src/formats/pytorch/pytorch';
import { BufferSource } from '../../src/formats/source';
import { ZipArchive } from '../../src/formats/containers/zip';
import { zip, type ZipPart } from '../unit/formats/pytorch-bytes';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/pytorch');

function fixture(name: string): Buffer {
  return readFileSync(path.join(FOLDER, name));
}

async function open(bytes: Uint8Array): Promise<Checkpoint> {
  return await pytorchReader.open({
    source: new BufferSource('/fuzz.pt', bytes),
    openSibling: () => Promise.reject(new Error('PyTorch files have no siblings')),
  });
}

async function unpack(bytes: Uint8Array): Promise<ZipPart[]> {
  const archive = await ZipArchive.open(new BufferSource('/fuzz.pt', bytes));
  return await Promise.all(
    archive.entries.map(async (entry) => ({ name: entry.name, data: await archive.read(entry, 1e6) })),
  );
}

describe('only FormatError comes out of', () => {
  it.each(['views.pt', 'adam.pt', 'module.pt', 'dtypes.pt', 'kinds.pt'])('a damaged pickle in %s', async (name) => {
    const parts = await unpack(fixture(name));
    const pickle = parts.find((part) => part.name.endsWith('/data.pkl'))!;
    const others = parts.filter((part) => part !== pickle);
    let refused = 0;
    const mutations = 800 * FUZZ_FACTOR;
    for (let seed = 0; seed < mutations; seed++) {
      const random = randomFrom(seed);
      const data = mutate(pickle.data, random, pickle.data.length);
      const bytes = zip({ name: pickle.name, data }, ...others);
      if (await refusedOrSound(() => open(bytes), `${name} seed ${seed}`)) refused++;
    }
    expect(refused).toBeGreaterThan(0.3 * mutations);
    expect(refused).toBeLessThan(mutations);
  });

  it.each(['floats.pt', 'zip64.pt', 'deflated.pt', 'big_endian.pt'])('the damaged archive %s', async (name) => {
    const bytes = fixture(name);
    const directory = bytes.indexOf('PK\x01\x02');
    let refused = 0;
    const mutations = 600 * FUZZ_FACTOR;
    for (let seed = 0; seed < mutations; seed++) {
      const random = randomFrom(seed);
      // Its table of contents is at the end.
      const head = bytes.subarray(0, directory);
      const damaged =
        random() < 0.6
          ? Buffer.concat([head, mutate(bytes.subarray(directory), random, bytes.length)])
          : mutate(bytes, random, bytes.length);
      if (await refusedOrSound(() => open(damaged), `${name} seed ${seed}`)) refused++;
    }
    expect(refused).toBeGreaterThan(0.3 * mutations);
  });

  it.each(['legacy_views.pt', 'legacy_protocol4.pt', 'legacy_module.pt'])(
    'the damaged legacy file %s',
    async (name) => {
      const bytes = fixture(name);
      let refused = 0;
      const mutations = 800 * FUZZ_FACTOR;
      for (let seed = 0; seed < mutations; seed++) {
        const damaged = mutate(bytes, randomFrom(seed), bytes.length);
        if (await refusedOrSound(() => open(damaged), `${name} seed ${seed}`)) refused++;
      }
      expect(refused).toBeGreaterThan(0.3 * mutations);
    },
  );
});
