import { describe, expect, it } from 'vitest';
import { ggufReader } from '../../../src/formats/gguf/gguf';
import { GGML_TYPES } from '../../../src/formats/gguf/gguf-types';
import { BufferSource, type RandomAccessSource } from '../../../src/formats/source';
import { blockScheme } from '../../../src/values/blocks';
import { ARRAY, Bytes, F32, gguf, I32, numberEntry, STRING, textEntry, U16, U64, U8, type Gguf } from './gguf-bytes';
import { formatError, readBytes } from './thrown';

const open = (file: Gguf | Buffer, path = '/evil.gguf', siblings: Record<string, Uint8Array> = {}) =>
  readBytes(ggufReader, Buffer.isBuffer(file) ? file : gguf(file), path, siblings);

const ONE = { name: 'w', dimensions: [4] };
const DATA = Buffer.alloc(16);
const HUGE = 2n ** 64n - 1n;

describe('hostile GGUF headers', () => {
  it.each([
    ['nothing but the magic', Buffer.from('GGUF'), 'does not start'],
    ['another magic', { magic: 'GGUG', tensors: [ONE], data: DATA }, 'does not start'],
    ['version 0', { version: 0, tensors: [ONE], data: DATA }, 'version 0'],
    ['version 4', { version: 4, tensors: [ONE], data: DATA }, 'version 4'],
    ['a huge version', { version: 0x01020304, tensors: [ONE], data: DATA }, 'version'],
    ['2^64 - 1 tensors', { tensorCount: HUGE, data: DATA }, 'at most 250000'],
    ['2^63 tensors', { tensorCount: 2n ** 63n, data: DATA }, 'at most 250000'],
    [
      'as many tensors as there are, and one',
      { tensors: [ONE], tensorCount: 2, data: Buffer.alloc(64) },
      'without a name',
    ],
    ['2^64 - 1 entries', { entryCount: HUGE, data: DATA }, 'at most 65536'],
    ['more entries than fit', { entryCount: 60_000, data: DATA }, 'more than fit'],
    [
      'an entry too few',
      { entries: [textEntry('a', 'b')], entryCount: 0, tensors: [ONE], data: DATA },
      'ends inside its header',
    ],
    [
      'an entry too many',
      { entries: [textEntry('a', 'b')], entryCount: 2, tensors: [ONE], data: DATA },
      'without a name',
    ],
  ] as const)('refuses %s', async (_, file, reason) => {
    const detail = await formatError(open(file));
    expect(detail.file).toBe('/evil.gguf');
    expect(detail.reason).toContain(reason);
  });

  it.each([
    ['an unknown type', ['k', 13, () => 0], 'unknown type 13'],
    ['a type out of the prototype', ['__proto__', 0xffffffff, () => 0], 'unknown type 4294967295'],
    ['a text beyond the end', ['k', STRING, (b) => b.size(10_000)], 'ends inside its header'],
    ['a text of 2^64 - 1 bytes', ['k', STRING, (b) => b.size(HUGE)], 'ends inside its header'],
    ['an array of an unknown type', ['k', ARRAY, (b) => b.u32(99).size(1)], 'unknown type 99'],
    ['an array of 2^64 - 1 texts', ['k', ARRAY, (b) => b.u32(STRING).size(HUGE)], 'ends inside its header'],
    ['an array of 2^64 - 1 numbers', ['k', ARRAY, (b) => b.u32(U64).size(HUGE)], 'ends inside its header'],
    ['an array of 2^61 numbers', ['k', ARRAY, (b) => b.u32(U64).size(2n ** 61n)], 'ends inside its header'],
    [
      'arrays in arrays in arrays',
      ['k', ARRAY, (b) => Array.from({ length: 100 }, () => b.u32(ARRAY).size(1))],
      'nested too deep',
    ],
    ['2^64 - 1 arrays', ['k', ARRAY, (b) => b.u32(ARRAY).size(HUGE).u32(U8).size(0)], 'ends inside its header'],
    ['an alignment of 0', numberEntry('general.alignment', 0), 'alignment of 0'],
    ['an alignment of 33', numberEntry('general.alignment', 33), 'alignment of 33'],
    ['an alignment of 64 bits', ['general.alignment', U64, (b) => b.u64(32)], 'not of type uint32'],
    ['an alignment that is a text', textEntry('general.alignment', '32'), 'not of type uint32'],
    ['a long architecture', textEntry('general.architecture', 'x'.repeat(70_000)), 'at most 65535'],
    ['a long key', textEntry('x'.repeat(70_000), 'x'), 'a key of 70000 bytes'],
  ] as const satisfies readonly (readonly [string, NonNullable<Gguf['entries']>[number], string])[])(
    'refuses metadata with %s',
    async (_, entry, reason) => {
      const detail = await formatError(open({ entries: [entry], tensors: [ONE], data: DATA }));
      expect(detail.reason).toContain(reason);
      expect(detail.offset).toBeGreaterThan(0);
    },
  );

  it('refuses two alignments', async () => {
    const entries = [numberEntry('general.alignment', 32), numberEntry('general.alignment', 64)];
    const detail = await formatError(open({ entries, tensors: [ONE], data: DATA }));
    expect(detail.reason).toBe('has "general.alignment" twice');
  });

  it('is not confused by entries of no use, however they are named', async () => {
    const { tensors, formatLabel } = await open({
      entries: [
        textEntry('__proto__', 'x'),
        textEntry('constructor', 'y'),
        textEntry('general.architecture', '<img src=x onerror=alert(1)>'.repeat(9)),
        ['a', ARRAY, (b) => b.u32(ARRAY).size(2).u32(STRING).size(1).text('t').u32(U8).size(3).raw(Buffer.alloc(3))],
        ['b', F32, (b) => b.u32(0)],
        ['split.count', F32, (b) => b.u32(5)],
      ],
      tensors: [{ name: '__proto__', dimensions: [4] }],
      data: DATA,
    });
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__']);
    expect(formatLabel.length).toBeLessThan(60);
  });

  it('is refused wherever it ends', async () => {
    const whole = gguf({
      entries: [
        textEntry('general.architecture', 'llama'),
        ['tokens', ARRAY, (b) => b.u32(STRING).size(2).text('a').text('b')],
        ['nested', ARRAY, (b) => b.u32(ARRAY).size(1).u32(U16).size(2).u16(1).u16(2)],
      ],
      tensors: [ONE, { name: 'q', dimensions: [32, 2], type: 8, offset: 32 }],
      data: Buffer.alloc(32 + 68),
    });
    await open(whole);
    for (let end = 0; end < whole.length; end++) await formatError(open(whole.subarray(0, end)));
  });
});

