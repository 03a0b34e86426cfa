import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource } from '../../src/formats/source';
import type { TensorStorage } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import type { Bytes } from '../unit/formats/gguf-bytes';
import { ARRAY, gguf, I32, numberEntry, STRING, textEntry, U16, U64, U8, type Gguf } from '../unit/formats/gguf-bytes';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/gguf');

const openSibling = (name: string): Promise<never> =>
  Promise.reject(new FormatError({ file: name, reason: 'is missing', remedy: 'None.' }));

it.each([
  ['kinds.gguf', 800, 12_000],
  ['big_endian.gguf', 1500, 1000],
  ['shards-00003-of-00003.gguf', 1500, 200],
])('only FormatError comes out of a damaged %s', async (name, mutations, hot) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const damaged = mutate(bytes, randomFrom(seed), hot);
    const source = new BufferSource(`/${name}`, damaged);
    const label = `${name} seed ${seed}`;
    if (await refusedOrSound(() => readCheckpoint({ source, openSibling }), label)) refused++;
  }
  expect(refused).toBeGreaterThan(0.2 * mutations * FUZZ_FACTOR);
});

const COUNTS = [
  0n,
  1n,
  2n,
  31n,
  32n,
  64n,
  255n,
  256n,
  1024n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 60n,
  2n ** 64n - 1n,
];

/** A file by the grammar of the format, of which a field here and there is an extreme. */
function grow(random: () => number): Buffer {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const count = (sane: number): number | bigint => (random() < 0.05 ? pick(COUNTS) : sane);
  const type = (sane: number): number => (random() < 0.03 ? Math.floor(random() * 50) : sane);
  const array = (b: Bytes, depth: number): void => {
    const items = pick([U8, U64, STRING, ARRAY]);
    const length = Math.floor(random() * 5);
    b.u32(type(items)).size(count(length));
    for (let i = 0; i < length; i++) {
      if (items === U8) b.u8(1);
      else if (items === U64) b.u64(pick(COUNTS));
      else if (items === STRING) b.text('x'.repeat(random() * 20));
      else if (depth < 6) array(b, depth + 1);
    }
  };
  const entries: Gguf['entries'] = Array.from({ length: Math.floor(random() * 6) }, () => {
    const choices = [
      textEntry(
        pick(['general.architecture', 'general.type', '', '__proto__', 'split.no']),
        pick(['llama', 'imatrix', '']),
      ),
      numberEntry(
        pick(['general.alignment', 'split.count', 'x']),
        random() < 0.8 ? pick([1, 8, 16, 32, 64]) : random() * 2 ** 32,
      ),
      ['split.count', type(U16), (b: Bytes) => b.u16(random() * 3)],
      ['split.tensors.count', type(I32), (b: Bytes) => b.u32(random() * 10)],
      [
        'array',
        ARRAY,
        (b: Bytes) => {
          array(b, 0);
        },
      ],
      ['text', STRING, (b: Bytes) => b.size(count(3)).raw(Buffer.from('abc'))],
    ] as const;
    return pick<(typeof choices)[number]>(choices);
  });
  let offset = 0;
  const tensors = Array.from({ length: Math.floor(random() * 6) }, (_, i) => {
    const dimensions = Array.from({ length: Math.floor(random() * 4) }, (_, axis) =>
      count(axis === 0 ? pick([32, 256]) : 2),
    );
    const at = offset;
    offset += pick([32, 64, 1024]);
    return {
      name: random() < 0.05 ? pick(['', 'a', '__proto__', 'x'.repeat(5000)]) : `t${i}`,
      dimensions,
      type: pick([0, 1, 2, 8, 12, 14, 24, 28, 29, 40, 42, Math.floor(random() * 45)]),
      offset: random() < 0.05 ? pick(COUNTS) : at,
    };
  });
  return gguf({
    version: random() < 0.9 ? pick([1, 2, 3]) : random() * 2 ** 32,
    bigEndian: random() < 0.3,
    entries,
    tensors,
    ...(random() < 0.05 ? { tensorCount: pick(COUNTS) } : {}),
    ...(random() < 0.05 ? { entryCount: pick(COUNTS) } : {}),
    data: Buffer.alloc(offset + 2048, 0x5a),
  });
}

it('only FormatError comes out of what the grammar allows', async () => {
  let refused = 0;
  const rounds = 4000 * FUZZ_FACTOR;
  for (let seed = 0; seed < rounds; seed++) {
    const random = randomFrom(seed);
    const whole = grow(random);
    const bytes = random() < 0.3 ? mutate(whole, random, 200) : whole;
    const source = new BufferSource('/m-00001-of-00002.gguf', bytes);
    const opened = await readOrRefuse(source, `seed ${seed}`);
    if (opened === undefined) refused++;
    else for (const storage of opened) readSome(storage, bytes, random);
  }
  expect(refused).toBeGreaterThan(0.2 * rounds);
  expect(refused).toBeLessThan(0.95 * rounds);
});

async function readOrRefuse(source: BufferSource, label: string): Promise<[TensorStorage, number][] | undefined> {
  let storages: [TensorStorage, number][] | undefined;
  await refusedOrSound(async () => {
    const checkpoint = await readCheckpoint({ source, openSibling });
    storages = checkpoint.tensors.map(({ storage, count }) => [storage, count]);
    return checkpoint;
  }, label);
  return storages;
}

/** Whatever the header says that is not refused can be read, at any place. */
function readSome([storage, count]: [TensorStorage, number], bytes: Buffer, random: () => number): void {
  if (storage.dtype !== 'float32' || count === 0) return;
  const reader = {
    read(extents: TensorStorage['extents'], offset: number, target: Uint8Array): void {
      const [extent] = extents;
      if (extent === undefined || offset + target.length > extent.length) throw new Error('Outside the extent');
      target.set(bytes.subarray(extent.offset + offset, extent.offset + offset + target.length));
    },
    checkCancelled: () => undefined,
  };
  const first = Math.floor(random() * count);
  const target = new Uint8Array(4 * Math.min(count - first, 1 + Math.floor(random() * 2000)));
  elementSource(storage, count, reader).read(first, target);
}
