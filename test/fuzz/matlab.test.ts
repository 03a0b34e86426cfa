import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { matlabReader } from '../../src/formats/matlab/matlab';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';
import { MemoryModel, refusedOrReadable } from './readable';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/matlab');

function open(bytes: Uint8Array, label: string): Promise<boolean> {
  const model = new MemoryModel('m.mat', new Map([['m.mat', bytes]]));
  return refusedOrReadable(model, (context) => matlabReader.open(context), label);
}

it.each([
  ['plain.mat', 1500],
  ['compressed.mat', 300],
  ['big_endian.mat', 1500],
  ['structs.mat', 1500],
] as const)('only FormatError comes out of a damaged %s', async (name, mutations) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    if (await open(mutate(bytes, randomFrom(seed), 3000), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.2 * mutations * FUZZ_FACTOR);
});

it('only FormatError comes out of compressed variables that are damaged before they are compressed', async () => {
  const bytes = readFileSync(path.join(FOLDER, 'compressed.mat'));
  const variables: Buffer[] = [];
  for (let at = 128; at < bytes.length;) {
    const length = bytes.readUInt32LE(at + 4);
    variables.push(inflateSync(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  for (let seed = 0; seed < 120 * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const chosen = Math.floor(random() * random() * variables.length);
    const parts = variables.map((content, index) => {
      const data = deflateSync(index === chosen ? mutate(content, random, content.length) : content, { level: 1 });
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(15, 0);
      tag.writeUInt32LE(data.length, 4);
      return Buffer.concat([tag, data]);
    });
    await open(Buffer.concat([bytes.subarray(0, 128), ...parts]), `recompressed seed ${seed}`);
  }
});