describe('hostile GGUF tensors', () => {
  it.each([
    ['a data offset beyond the end', { ...ONE, offset: 1 << 20 }, 'should end at byte'],
    ['a data offset of 2^64 - 32', { ...ONE, offset: 2n ** 64n - 32n }, 'should end at byte'],
    ['a data offset in between', { ...ONE, offset: 8 }, 'not a multiple of 32'],
    ['data of a byte too many', { ...ONE, dimensions: [4, 2] }, 'should end at byte'],
    ['a shape whose product overflows', { ...ONE, dimensions: [2n ** 40n, 2n ** 40n] }, 'too large'],
    ['a negative size', { ...ONE, dimensions: [HUGE] }, 'too large'],
    ['2^53 elements of eight bytes', { ...ONE, dimensions: [2n ** 53n - 1n], type: 28 }, 'too large'],
    ['65 dimensions', { ...ONE, dimensions: Array<number>(65).fill(1) }, '65 dimensions'],
    ['rows of half a block', { ...ONE, dimensions: [16, 2], type: 2 }, 'no whole blocks of 32 (Q4_0)'],
    ['no dimensions and a block type', { ...ONE, dimensions: [], type: 12 }, 'no whole blocks of 256 (Q4_K)'],
  ] as const)('refuses %s', async (_, tensor, reason) => {
    const detail = await formatError(open({ tensors: [tensor], data: DATA }));
    expect(detail).toMatchObject({ file: '/evil.gguf', tensor: 'w' });
    expect(detail.reason).toContain(reason);
  });

  it('refuses 2^32 - 1 dimensions without reading them', async () => {
    const bytes = gguf({ tensors: [{ name: 'w', dimensions: [4] }], data: Buffer.alloc(1000) });
    bytes.writeUInt32LE(2 ** 32 - 1, 24 + 8 + 1);
    expect((await formatError(open(bytes))).reason).toContain('4294967295 dimensions');
  });

  it('refuses long names, and one name twice', async () => {
    const long = { name: 'x'.repeat(5000), dimensions: [4] };
    expect((await formatError(open({ tensors: [long], data: DATA }))).reason).toContain('tensor name of 5000 bytes');
    const twice = [ONE, { ...ONE, offset: 32 }];
    expect((await formatError(open({ tensors: twice, data: Buffer.alloc(48) }))).reason).toBe('is listed twice');
  });

  it('refuses tensors that overlap, in whichever order', async () => {
    const tensors = [
      { name: 'b', dimensions: [4], offset: 32 },
      { name: 'a', dimensions: [10], offset: 0 },
    ];
    const detail = await formatError(open({ tensors, data: Buffer.alloc(64) }));
    expect(detail).toMatchObject({ tensor: 'b', reason: 'overlaps "a" by 8 bytes' });
  });

  it('allows gaps, tensors without elements and without dimensions', async () => {
    const tensors = [
      { name: 'scalar', dimensions: [], offset: 64 },
      { name: 'empty', dimensions: [0, 3], offset: 64 },
      { name: 'block', dimensions: [0, 2], type: 2, offset: 0 },
    ];
    const checkpoint = await open({ tensors, data: Buffer.alloc(68) });
    expect(checkpoint.tensors).toMatchObject([
      { name: 'scalar', shape: [], count: 1 },
      { name: 'empty', shape: [3, 0], count: 0, storage: { extents: [] } },
      { name: 'block', shape: [2, 0], count: 0, storage: { extents: [] } },
    ]);
  });

  it('names tensors of types that are not read, and reads the rest', async () => {
    const types = [31, 9, 4, 99, 2 ** 32 - 1];
    const odd = types.map((type, i) => ({ name: `odd${i}`, dimensions: [7], type, offset: 3 }));
    const { tensors, notes } = await open({ tensors: [ONE, ...odd], data: DATA });
    expect(tensors.map(({ name }) => name)).toEqual(['w']);
    expect(notes).toMatchObject([{ code: 'unread-types', tensors: ['odd0', 'odd1', 'odd2', 'odd3', 'odd4'] }]);
    expect(notes[0]?.message).toContain('5 tensors are of types that are not read (Q4_0_4_4, Q8_1, Q4_2 and 2 more)');
    const detail = await formatError(open({ tensors: odd, data: DATA }));
    expect(detail.reason).toContain('holds only tensors of types that are not read (Q4_0_4_4, Q8_1');
  });

  it('says what a file without weights is', async () => {
    const entries = [['tokenizer.ggml.tokens', ARRAY, (b: Bytes) => b.u32(STRING).size(1).text('a')]] as const;
    expect((await formatError(open({ entries }))).reason).toBe('holds a vocabulary, no weights');
    expect((await formatError(open({}))).reason).toBe('holds metadata, no weights');
  });

  it('says how to join a file that was cut', async () => {
    const bytes = gguf({ tensors: [{ ...ONE, dimensions: [4000] }], data: DATA });
    const detail = await formatError(open(bytes, '/m/model.gguf.part1of2'));
    expect(detail.remedy).toContain('Join the parts');
    expect((await formatError(open(bytes, '/m/model.gguf'))).remedy).not.toContain('Join');
  });
});

