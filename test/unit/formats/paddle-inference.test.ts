import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { paddleReader } from '../../../src/formats/paddle/paddle';
import { openCheckpoint } from '../../../src/formats/registry';
import { MissingSiblingError } from '../../../src/formats/sibling';
import { BufferSource } from '../../../src/formats/source';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { field, message } from './tensorflow-bytes';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'paddle');

/** file → tensor → type, shape, SHA-256 of the values as float32. */
type Expected = Record<string, Record<string, [dtype: string, shape: number[], sha256: string]>>;

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'programs-expected.json'), 'utf8')) as Expected;

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('inference models of PaddlePaddle', () => {
  it.each(Object.entries(EXPECTED))('%s: every value and name is as in the network', async (file, expected) => {
    const checkpoint = await open(file);
    expect(checkpoint).toMatchObject({ formatLabel: 'PaddlePaddle inference model', notes: [] });
    const found: Record<string, unknown> = {};
    for (const entry of checkpoint.tensors) {
      found[entry.name] = [entry.dtype, entry.shape, await engineSha256(checkpoint, entry)];
    }
    expect(found).toEqual(expected);
    const roles = Object.fromEntries(checkpoint.tensors.map(({ name, role }) => [name, role]));
    expect(roles).toMatchObject({
      'conv2d_0.w_0': 'weight',
      'conv2d_0.b_0': 'bias',
      'batch_norm2d_0.w_0': 'norm',
      'batch_norm2d_0.b_0': 'norm',
      'batch_norm2d_0.w_1': 'buffer',
      'batch_norm2d_0.w_2': 'buffer',
      'layer_norm_0.w_0': 'norm',
    });
  });

  it('are read without their names where there is no program', async () => {
    const { tensors, notes } = await open('inference.pdiparams');
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['0', [3]],
      ['1', [4, 3]],
    ]);
    expect(notes).toMatchObject([{ code: 'numbered-tensors' }]);
    expect(notes[0]!.message).toContain('inference.json, inference.pdmodel');
  });
});

interface Changes {
  readonly version?: number;
  readonly levels?: bigint;
  readonly inner?: number;
  readonly size?: number;
  readonly type?: number;
  readonly bytes?: number;
}

/** A tensor of float32. */
function tensor(shape: readonly (number | bigint)[], changes: Changes = {}): Buffer {
  const description = message(field(1, changes.type ?? 5), ...shape.map((size) => field(2, size)));
  const prefix = Buffer.alloc(20);
  prefix.writeUInt32LE(changes.version ?? 0, 0);
  prefix.writeBigUInt64LE(changes.levels ?? 0n, 4);
  prefix.writeUInt32LE(changes.inner ?? 0, 12);
  prefix.writeInt32LE(changes.size ?? description.length, 16);
  const count = shape.reduce<number>((product, size) => product * Number(size), 1);
  return Buffer.concat([prefix, description, Buffer.alloc(changes.bytes ?? 4 * count)]);
}

const variable = (name: string, shape: readonly number[], kind = 7, persistable = 1): Buffer => {
  const dimensions = field(1, message(field(1, 5), ...shape.map((size) => field(2, size))));
  return field(
    3,
    message(field(1, name), field(2, message(field(1, kind), field(3, dimensions))), field(3, persistable)),
  );
};
const program = (...variables: readonly Buffer[]): Buffer => field(1, message(field(1, 0), field(2, 0), ...variables));

const parameter = (name: string, shape: readonly number[]): unknown => ({
  '#': 'p',
  A: [0, 1, 1, name],
  O: { '%': 1, TT: { '#': '0.t_dtensor', D: [{ '#': '0.t_f32' }, shape, 'NCHW', [], 0] } },
});
const json = (...ops: readonly unknown[]): Buffer =>
  Buffer.from(JSON.stringify({ base_code: {}, program: { regions: [{ '#': 'r', blocks: [{ args: [], ops }] }] } }));

async function read(bytes: Uint8Array, siblings: Readonly<Record<string, Uint8Array>> = {}): Promise<Checkpoint> {
  return await paddleReader.open({
    source: new BufferSource('/data/m.pdiparams', bytes),
    openSibling: (name) => {
      const sibling = Object.hasOwn(siblings, name) ? siblings[name] : undefined;
      if (sibling !== undefined) return Promise.resolve(new BufferSource(`/data/${name}`, sibling));
      return Promise.reject(new MissingSiblingError('/data/m.pdiparams', name));
    },
  });
}

const names = ({ tensors }: Checkpoint): string[] => tensors.map(({ name }) => name);

