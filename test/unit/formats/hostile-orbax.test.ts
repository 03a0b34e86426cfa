import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { crc32c } from '../../../src/formats/containers/crc32c';
import { orbaxReader } from '../../../src/formats/orbax/orbax';
import { openCheckpoint } from '../../../src/formats/registry';
import { MemoryModel } from '../../fuzz/readable';
import { engineValues } from './engine-values';
import { formatError } from './thrown';

function varint(value: number | bigint): Buffer {
  const out: number[] = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    out.push(Number(rest & 127n) + (rest < 128n ? 0 : 128));
    if (rest < 128n) return Buffer.from(out);
  }
}

type Part = number | bigint | string | Buffer | readonly Part[];

/** Numbers as varints, texts as they are. */
function encode(part: Part): Buffer {
  if (Buffer.isBuffer(part)) return part;
  if (typeof part === 'string') return Buffer.from(part, 'latin1');
  return Array.isArray(part) ? Buffer.concat((part as Part[]).map(encode)) : varint(part as number);
}

/** A manifest or node that is not compressed. */
function framed(magic: number, ...body: Part[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(14), encode(body), Buffer.alloc(4)]);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 4);
  return sealed(bytes);
}

function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

function table(...files: readonly (readonly [prefix: number, suffix: string, base: number])[]): Part {
  return [
    files.length,
    files.slice(1).map(([prefix]) => prefix),
    files.map(([, suffix]) => suffix.length),
    files.map(([, , base]) => base),
    files.map(([, suffix]) => suffix),
  ];
}

const UUID = Buffer.alloc(16);

interface Root {
  readonly file?: string;
  readonly offset?: number | bigint;
  readonly length: number | bigint;
  readonly height?: number;
  readonly kind?: number;
  readonly versions?: number;
}

function manifest({ file = 'd/0', offset = 0, length, height = 0, kind = 0, versions = 1 }: Root): Buffer {
  const config = [UUID, kind, 100, 1000, Buffer.of(4), 0];
  const version = [versions, 1, Buffer.of(height), 0, offset, length, 1, 1, 1, Buffer.alloc(8)];
  return framed(0x0cdb3a2a, config, table([0, file, 0]), version, 0);
}

type Entry = readonly [
  key: string,
  value: string | { readonly offset: number | bigint; readonly length: number | bigint },
];

function leaf(...entries: Entry[]): Buffer {
  const outside = entries.flatMap(([, value]) => (typeof value === 'string' ? [] : [value]));
  return framed(
    0x0cdb20de,
    Buffer.of(0),
    table([0, 'd/0', 0]),
    entries.length,
    entries.slice(1).map(() => 0),
    entries.map(([key]) => key.length),
    entries.map(([key]) => key),
    entries.map(([, value]) => value.length),
    entries.map(([, value]) => (typeof value === 'string' ? 0 : 1)),
    outside.map(() => 0),
    outside.map(({ offset }) => offset),
    entries.map(([, value]) => (typeof value === 'string' ? value : '')),
  );
}

function interior(height: number, ...children: readonly { offset: number; length: number; common?: number }[]): Buffer {
  return framed(
    0x0cdb20de,
    Buffer.of(height),
    table([0, 'd/0', 0]),
    children.length,
    children.slice(1).map(() => 0),
    children.map(() => 1),
    children.map(({ common = 0 }) => common),
    children.map((_, i) => String.fromCharCode(97 + i)),
    ...[children.map(() => 0), children.map(({ offset }) => offset), children.map(({ length }) => length)],
    ...[children.map(() => 1), children.map(() => 1), children.map(() => 1)],
  );
}

function zarray(fields: Readonly<Record<string, unknown>> = {}): string {
  const array = {
    zarr_format: 2,
    shape: [2],
    chunks: [2],
    dtype: '<f4',
    compressor: null,
    fill_value: null,
    order: 'C',
  };
  return JSON.stringify({ ...array, filters: null, ...fields });
}

function open(files: Readonly<Record<string, string | Buffer>>, main = 'manifest.ocdbt'): Promise<Checkpoint> {
  const contents = new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));
  return orbaxReader.open(new MemoryModel(main, contents).context());
}

/** A database of one node. */
function database(node: Buffer, root: Partial<Root> = {}): Promise<Checkpoint> {
  return open({ 'manifest.ocdbt': manifest({ length: node.length, ...root }), 'd/0': node });
}

const VALUE = '12345678';
const SOUND = leaf(['w/.zarray', zarray()], ['w/0', VALUE]);

