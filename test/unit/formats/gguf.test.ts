import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { FormatError } from '../../../src/formats/errors';
import { ggufReader } from '../../../src/formats/gguf/gguf';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256, engineValues } from './engine-values';
import { ARRAY, Bytes, gguf, numberEntry, STRING, textEntry, type Gguf } from './gguf-bytes';
import { FIXTURES, openWith } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'gguf');

type Expected = Record<string, { storedAs: string; dtype: string; shape: number[]; sha256: string }>;

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function expectValues(file: string, expected: Expected): Promise<void> {
  const opened = await openCheckpoint(file);
  const { checkpoint } = opened;
  try {
    expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
    for (const tensor of checkpoint.tensors) {
      const { storedAs, dtype, shape, sha256 } = expected[tensor.name]!;
      expect(tensor, tensor.name).toMatchObject({ dtype, shape });
      if (!tensor.name.startsWith('plain.')) expect(tensor.storedAs, tensor.name).toBe(storedAs);
      expect(await engineSha256(checkpoint, tensor), `${tensor.name} ${storedAs}`).toBe(sha256);
    }
  } finally {
    await opened.close();
  }
}

describe('GGUF', () => {
  it.each(Object.entries(EXPECTED))('reads every value of %s as gguf-py does', async (file, expected) => {
    await expectValues(path.join(FOLDER, file), expected);
  });

  it('says what it has read', async () => {
    expect(await openWith(ggufReader, path.join(FOLDER, 'big_endian.gguf'))).toMatchObject({
      format: 'gguf',
      formatLabel: 'GGUF v3, big-endian (llama)',
      notes: [],
    });
  });
});

describe('GGUF in parts', () => {
  const expected = EXPECTED['shards-00001-of-00003.gguf']!;
  const folders: string[] = [];

  function folderWith(...files: [from: string, to: string][]): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'gguf-'));
    folders.push(folder);
    for (const [from, to] of files) copyFileSync(path.join(FOLDER, from), path.join(folder, to));
    return folder;
  }

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it.each([1, 2, 3])('finds all parts from part %d', async (part) => {
    const file = path.join(FOLDER, `shards-0000${part}-of-00003.gguf`);
    await expectValues(file, expected);
    const { formatLabel, tensors, files } = await openWith(ggufReader, file);
    expect(formatLabel).toBe('GGUF v3 (llama), 3 shards');
    expect(tensors.map(({ name }) => name)).toEqual(Object.keys(expected));
    expect(files.map((entry) => path.basename(entry.path))).toEqual([
      'shards-00001-of-00003.gguf',
      'shards-00002-of-00003.gguf',
      'shards-00003-of-00003.gguf',
    ]);
  });

  it('names the parts that are missing', async () => {
    const folder = folderWith(['shards-00002-of-00003.gguf', 'shards-00002-of-00003.gguf']);
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'shards-00002-of-00003.gguf')));
    expect(detail.reason).toContain('"shards-00001-of-00003.gguf"');
    expect(detail.reason).toContain('"shards-00003-of-00003.gguf"');
    expect(detail.remedy).toContain(folder);
  });

  it('refuses parts that have been mixed up', async () => {
    const folder = folderWith(
      ['shards-00001-of-00003.gguf', 'm-00001-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00002-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00003-of-00003.gguf'],
    );
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'm-00003-of-00003.gguf')));
    expect(detail.file).toBe(path.join(folder, 'm-00002-of-00003.gguf'));
    expect(detail.reason).toBe('is part 3 of 3 of a model, not part 2 of 3');
  });

  it('refuses a model of its own in the place of a part', async () => {
    const folder = folderWith(
      ['shards-00001-of-00003.gguf', 'm-00001-of-00003.gguf'],
      ['kinds.gguf', 'm-00002-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00003-of-00003.gguf'],
    );
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'm-00001-of-00003.gguf')));
    expect(detail.reason).toContain('is a model of its own');
  });

  it('reads a part with another name by itself, and says so', async () => {
    const folder = folderWith(['shards-00002-of-00003.gguf', 'second.gguf']);
    const { tensors, notes } = await openWith(ggufReader, path.join(folder, 'second.gguf'));
    expect(tensors).toHaveLength(3);
    expect(notes).toMatchObject([{ code: 'one-shard-of-many' }]);
    expect(notes[0]?.message).toContain('part 2 of 3');
  });

  it('asks for a folder with one model', async () => {
    await expect(openCheckpoint(folderWith())).rejects.toBeInstanceOf(FormatError);
  });
});