describe('hand-written inference models', () => {
  const two = Buffer.concat([tensor([2, 3]), tensor([3])]);

  it('have names in the order of code points', async () => {
    const b = variable('\u{1f600}', [3]);
    const a = variable('\uffee', [2, 3]);
    const others = [variable('feed', [], 9), variable('x', [1], 7, 0), variable('fetch', [], 10)];
    expect(names(await read(two, { 'm.pdmodel': program(b, ...others, a) }))).toEqual(['\uffee', '\u{1f600}']);
    const ops = [parameter('w_b', [3]), { '#': '1.full', A: [{ N: 'x' }], O: [] }, parameter('__proto__', [2, 3])];
    expect(names(await read(two, { 'm.json': json(...ops) }))).toEqual(['__proto__', 'w_b']);
  });

  it.each([
    ['of other shapes', { 'm.pdmodel': program(variable('a', [3]), variable('b', [2, 3])) }],
    ['of fewer tensors', { 'm.json': json(parameter('a', [2, 3])) }],
    ['of more tensors', { 'm.json': json(parameter('a', [2, 3]), parameter('b', [3]), parameter('c', [1])) }],
    ['without operators', { 'm.json': Buffer.from('{"program": {"regions": []}}') }],
  ])('are numbered beside a program %s', async (_, siblings) => {
    const checkpoint = await read(two, siblings);
    expect(names(checkpoint)).toEqual(['0', '1']);
    expect(checkpoint.notes).toMatchObject([{ code: 'numbered-tensors' }]);
    expect(checkpoint.notes[0]!.message).toContain('describes others');
  });

  it('are told by their content', () => {
    const isOurs = (bytes: Uint8Array, file: string): boolean =>
      paddleReader.matches(bytes, new BufferSource(file, bytes));
    expect(isOurs(tensor([2]), '/data/__params__')).toBe(true);
    expect(isOurs(Buffer.alloc(64), '/data/zeros')).toBe(false);
    expect(isOurs(tensor([2], { version: 1 }), '/data/x')).toBe(false);
  });

  it('may have tensors without elements or dimensions', async () => {
    const { tensors } = await read(Buffer.concat([tensor([0, 3]), tensor([]), tensor([2])]));
    expect(tensors.map(({ shape, storage }) => [shape, storage.extents.length])).toEqual([
      [[0, 3], 0],
      [[], 1],
      [[2], 1],
    ]);
  });

  it.each([
    ['another version', tensor([2], { version: 1 }), 'unknown version'],
    ['another version within', tensor([2], { inner: 1 }), 'unknown version'],
    ['sequences', tensor([2], { levels: 1n }), 'sequences'],
    ['2^64 - 1 levels', tensor([2], { levels: 2n ** 64n - 1n }), 'sequences'],
    ['a description of negative size', tensor([2], { size: -1 }), 'description of a tensor of -1'],
    ['a description that is too long', tensor([2], { size: 100_000 }), 'description of a tensor of 100000'],
    ['a description beyond the end', tensor([2], { size: 200 }), 'ends within'],
    ['a description that is cut off', tensor([300], { size: 4 }), 'cut off'],
    ['no description', tensor([], { size: 0, bytes: 0 }).subarray(0, 20), 'unknown type -1'],
    ['an unknown type', tensor([2], { type: 7 }), 'unknown type 7'],
    ['fewer values', tensor([2, 3], { bytes: 23 }), 'only 23 bytes'],
    ['a negative size', tensor([-2n], { bytes: 8 }), 'shape [-2]'],
    ['sizes that overflow', tensor([2n ** 40n, 2n ** 40n], { bytes: 8 }), 'only 8 bytes'],
    ['65 dimensions', tensor(Array.from({ length: 65 }, () => 1)), 'more than 64'],
    ['bytes at the end', Buffer.concat([two, Buffer.alloc(19)]), 'ends within'],
    ['no bytes of a second tensor', two.subarray(0, -1), 'only 11 bytes'],
  ])('are refused: %s', async (_, bytes, reason) => {
    expect((await formatError(read(bytes))).reason).toContain(reason);
  });

  it.each([
    ['a program that is cut off', { 'm.pdmodel': program(variable('a', [3])).subarray(0, -2) }],
    ['a name that is too long', { 'm.pdmodel': program(variable('a'.repeat(5000), [3])) }],
    ['a JSON name that is too long', { 'm.json': json(parameter('a'.repeat(5000), [3])) }],
    ['no JSON', { 'm.json': Buffer.from('{') }],
    ['JSON of other kinds', { 'm.json': Buffer.from('{"program": []}') }],
    ['deep JSON', { 'm.json': Buffer.from(`{"x": ${'['.repeat(10_000)}`) }],
  ])('are refused beside %s', async (_, siblings) => {
    const { file } = await formatError(read(two, siblings));
    expect(file).toBe(`/data/${Object.keys(siblings)[0]}`);
  });
});
