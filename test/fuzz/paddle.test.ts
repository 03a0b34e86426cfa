import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readCheckpoint } from '../../src/formats/registry';
import { MissingSiblingError } from '../../src/formats/sibling';
import { BufferSource } from '../../src/formats/source';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/paddle');

it.each([
  ['program2', 'pdmodel'],
  ['program3', 'json'],
])('only FormatError comes out of a damaged %s.pdiparams or its %s', async (name, extension) => {
  const weights = readFileSync(path.join(FOLDER, `${name}.pdiparams`));
  const program = readFileSync(path.join(FOLDER, `${name}.${extension}`));
  const mutations = 400 * FUZZ_FACTOR;
  let refused = 0;
  for (let seed = 0; seed < mutations; seed++) {
    const random = randomFrom(seed);
    const changesWeights = random() < 0.5;
    const source = new BufferSource(
      `/${name}.pdiparams`,
      changesWeights ? mutate(weights, random, weights.length) : weights,
    );
    const beside = changesWeights ? program : mutate(program, random, program.length);
    const openSibling = (sibling: string): Promise<BufferSource> =>
      sibling === `${name}.${extension}`
        ? Promise.resolve(new BufferSource(`/${sibling}`, beside))
        : Promise.reject(new MissingSiblingError(source.path, sibling));
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.1 * mutations);
});