describe('GGUF of other versions and byte orders', () => {
  const values = [1, -2, 3.5, 0, 0.25, 6];

  async function valuesIn(file: Gguf): Promise<{ checkpoint: Checkpoint; values: (name: string) => number[] }> {
    const folder = mkdtempSync(path.join(tmpdir(), 'gguf-'));
    const name = path.join(folder, 'm.gguf');
    writeFileSync(name, gguf(file));
    const opened = await openCheckpoint(name);
    const { checkpoint } = opened;
    const read = new Map<string, number[]>();
    for (const tensor of checkpoint.tensors) read.set(tensor.name, [...(await engineValues(checkpoint, tensor))]);
    await opened.close();
    rmSync(folder, { recursive: true });
    return { checkpoint, values: (tensor) => read.get(tensor) ?? [] };
  }

  it.each([
    [1, false, 'GGUF'],
    [1, true, 'GGUF'],
    [2, false, 'GGUF'],
    [2, true, 'FUGG'],
    [3, false, 'GGUF'],
    [3, true, 'GGUF'],
    [3, true, 'FUGG'],
  ])('reads version %d, big-endian: %s, magic %s', async (version, bigEndian, magic) => {
    const data = new Bytes({ bigEndian });
    const view = new DataView(new ArrayBuffer(24));
    values.forEach((value, i) => {
      view.setFloat32(4 * i, value, !bigEndian);
    });
    const { checkpoint, values: read } = await valuesIn({
      version,
      bigEndian,
      magic,
      entries: [
        textEntry('general.architecture', 'gpt2'),
        numberEntry('general.alignment', 64),
        ['tokenizer.ggml.tokens', ARRAY, (b) => b.u32(STRING).size(3).text('a').text('').text('ccc')],
      ],
      tensors: [
        { name: 'blk.0.attn_q.weight', dimensions: [3, 2] },
        { name: 'count', dimensions: [2], type: 27, offset: 64 },
        { name: 'small', dimensions: [2], type: 24, offset: 128 },
      ],
      alignment: 64,
      data: data
        .raw(new Uint8Array(view.buffer))
        .raw(Buffer.alloc(40))
        .u64(7)
        .u64(2 ** 40)
        .raw(Buffer.alloc(48))
        .raw(Buffer.of(1, 255))
        .done(),
    });
    const order = bigEndian ? ', big-endian' : '';
    expect(checkpoint.formatLabel).toBe(`GGUF v${version}${order} (gpt2)`);
    expect(checkpoint.tensors).toMatchObject([{ shape: [2, 3] }, { dtype: 'int64' }, { dtype: 'int8' }]);
    expect(read('blk.0.attn_q.weight')).toEqual(values);
    expect(read('count')).toEqual([7, 2 ** 40]);
    expect(read('small')).toEqual([1, -1]);
  });

  /** Two bytes of float16, 0.5 or −2. */
  const HALF = Buffer.of(0x00, 0x38);
  const MINUS_TWO = Buffer.of(0x00, 0xc0);

  it.each([
    ['of 64 values', 64, 18],
    ['of 128 values, as the fork that introduced the type has it,', 128, 34],
  ])('reads Q2_0 in groups %s', async (_, group, bytes) => {
    const block = Buffer.alloc(bytes, 0b11100100);
    const blocks = [HALF, MINUS_TWO].map((scale) => {
      scale.copy(block);
      return Buffer.from(block);
    });
    const repeated = Buffer.concat(Array.from({ length: 32 }, () => Buffer.concat(blocks)));
    const { checkpoint, values: read } = await valuesIn({
      tensors: [
        { name: 'a', dimensions: [64 * group], type: 42 },
        { name: 'b', dimensions: [64 * group], type: 42, offset: repeated.length },
      ],
      data: Buffer.concat([repeated, repeated]),
    });
    expect(checkpoint.tensors.map(({ storedAs }) => storedAs)).toEqual(
      Array(2).fill(group === 64 ? 'Q2_0' : 'Q2_0_G128'),
    );
    const b = read('b');
    expect(b.slice(0, 8)).toEqual([-0.5, 0, 0.5, 1, -0.5, 0, 0.5, 1]);
    expect(b.slice(group, group + 4)).toEqual([2, -0, -2, -4]);
  });

  it.each([
    ['Q1_0', 41, 128, 18, 0],
    ['TQ2_0', 35, 256, 66, 64],
  ])('reads big-endian %s: its scale is swapped', async (name, type, dimension, bytes, at) => {
    const little = Buffer.alloc(bytes, 0b10010010);
    HALF.copy(little, at);
    const big = Buffer.from(little);
    big.subarray(at, at + 2).swap16();
    const tensors = [{ name, dimensions: [dimension], type }];
    const expected = (await valuesIn({ tensors, data: little })).values(name);
    expect(Math.max(...expected)).toBe(0.5);
    expect((await valuesIn({ tensors, data: big, bigEndian: true })).values(name)).toEqual(expected);
  });

  it('names blocks of which it is not known what they are in big-endian files', async () => {
    const { checkpoint } = await valuesIn({
      bigEndian: true,
      tensors: [
        { name: 'kept', dimensions: [4] },
        { name: 'left', dimensions: [256], type: 13, offset: 32 },
      ],
      data: Buffer.alloc(32 + 176),
    });
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['kept']);
    expect(checkpoint.notes).toMatchObject([{ code: 'unread-types', tensors: ['left'] }]);
    expect(checkpoint.notes[0]?.message).toContain('Q5_K in big-endian order');
  });

  it('multiplies NVFP4 with the scales beside it, of the tensor or of each expert', async () => {
    // Four scales of 1 (0x38), values 1 and −2 (doubled: 2, −4; codes 2 and 12).
    const block = Buffer.concat([Buffer.alloc(4, 0x38), Buffer.alloc(32, 0xc2)]);
    const three = new DataView(new ArrayBuffer(32));
    three.setFloat32(0, 3, true);
    const experts = new DataView(new ArrayBuffer(32));
    [5, 0.5].forEach((scale, i) => {
      experts.setFloat32(4 * i, scale, true);
    });
    const padded = Buffer.concat([block, Buffer.alloc(28)]);
    const { checkpoint, values: read } = await valuesIn({
      tensors: [
        { name: 'a.weight', dimensions: [64, 1], type: 40 },
        { name: 'a.scale', dimensions: [1], offset: 64 },
        { name: 'ffn_up_exps.weight', dimensions: [64, 1, 2], type: 40, offset: 96 },
        { name: 'ffn_up_exps.scale', dimensions: [2], offset: 192 },
        { name: 'alone.weight', dimensions: [64, 1], type: 40, offset: 224 },
      ],
      data: Buffer.concat([
        padded,
        new Uint8Array(three.buffer),
        block,
        block,
        Buffer.alloc(24),
        new Uint8Array(experts.buffer),
        block,
      ]),
    });
    expect(checkpoint.tensors.map(({ role }) => role)).toEqual([
      'weight',
      'quantization',
      'weight',
      'quantization',
      'weight',
    ]);
    expect(read('alone.weight').slice(0, 9)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, -2]);
    expect(read('a.weight').slice(0, 9)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, -6]);
    const both = read('ffn_up_exps.weight');
    expect([both[0], both[8], both[64], both[72]]).toEqual([5, -10, 0.5, -1]);
  });

  it('says that an importance matrix has no weights', async () => {
    const { checkpoint } = await valuesIn({
      entries: [textEntry('general.type', 'imatrix')],
      tensors: [{ name: 'blk.0.attn_q.weight.in_sum2', dimensions: [4] }],
      data: Buffer.alloc(16),
    });
    expect(checkpoint.notes).toMatchObject([{ code: 'importance-matrix' }]);
  });
});
