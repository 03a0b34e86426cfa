import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import { MissingSiblingError } from '../../src/formats/sibling';
import { readTable } from '../../src/formats/tensorflow/table';
import { block, table, type Entry } from '../unit/formats/tensorflow-bytes';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/tensorflow');

/** Reads a file that is only in memory, with files of the fixtures beside it. */
async function check(
  name: string,
  bytes: Uint8Array,
  label: string,
  siblings = new Map<string, Uint8Array>(),
): Promise<boolean> {
  const source = new BufferSource(path.join(FOLDER, name), bytes);
  const openSibling = (sibling: string): Promise<BufferSource> => {
    const content = siblings.get(sibling);
    return content === undefined
      ? Promise.reject(new MissingSiblingError(source.path, sibling))
      : Promise.resolve(new BufferSource(path.join(FOLDER, sibling), content));
  };
  return await refusedOrSound(() => readCheckpoint({ source, openSibling }), label);
}

it.each([
  ['graphs/constants.pb', 200, 11_000],
  ['graphs/frozen.pb', 250, 7000],
  ['saved_constants/saved_model.pb', 200, 9000],
  ['keras3/checkpoint', 200, 70],
  ['v1/model.ckpt-7.index', 200, 2000],
])('only FormatError comes out of a damaged %s', async (name, mutations, hot) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    if (await check(name, mutate(bytes, randomFrom(seed), hot), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.1 * mutations * FUZZ_FACTOR);
});

it.each([
  ['v1/model.ckpt-7', 1, 150],
  ['keras3/ckpt-1', 1, 150],
  ['types/types', 2, 150],
])(
  'only FormatError comes out of a checkpoint %s with wrong entries and right checksums',
  async (name, shards, mutations) => {
    const file = path.join(FOLDER, `${name}.index`);
    const { bytes, entries } = await readTable(new BufferSource(file, readFileSync(file)));
    const siblings = new Map<string, Uint8Array>();
    for (let shard = 0; shard < shards; shard++) {
      const data = `${name}.data-0000${shard}-of-0000${shards}`;
      siblings.set(path.basename(data), readFileSync(path.join(FOLDER, data)));
    }
    let refused = 0;
    for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
      const random = randomFrom(seed);
      const damaged = entries.map(({ key, start, end }): Entry => {
        const value = bytes.subarray(start, end);
        const change = random();
        // Few of them, so that the rest of the reader is reached.
        if (change < 1.5 / entries.length) return { key, value: mutate(value, random, value.length) };
        if (change < 1.8 / entries.length)
          return { key: mutate(Buffer.from(key, 'latin1'), random, 9).toString('latin1'), value };
        if (change < 1.9 / entries.length) return { key, value, shared: Math.floor(random() * 40) };
        return { key, value };
      });
      // The graph of objects is at the start or at the end of the data.
      const data = new Map(siblings);
      if (random() < 0.3) {
        for (const [part, content] of data) {
          const at = Math.floor(random() * content.length);
          const copy = Buffer.from(content);
          copy[at] = Math.floor(random() * 256);
          data.set(part, copy);
        }
      }
      if (await check(`${name}.index`, table([block(damaged)]), `${name} seed ${seed}`, data)) refused++;
    }
    expect(refused).toBeGreaterThan(0.1 * mutations * FUZZ_FACTOR);
  },
);
