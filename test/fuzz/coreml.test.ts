import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { readCheckpoint } from '../../src/formats/registry';
import { MissingSiblingError } from '../../src/formats/sibling';
import { BufferSource } from '../../src/formats/source';
import { decodeSome } from './sound';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/coreml');

it.each(['float32', 'affine16', 'blocks18', 'lut16', 'lut18'])(
  'only FormatError comes out of a damaged %s.mlpackage',
  async (name) => {
    const folder = path.join(FOLDER, `${name}.mlpackage/Data/com.apple.CoreML`);
    const model = readFileSync(path.join(folder, 'model.mlmodel'));
    const weights = readFileSync(path.join(folder, 'weights/weight.bin'));
    const mutations = 100 * FUZZ_FACTOR;
    let refused = 0;
    for (let seed = 0; seed < mutations; seed++) {
      const random = randomFrom(seed);
      const changesWeights = random() < 0.25;
      const blobs = changesWeights ? mutate(weights, random, weights.length) : weights;
      const source = new BufferSource('/model.mlmodel', changesWeights ? model : mutate(model, random, model.length));
      const openSibling = (sibling: string): Promise<BufferSource> =>
        sibling === 'weights/weight.bin'
          ? Promise.resolve(new BufferSource(`/${sibling}`, blobs))
          : Promise.reject(new MissingSiblingError(source.path, sibling));
      if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), `${name} seed ${seed}`)) refused++;
    }
    expect(refused).toBeGreaterThan(0.1 * mutations);
  },
);

it.each(['network', 'half', 'linear3', 'linear8', 'table3'])(
  'only FormatError comes out of a damaged %s.mlmodel, and no other from its values',
  async (name) => {
    const good = readFileSync(path.join(FOLDER, `${name}.mlmodel`));
    const mutations = 100 * FUZZ_FACTOR;
    let refused = 0;
    for (let seed = 0; seed < mutations; seed++) {
      const bytes = mutate(good, randomFrom(seed), good.length);
      const source = new BufferSource('/model.mlmodel', bytes);
      const openSibling = (sibling: string): Promise<BufferSource> =>
        Promise.reject(new MissingSiblingError(source.path, sibling));
      const label = `${name} seed ${seed}`;
      const open = async (): Promise<Checkpoint> => {
        const checkpoint = await readCheckpoint({ source, openSibling });
        decodeSome(checkpoint, [bytes]);
        return checkpoint;
      };
      if (await refusedOrSound(open, label)) refused++;
    }
    expect(refused).toBeGreaterThan(0.05 * mutations);
  },
);