describe('hostile OCDBT databases', () => {
  it('reads a sound one, with odd names', async () => {
    const { tensors } = await database(
      leaf(['../x/.zarray', zarray()], ['../x/0', VALUE], ['__proto__/.zarray', zarray()], ['__proto__/0', VALUE]),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['../x', '__proto__']);
  });

  it('reads values whether in the node or after it', async () => {
    const node = leaf(['w/.zarray', zarray()], ['w/0', { offset: 0, length: 8 }]);
    const { tensors, files } = await open({
      'manifest.ocdbt': manifest({ length: node.length, offset: 8 }),
      'd/0': Buffer.concat([Buffer.from(VALUE), node]),
    });
    expect(tensors[0]?.storage.extents).toEqual([{ file: 0, offset: 0, length: 8 }]);
    expect(files).toHaveLength(1);
  });

  it('names the path that leads out of the folder', async () => {
    for (const file of ['../../etc/passwd', '/etc/passwd', 'https://example.com/x', 'd\\0']) {
      const folder = await mkdtemp(path.join(tmpdir(), 'ocdbt-'));
      await writeFile(path.join(folder, 'manifest.ocdbt'), manifest({ file, length: 100 }));
      const detail = await formatError(openCheckpoint(folder));
      expect(detail.reason).toContain(JSON.stringify(file));
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['a node beyond the end of its file', () => database(SOUND, { length: SOUND.length + 1 })],
    ['a node that is shorter than it says', () => database(SOUND, { length: SOUND.length - 1 })],
    ['a node at 2^60', () => database(SOUND, { offset: 2n ** 60n })],
    ['a node of 2^60 bytes', () => database(SOUND, { length: 2n ** 60n })],
    ['a root of another height', () => database(SOUND, { height: 1 })],
    ['a manifest of several files', () => database(SOUND, { kind: 1 })],
    ['no version', () => database(SOUND, { versions: 0 })],
    ['2^40 versions', () => database(SOUND, { versions: 2 ** 40 })],
    ['a value beyond the end', () => database(leaf(['w/.zarray', zarray()], ['w/0', { offset: 1e6, length: 8 }]))],
    ['a value of 2^60 bytes', () => database(leaf(['w/.zarray', zarray()], ['w/0', { offset: 0, length: 2n ** 60n }]))],
    ['the same key twice', () => database(leaf(['w/.zarray', zarray()], ['w/.zarray', zarray()]))],
    ['a node that is its own child', () => database(interior(1, { offset: 0, length: 10 }), { height: 1 })],
    ['a prefix longer than its key', () => database(interior(1, { offset: 0, length: 10, common: 9 }), { height: 1 })],
    ['a file that is missing', () => open({ 'manifest.ocdbt': manifest({ length: 100 }) })],
    ['an empty manifest', () => open({ 'manifest.ocdbt': '\x0c\xdb\x3a\x2a' })],
    ['arrays that cannot be read alone', () => database(leaf(['w/.zarray', '{']))],
    [
      'metadata that is no JSON',
      () => open({ _METADATA: '{', 'manifest.ocdbt': manifest({ length: 1 }) }, '_METADATA'),
    ],
    ['a tree that is a list', () => open({ _METADATA: '{"tree_metadata": []}' }, '_METADATA')],
    ['a leaf without a path', () => open({ _METADATA: '{"tree_metadata": {"__proto__": {}}}' }, '_METADATA')],
  ])('refuses %s', async (_, opening) => {
    const detail = await formatError(opening());
    expect(detail.file).toContain('/nowhere');
  });

  it.each([
    ['magic', 0],
    ['length', 4],
    ['version', 12],
    ['kind of compression', 13],
    ['checksum', -1],
  ] as const)('refuses another %s in the frame', async (field, at) => {
    const node = Buffer.from(SOUND);
    const place = at < 0 ? node.length + at : at;
    node[place] = (node[place] ?? 0) ^ 0x42;
    await formatError(database(field === 'checksum' ? node : sealed(node)));
  });

  it('refuses every damage that a checksum does not tell', async () => {
    const body = SOUND.subarray(14, -4);
    for (let length = 0; length < body.length; length++) {
      await formatError(database(framed(0x0cdb20de, body.subarray(0, length))));
    }
  });

  it('does not follow a tree that branches without end', async () => {
    // Each level names the level below twice: 2^60 leaves, if they were all visited.
    const nodes: Buffer[] = [SOUND];
    let offset = 0;
    for (let height = 1; height <= 60; height++) {
      const child = { offset, length: nodes.at(-1)!.length, common: 1 };
      offset += child.length;
      nodes.push(interior(height, child, child));
    }
    const root = nodes.at(-1)!;
    const files = {
      'manifest.ocdbt': manifest({ offset, length: root.length, height: 60 }),
      'd/0': Buffer.concat(nodes),
    };
    const contents = new Map<string, Buffer>(Object.entries(files));
    const model = new MemoryModel('manifest.ocdbt', contents);
    const detail = await formatError(orbaxReader.open(model.context()));
    expect(detail.reason).toContain('larger than is read');
    expect(model.requested).toBeLessThan(20_000_000);
  });
});

describe('hostile zarr arrays', () => {
  const one = (metadata: string, value: string | undefined = VALUE, key = 'w/0'): Promise<Checkpoint> =>
    database(leaf(['v/.zarray', zarray()], ['v/0', VALUE], ['w/.zarray', metadata], [key, value]));

  it.each([
    ['a type that is not known', zarray({ dtype: 'constructor' }), 'element type'],
    ['a structured type', zarray({ dtype: [['a', '<f4']] }), 'element type'],
    ['a codec that is not known', zarray({ compressor: { id: '__proto__' } }), 'compressed by'],
    ['a negative size', zarray({ shape: [-1] }), 'shape'],
    ['2^60 elements', zarray({ shape: [2 ** 30, 2 ** 30], chunks: [1, 1] }), 'shape'],
    ['2^50 elements without chunks', zarray({ shape: [2 ** 50], chunks: [2] }), 'missing'],
    ['chunks of nothing', zarray({ chunks: [0] }), 'chunks'],
    ['chunks of other dimensions', zarray({ chunks: [2, 2] }), 'chunks'],
    ['chunks of 2^50 elements', zarray({ chunks: [2 ** 50] }), 'its shape needs'],
    ['compressed chunks of 2^50 elements', zarray({ chunks: [2 ** 50], compressor: { id: 'zstd' } }), 'at most'],
    ['a chunk that is too short', zarray({ chunks: [3], shape: [3] }), 'its shape needs'],
    ['an order that there is not', zarray({ order: 'X' }), 'order'],
    ['another separator', zarray({ dimension_separator: '..' }), 'dimension_separator'],
    ['a fill value that is a text', zarray({ fill_value: 'abc' }), 'fill_value'],
    ['a shuffle of 2^30 bytes', zarray({ filters: [{ id: 'shuffle', elementsize: 2 ** 30 }] }), 'filters'],
    ['version 9', zarray({ zarr_format: 9 }), 'version'],
  ])('leaves out an array with %s', async (_, metadata, reason) => {
    const { tensors, notes } = await one(metadata);
    expect(tensors.map(({ name }) => name)).toEqual(['v']);
    expect(notes).toMatchObject([{ code: 'skipped-arrays', tensors: ['w'] }]);
    expect(notes[0]?.message).toContain(reason);
  });

  it.each(['w/00', 'w/1', 'w/-1', 'w/0.0', 'w/1e0', 'w/99999999999999999999'])(
    'takes no chunk from %s',
    async (key) => {
      const { tensors } = await one(zarray({ fill_value: 1 }), VALUE, key);
      expect(tensors[1]?.storage.coding).toMatchObject({ kind: 'tiles', tiles: [] });
    },
  );

  it('says in the analysis that a chunk decompresses to too much or too little', async () => {
    for (const chunk of [
      '\x28\xb5\x2f\xfd\x20\xff\x01\x00\x00',
      '\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00ab',
      'abcdefgh',
    ]) {
      const checkpoint = await one(zarray({ compressor: { id: 'zstd' } }), chunk);
      const detail = await formatError(engineValues(checkpoint, checkpoint.tensors[1]!));
      expect(detail.file).toBe('/nowhere/d/0');
      expect(detail.reason).toContain('decompress');
    }
  });
});

describe('folders', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'zarr-'));
    await mkdir(path.join(folder, 'm/w'), { recursive: true });
    await writeFile(path.join(folder, 'm/.zgroup'), '{"zarr_format": 2}');
    await writeFile(path.join(folder, 'm/w/.zarray'), zarray());
    await writeFile(path.join(folder, 'outside'), VALUE);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('follow no link to a chunk outside', async () => {
    await symlink(path.join(folder, 'outside'), path.join(folder, 'm/w/0'));
    expect((await formatError(openCheckpoint(path.join(folder, 'm')))).reason).toContain('leads out of the folder');
  });

  it('do not follow links to folders, so that there are no rings', async () => {
    await symlink(path.join(folder, 'm'), path.join(folder, 'm/ring'));
    await writeFile(path.join(folder, 'm/w/0'), VALUE);
    const opened = await openCheckpoint(path.join(folder, 'm'));
    await opened.close();
    expect(opened.checkpoint.tensors.map(({ name }) => name)).toEqual(['w']);
  });
});
