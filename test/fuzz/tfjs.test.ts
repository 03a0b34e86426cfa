import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/tfjs');
const SHARDS = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];

/** A manifest with every kind of weight, strings too; its one shard is zeros, so that strings are empty. */
const EVERY_KIND = Buffer.from(
  JSON.stringify([
    {
      weights: [
        { name: 'f', shape: [2, 3], dtype: 'float32' },
        { name: 's', shape: [5], dtype: 'string' },
        { name: 'q', shape: [7], dtype: 'int32', quantization: { dtype: 'uint16', scale: 0.1, min: -3 } },
        { name: 'h', shape: [4], dtype: 'float32', quantization: { dtype: 'float16' } },
        { name: 'c', shape: [], dtype: 'complex64' },
        { name: 'b', shape: [3], dtype: 'bool' },
      ],
      paths: ['group1-shard1of2.bin'],
    },
  ]),
);

it.each([
  ['model.json', readFileSync(path.join(FOLDER, 'model.json'))],
  ['weights_manifest.json', EVERY_KIND],
])('only FormatError comes out of a damaged %s or damaged shards', async (name, manifest) => {
  const shards: Buffer[] = SHARDS.map((shard) => readFileSync(path.join(FOLDER, shard)));
  const zeros = Buffer.alloc(200);
  let refused = 0;
  const mutations = 2500 * FUZZ_FACTOR;
  for (let seed = 0; seed < mutations; seed++) {
    const random = randomFrom(seed);
    const files: Uint8Array[] = name === 'model.json' ? [...shards] : [zeros, zeros];
    let main: Uint8Array = manifest;
    if (random() < 0.8) main = mutate(manifest, random, manifest.length);
    else files[0] = mutate(files[0]!, random, 100);
    const openSibling = (shard: string): Promise<BufferSource> => {
      const at = SHARDS.indexOf(shard);
      if (at >= 0) return Promise.resolve(new BufferSource(shard, files[at]!));
      return Promise.reject(new FormatError({ file: name, reason: 'names a missing file', remedy: 'None.' }));
    };
    const source = new BufferSource(`/${name}`, main);
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.4 * mutations);
});