describe('hostile GGUF parts', () => {
  const part = (no: number, count: number, name: string, total = count, more: Gguf['entries'] = []): Buffer =>
    gguf({
      entries: [
        ['split.no', U16, (b) => b.u16(no)],
        ['split.count', U16, (b) => b.u16(count)],
        ['split.tensors.count', I32, (b) => b.u32(total)],
        ...more,
      ],
      tensors: [{ name, dimensions: [4] }],
      data: DATA,
    });

  it('reads parts in their order', async () => {
    const siblings = { 'm-00001-of-00002.gguf': part(0, 2, 'a') };
    const { tensors, files } = await open(part(1, 2, 'b'), '/m-00002-of-00002.gguf', siblings);
    expect(tensors.map(({ name, storage }) => [name, storage.extents[0]?.file])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(files.map(({ path }) => path)).toEqual(['m-00001-of-00002.gguf', '/m-00002-of-00002.gguf']);
  });

  it.each([
    ['65,535 parts', part(0, 65_535, 'a'), {}, '65535 files'],
    // Found by fuzzing: their names alone took all memory.
    ['2^32 - 1 parts', gguf({ entries: [numberEntry('split.count', 2 ** 32 - 1)] }), {}, '4294967295 files'],
    ['a part that is missing', part(0, 2, 'a'), {}, 'names m-00002-of-00002.gguf'],
    ['a part of another number', part(0, 2, 'a'), { 'm-00002-of-00002.gguf': part(0, 2, 'b') }, 'part 1 of 2'],
    ['a part of other parts', part(0, 2, 'a'), { 'm-00002-of-00002.gguf': part(1, 3, 'b') }, 'part 2 of 3'],
    ['one name in two parts', part(0, 2, 'a'), { 'm-00002-of-00002.gguf': part(1, 2, 'a') }, 'also in another part'],
    ['too few tensors', part(0, 2, 'a', 3), { 'm-00002-of-00002.gguf': part(1, 2, 'b') }, 'has 3 tensors'],
    ['a part that is cut', part(0, 2, 'a'), { 'm-00002-of-00002.gguf': part(1, 2, 'b').subarray(0, 90) }, 'inside'],
  ] as const)('refuses %s', async (_, bytes, siblings, reason) => {
    expect((await formatError(open(bytes, '/m-00001-of-00002.gguf', siblings))).reason).toContain(reason);
  });

  it('is not led elsewhere by its own name', async () => {
    const asked: string[] = [];
    const source = new BufferSource('/x/..-00001-of-00002', part(0, 2, 'a'));
    const openSibling = (name: string): Promise<RandomAccessSource> => {
      asked.push(name);
      return Promise.resolve(new BufferSource(name, part(1, 2, 'b')));
    };
    await ggufReader.open({ source, openSibling });
    expect(asked).toEqual(['..-00002-of-00002']);
  });
});

describe('what a GGUF header costs', () => {
  /** Counts the bytes that are asked for. */
  function counting(bytes: Uint8Array): { source: RandomAccessSource; requested: () => number } {
    const inner = new BufferSource('/m.gguf', bytes);
    let requested = 0;
    const source: RandomAccessSource = {
      path: inner.path,
      size: inner.size,
      read: (offset, length, signal) => {
        requested += length;
        return inner.read(offset, length, signal);
      },
      close: () => Promise.resolve(),
    };
    return { source, requested: () => requested };
  }

  const openSibling = (): Promise<never> => Promise.reject(new Error('asked for another file'));

  it('reads a vocabulary once, and not the weights', async () => {
    const tokens = 200_000;
    const bytes = gguf({
      entries: [
        [
          'tokenizer.ggml.tokens',
          ARRAY,
          (b) => {
            b.u32(STRING)
              .size(tokens)
              .raw(Buffer.alloc(15 * tokens, new Bytes().text('a token').done()));
          },
        ],
      ],
      tensors: [{ name: 'w', dimensions: [4_000_000] }],
      data: Buffer.alloc(16_000_000),
    });
    const headerBytes = bytes.length - 16_000_000;
    const { source, requested } = counting(bytes);
    const { tensors } = await ggufReader.open({ source, openSibling });
    expect(tensors).toHaveLength(1);
    // The last window reaches beyond the header.
    expect(requested()).toBeLessThan(headerBytes + 1.1 * 2 ** 20);
  });

  it('passes over numbers and long texts without reading them', async () => {
    const bytes = gguf({
      entries: [
        ['scores', ARRAY, (b) => b.u32(F32).size(5_000_000).raw(Buffer.alloc(20_000_000))],
        textEntry('long', 'x'.repeat(20_000_000)),
      ],
      tensors: [ONE],
      data: DATA,
    });
    const { source, requested } = counting(bytes);
    await ggufReader.open({ source, openSibling });
    expect(requested()).toBeLessThan(4 * 2 ** 20);
  });

  it('gives up on a header that goes on for ever', async () => {
    // As large as a file may be, and all of it one array of empty texts.
    const start = gguf({ entries: [['k', ARRAY, (b) => b.u32(STRING).size(2 ** 40)]], tensors: [ONE] });
    let requested = 0;
    const source: RandomAccessSource = {
      path: '/endless.gguf',
      size: 2 ** 43,
      read: (offset, length) => {
        requested += length;
        const bytes = new Uint8Array(length);
        if (offset < start.length) bytes.set(start.subarray(offset, offset + Math.min(length, 24 + 25)));
        return Promise.resolve(bytes);
      },
      close: () => Promise.resolve(),
    };
    const detail = await formatError(ggufReader.open({ source, openSibling }));
    expect(detail.reason).toContain('has a header of more than 268435456 bytes');
    expect(requested).toBeLessThan(257 * 2 ** 20);
  });
});

it('has a decoder for every type, of the same size', () => {
  for (const { name, dtype, blockBytes, blockValues, big } of GGML_TYPES.values()) {
    if (dtype !== undefined) continue;
    expect(blockScheme(name), name).toMatchObject({ blockBytes, blockValues });
    if (big === 'swapped') expect(blockScheme(`${name}/big`), name).toMatchObject({ blockBytes, blockValues });
  }
});
