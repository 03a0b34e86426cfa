import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/npz');

it.each([
  ['fortran.npy', 3000, 128],
  ['version2.npy', 1000, 128],
  ['structured.npy', 1000, 128],
  ['refused.npz', 1200, 2000],
  ['kinds_compressed.npz', 500, 8000],
])('only FormatError comes out of a damaged %s', async (name, mutations, hot) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const source = new BufferSource(`/${name}`, mutate(bytes, randomFrom(seed), hot));
    const openSibling = (): Promise<never> => Promise.reject(new Error('asked for another file'));
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.3 * mutations * FUZZ_FACTOR);
});
