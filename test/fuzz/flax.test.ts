import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { flaxReader } from '../../src/formats/flax/flax';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';
import { MemoryModel, refusedOrReadable } from './readable';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/flax');

function open(bytes: Uint8Array, label: string): Promise<boolean> {
  return refusedOrReadable(
    new MemoryModel('m.msgpack', new Map([['m.msgpack', bytes]])),
    (context) => flaxReader.open(context),
    label,
  );
}

it.each([
  ['kinds.msgpack', 500],
  ['chunked.msgpack', 1500],
  ['checkpoint_1', 150],
] as const)('only FormatError comes out of a damaged %s', async (name, mutations) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    if (await open(mutate(bytes, randomFrom(seed), 2000), `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.2 * mutations * FUZZ_FACTOR);
});

/** A message of Flax's grammar in which now and then a length, a count, a type or a name is not what it should be. */
function message(random: () => number, depth: number): Buffer {
  const below = (count: number): number => Math.floor(random() * count);
  const wrong = (value: number): number => (random() < 0.03 ? below(300) : value);
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(0xd9, wrong(value.length)), Buffer.from(value)]);
  const byte = (...values: number[]): Buffer => Buffer.from(values);
  const kind = below(depth > 4 ? 6 : 10);
  switch (kind) {
    case 0:
      return byte([0xc0, 0xc2, 0xc3, 5, 0xff, 0xc1][below(random() < 0.05 ? 6 : 5)]!);
    case 1:
      return text('a'.repeat(below(20)));
    case 2:
      return Buffer.concat([byte(0xcb), Buffer.alloc(8, below(256))]);
    case 3:
    case 4:
    case 5: {
      const shape = Array.from({ length: below(4) }, () => below(4));
      const types = ['float32', 'int8', 'bfloat16', 'int4', 'float8_e3m4', 'bool', 'nothing'];
      const type = types[below(types.length)]!;
      const width = type === 'float32' ? 4 : type === 'bfloat16' ? 2 : 1;
      const count = shape.reduce((product, size) => product * size, 1);
      const content = Buffer.concat([
        byte(0x93, 0x90 + wrong(shape.length), ...shape.map((size) => wrong(size) & 0x7f)),
        text(type),
        byte(0xc5, 0, wrong(count * width)),
        Buffer.alloc(count * width, below(256)),
      ]);
      return Buffer.concat([
        byte(0xc8, content.length >> 8, wrong(content.length & 255), wrong(1 + 2 * below(2))),
        content,
      ]);
    }
    case 6: {
      const items = Array.from({ length: below(4) }, () => message(random, depth + 1));
      return Buffer.concat([byte(0x90 + (wrong(items.length) & 15)), ...items]);
    }
    case 7: {
      const chunks = Array.from({ length: 1 + below(3) }, (_, i) =>
        Buffer.concat([text(String(wrong(i))), message(random, 5)]),
      );
      return Buffer.concat([
        byte(0x83),
        ...[text('__msgpack_chunked_array__'), byte(0xc3)],
        ...[text('shape'), byte(0x81), text('0'), byte(below(100))],
        ...[text('chunks'), byte(0x80 + chunks.length), ...chunks],
      ]);
    }
    default: {
      const names = ['params', 'opt_state', '__proto__', 'kernel', 'a/b', '', '0'];
      const entries = Array.from({ length: below(5) }, () =>
        Buffer.concat([text(names[below(names.length)]!), message(random, depth + 1)]),
      );
      return Buffer.concat([byte(0x80 + (wrong(entries.length) & 15)), ...entries]);
    }
  }
}

it('only FormatError comes out of messages that are nearly Flax', async () => {
  const rounds = 3000 * FUZZ_FACTOR;
  let refused = 0;
  for (let seed = 0; seed < rounds; seed++) {
    if (await open(message(randomFrom(seed), 0), `message ${seed}`)) refused++;
  }
  expect(refused).toBeLessThan(0.9 * rounds);
});
