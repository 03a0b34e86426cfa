import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { flaxReader } from '../../../src/formats/flax/flax';
import { BufferSource } from '../../../src/formats/source';
import { MemoryModel } from '../../fuzz/readable';
import { formatError, readBytes } from './thrown';

const bytes = (...parts: (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

const text = (value: string): Buffer => bytes(0xd9, value.length, value);

/** An array as Flax writes it; `claimed` stands for the length of its extension. */
function array(shape: readonly number[], type: string, data: Buffer, claimed?: number, code = 1): Buffer {
  const content = bytes(0x93, 0x90 + shape.length, ...shape, text(type), 0xc4, data.length, data);
  return bytes(0xc7, claimed ?? content.length, code, content);
}

function map(...entries: (readonly [string, Buffer])[]): Buffer {
  return bytes(0x80 + entries.length, ...entries.flatMap(([key, value]) => [text(key), value]));
}

const FLOATS = Buffer.alloc(8);
const GOOD = array([2], 'float32', FLOATS);

function open(content: Buffer): Promise<Checkpoint> {
  return readBytes(flaxReader, content, '/data/evil.msgpack');
}

describe('hostile Flax files', () => {
  it('reads a sound one, with odd names', async () => {
    const { tensors, notes } = await open(map(['__proto__', map(['constructor', GOOD])], ['<b>', GOOD], ['<b>', GOOD]));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__/constructor', '<b>', '<b> (2)']);
    expect(notes).toMatchObject([{ code: 'repeated-names', tensors: ['<b> (2)'] }]);
    expect(tensors[0]!.storage.extents[0]!.length).toBe(8);
  });

  it('tells names with a slash from paths', async () => {
    const { tensors } = await open(map(['a/b', GOOD], ['a', map(['b', GOOD])]));
    expect(tensors.map(({ name }) => name)).toEqual(['a/b', 'a/b (2)']);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'where there are 0'],
    ['a byte that is not used', map(['a', bytes(0xc1)]), '0xc1'],
    ['bytes after the end', bytes(map(['a', GOOD]), 0), 'after the end'],
    ['a file cut inside an array', map(['a', GOOD]).subarray(0, -3), 'where there are'],
    ['a map of 2^32 - 1 entries', bytes(0xdf, 255, 255, 255, 255, 0xa1, 'a'), 'msgpack values'],
    ['a list of 2^32 - 1 items', bytes(0xdd, 255, 255, 255, 255, 0), 'msgpack values'],
    ['text of 4 GiB', bytes(0xdb, 255, 255, 255, 255, 'a'), 'where there are'],
    ['bytes of 4 GiB', bytes(0xc6, 255, 255, 255, 255, 'a'), 'where there are'],
    ['an extension of 4 GiB', bytes(0xc9, 255, 255, 255, 255, 1, 'a'), 'where there are'],
    ['lists in lists', Buffer.alloc(10_000, 0x91), 'deeper than'],
    ['maps in maps', Buffer.concat(Array.from({ length: 5000 }, () => bytes(0x81, 0xa1, 'a'))), 'deeper than'],
    [
      'extensions in extensions',
      Buffer.concat(Array.from({ length: 120 }, (_, i) => bytes(0xc8, 0, 238 - 2 * i > 4 ? 200 : 0, 1))),
      'msgpack',
    ],
    ['a key that is a list', bytes(0x81, 0x90, 0xc0), 'not a name'],
    ['an extension that holds less', map(['a', array([2], 'float32', FLOATS, 5)]), 'where there are'],
    ['an extension that holds more', bytes(map(['a', array([2], 'float32', FLOATS, 24)]), 0xc0, 0xc0), 'extension'],
    ['an array that is a number', map(['a', bytes(0xd4, 1, 7)]), 'not an array'],
    ['an array of two things', map(['a', bytes(0xd5, 1, 0x92, 0x90)]), 'msgpack values'],
    ['a shape that does not fit', map(['a', array([3], 'float32', FLOATS)]), 'does not fit'],
    [
      'a shape of 2^64',
      map(['a', array([127, 127, 127, 127, 127, 127, 127, 127, 127], 'int8', FLOATS)]),
      'does not fit',
    ],
    ['a negative shape', map(['a', array([0xff], 'float32', FLOATS)]), 'does not fit'],
    ['data that is a text', map(['a', bytes(0xc7, 13, 1, 0x93, 0x91, 1, text('int8'), 0xa1, 'x', 0xc0)]), ''],
    ['chunks without a shape', map(['a', map(['__msgpack_chunked_array__', bytes(0xc3)])]), 'without its shape'],
    [
      'chunks with a gap',
      map([
        'a',
        map(['__msgpack_chunked_array__', bytes(0xc3)], ['shape', map(['0', bytes(4)])], ['chunks', map(['1', GOOD])]),
      ]),
      'without the number 0',
    ],
    [
      'chunks of different types',
      map([
        'a',
        map(
          ['__msgpack_chunked_array__', bytes(0xc3)],
          ['shape', map(['0', bytes(4)])],
          ['chunks', map(['0', GOOD], ['1', array([8], 'int8', FLOATS)])],
        ),
      ]),
      'different types',
    ],
    [
      'chunks that are no arrays',
      map([
        'a',
        map(['__msgpack_chunked_array__', bytes(0xc3)], ['shape', bytes(0x80)], ['chunks', map(['0', bytes(1)])]),
      ]),
      'not an array',
    ],
    [
      'chunks that are fewer than the shape',
      map([
        'a',
        map(['__msgpack_chunked_array__', bytes(0xc3)], ['shape', map(['0', bytes(4)])], ['chunks', map(['0', GOOD])]),
      ]),
      'does not fit',
    ],
    [
      'a name of 2^16 characters',
      Buffer.concat(Array.from({ length: 90 }, () => bytes(0x81, 0xd9, 200, 'n'.repeat(200)))),
      '',
    ],
  ] as const)('refuses %s', async (_, content, reason) => {
    const detail = await formatError(open(content));
    expect(detail.file).toBe('/data/evil.msgpack');
    expect(detail.reason).toContain(reason);
  });

  it('leaves out arrays of types out of the prototype', async () => {
    const { tensors, notes } = await open(map(['a', array([2], 'constructor', FLOATS)], ['b', GOOD]));
    expect(tensors.map(({ name }) => name)).toEqual(['b']);
    expect(notes).toMatchObject([{ code: 'skipped-arrays', tensors: ['a'] }]);
  });

  it('reads no weights, and a bounded window before them', async () => {
    const data = Buffer.alloc(50_000_000);
    const shape = bytes(0x91, 0xce, 2, 0xfa, 0xf0, 0x80);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const content = bytes(0x93, shape, text('int8'), 0xc6, length, data);
    const outer = Buffer.alloc(4);
    outer.writeUInt32BE(content.length);
    const model = new MemoryModel('m', new Map([['m', map(['a', bytes(0xc9, outer, 1, content)], ['b', GOOD])]]));
    const { tensors } = await flaxReader.open(model.context());
    expect(tensors.map(({ count }) => count)).toEqual([50_000_000, 2]);
    expect(model.requested).toBeLessThan(10_000);
  });

  it('is told from pickles and other msgpack by its content', () => {
    const source = new BufferSource('/x', GOOD);
    expect(flaxReader.matches(map(['params', GOOD]), source)).toBe(true);
    expect(flaxReader.matches(map(['params', bytes(1)]), source)).toBe(false);
    expect(flaxReader.matches(Buffer.from([0x80, 0x02, 0x93, 1, 0x93, 0x90]), source)).toBe(false);
  });
});
