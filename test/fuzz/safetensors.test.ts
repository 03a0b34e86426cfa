import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/safetensors');
const load = (name: string): Buffer => readFileSync(path.join(FOLDER, name));

function noSiblings(): Promise<never> {
  return Promise.reject(new FormatError({ file: 'x', reason: 'is missing', remedy: 'None.' }));
}

it.each([
  ['dtypes.safetensors', 1500, 2500],
  ['packed.safetensors', 1500, 160],
  ['sharded-00001-of-00002.safetensors', 1000, 500],
])('only FormatError comes out of a damaged %s', async (name, mutations, hot) => {
  const bytes = load(name);
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const damaged = mutate(bytes, randomFrom(seed), hot);
    const source = new BufferSource('/m.safetensors', damaged);
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling: noSiblings }), `${name} seed ${seed}`))
      refused++;
  }
  // Most damage to a header shows; if hardly any does, nothing is being checked.
  expect(refused).toBeGreaterThan(0.5 * mutations * FUZZ_FACTOR);
});

it('only FormatError comes out of a damaged index or damaged shards', async () => {
  const names = ['sharded-00001-of-00002.safetensors', 'sharded-00002-of-00002.safetensors'];
  const shards = names.map(load);
  const index = load('sharded.safetensors.index.json');
  let refused = 0;
  const mutations = 1500 * FUZZ_FACTOR;
  for (let seed = 0; seed < mutations; seed++) {
    const random = randomFrom(seed);
    const damaged = [index, ...shards.map((shard) => shard.subarray(0))];
    const victim = random() < 0.6 ? 0 : 1 + Math.floor(random() * shards.length);
    damaged[victim] = mutate(damaged[victim]!, random, 800);
    const openSibling = (name: string): Promise<BufferSource> => {
      const at = names.indexOf(name);
      return at < 0 ? noSiblings() : Promise.resolve(new BufferSource(name, damaged[1 + at]!));
    };
    const source = new BufferSource('/m.safetensors.index.json', damaged[0]!);
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), `index seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.5 * mutations);
});
