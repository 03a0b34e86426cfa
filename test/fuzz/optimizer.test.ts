import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { ZipArchive } from '../../src/formats/containers/zip';
import { readOptimizerFile } from '../../src/formats/pytorch/optimizer-file';
import { BufferSource } from '../../src/formats/source';
import { zip } from '../unit/formats/pytorch-bytes';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/pytorch/trainer');

/** What was read, as the second file of a checkpoint. */
async function open(bytes: Uint8Array): Promise<Checkpoint> {
  const source = new BufferSource('/optimizer.pt', bytes);
  const state = await readOptimizerFile(source, 1);
  const files = [{ path: '/model.safetensors', size: 0 }, source];
  return { format: 'safetensors', formatLabel: '', files, notes: [], ...state };
}

describe('only FormatError comes out of', () => {
  it.each(['optimizer.pt', 'optimizer_8bit.pt'])(
    'the state of an optimiser with a damaged pickle: %s',
    async (name) => {
      const archive = await ZipArchive.open(new BufferSource('/fuzz.pt', readFileSync(path.join(FOLDER, name))));
      const parts = await Promise.all(
        archive.entries.map(async (entry) => ({ name: entry.name, data: await archive.read(entry, 1e6) })),
      );
      const pickle = parts.find((part) => part.name.endsWith('/data.pkl'))!;
      const others = parts.filter((part) => part !== pickle);
      let [refused, found] = [0, 0];
      const mutations = 600 * FUZZ_FACTOR;
      for (let seed = 0; seed < mutations; seed++) {
        const data = mutate(pickle.data, randomFrom(seed), pickle.data.length);
        const bytes = zip({ name: pickle.name, data }, ...others);
        const opened = async (): Promise<Checkpoint> => {
          const checkpoint = await open(bytes);
          if (checkpoint.tensors.length > 0) found++;
          return checkpoint;
        };
        if (await refusedOrSound(opened, `${name} seed ${seed}`)) refused++;
      }
      expect(refused).toBeGreaterThan(0.3 * mutations);
      expect(found).toBeGreaterThan(0.02 * mutations);
    },
  );
});
