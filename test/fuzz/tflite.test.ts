import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import type { ByteExtent } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import { DecodingError, type ByteReader } from '../../src/values/reading';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/tflite');

/** Values that damaged files are asked for at most, a tensor: a few bytes may claim any number of zeros. */
const MAX_VALUES = 100_000;

/** Numbers at which offsets and counts of flatbuffers turn: −1, the ends of their types, the sizes of the tables. */
const WORDS = [
  0,
  1,
  2,
  3,
  4,
  5,
  7,
  8,
  16,
  64,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 4,
  2 ** 32 - 1,
];

it.each([
  ['kinds.tflite', 500],
  ['quantized.tflite', 400],
  ['sparse.tflite', 500],
  ['graph.tflite', 400],
  ['outside.tflite', 800],
  ['external.tflite', 800],
  ['model.circle', 800],
  ['bundle.task', 800],
])('only FormatError comes out of a damaged %s', async (name, mutations) => {
  const original = readFileSync(path.join(FOLDER, name));
  const outside = readFileSync(path.join(FOLDER, 'outside.bin'));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const bytes = random() < 0.8 ? mutateWords(original, random) : mutate(original, random, original.length);
    const label = `${name} seed ${seed}`;
    const open = async (): Promise<Checkpoint> => {
      const checkpoint = await readCheckpoint({
        source: new BufferSource(`/${name}`, bytes),
        openSibling: (sibling) => Promise.resolve(new BufferSource(`/${sibling}`, outside)),
      });
      checkLinks(checkpoint, label);
      decode(checkpoint, [bytes, outside], label);
      return checkpoint;
    };
    if (await refusedOrSound(open, label)) refused++;
  }
  // Many words are values of tensors, which may be anything.
  expect(refused).toBeGreaterThan(0.05 * mutations * FUZZ_FACTOR);
});

/** Changes a few of the numbers that a flatbuffer consists of, and leaves all else where it is. */
function mutateWords(original: Uint8Array, random: () => number): Buffer {
  const bytes = Buffer.from(original);
  const rounds = 1 + Math.floor(random() * 3);
  const pick = (): number => 2 * Math.floor((random() * (bytes.length - 4)) / 2);
  for (let round = 0; round < rounds; round++) {
    const at = pick();
    const word = bytes.readUInt32LE(at);
    switch (Math.floor(random() * 5)) {
      case 0:
        bytes.writeUInt32LE(WORDS[Math.floor(random() * WORDS.length)]!, at);
        break;
      case 1:
        bytes.writeUInt16LE(WORDS[Math.floor(random() * WORDS.length)]! % 65_536, at);
        break;
      case 2:
        bytes.writeUInt32LE((word + 2 ** 32 + Math.floor(random() * 9) - 4) % 2 ** 32, at);
        break;
      case 3:
        bytes.writeUInt32LE(bytes.readUInt32LE(pick()), at);
        break;
      default:
        // An offset to another place of the file.
        bytes.writeUInt32LE((pick() + 2 ** 32 - at) % 2 ** 32, at);
    }
  }
  return bytes;
}

/** Aliases and the graph name tensors that are there. */
function checkLinks({ tensors, topology }: Checkpoint, label: string): void {
  const seen = new Set<string>();
  for (const { name, aliasOf } of tensors) {
    if (aliasOf !== undefined) expect(seen, label).toContain(aliasOf);
    seen.add(name);
  }
  for (const { parameters } of topology?.nodes ?? []) {
    for (const { tensor } of parameters) if (!seen.has(tensor)) throw new Error(`${label}: no tensor ${tensor}`);
  }
}

/** Reads values; damaged ones may only be refused as such. */
function decode({ tensors }: Checkpoint, files: readonly Uint8Array[], label: string): void {
  for (const { name, storage, count } of tensors) {
    const target = new Uint8Array(Math.min(count, MAX_VALUES) * BYTES_PER_ELEMENT[storage.dtype]);
    try {
      elementSource(storage, count, memoryReader(files)).read(0, target);
    } catch (error) {
      if (!(error instanceof DecodingError)) throw new Error(`${label}: ${name}: ${String(error)}`, { cause: error });
    }
  }
}

function memoryReader(files: readonly Uint8Array[]): ByteReader {
  return {
    checkCancelled: () => undefined,
    read(extents: readonly ByteExtent[], offset: number, target: Uint8Array) {
      let skip = offset;
      let filled = 0;
      for (const { file, offset: start, length } of extents) {
        const taken = Math.max(0, Math.min(length - skip, target.length - filled));
        target.set(files[file]!.subarray(start + skip, start + skip + taken), filled);
        filled += taken;
        skip = Math.max(0, skip - length);
      }
      if (filled < target.length) throw new Error('reads beyond its extents');
    },
  };
}
