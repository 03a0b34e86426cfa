import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { hdf5Reader, kerasArchiveReader } from '../../../src/formats/keras/keras';
import { kerasShardsReader } from '../../../src/formats/keras/keras-shards';
import { BufferSource } from '../../../src/formats/source';
import { FIXTURES } from './stored-values';
import { formatError, readBytes } from './thrown';

const UNDEFINED = 2n ** 64n - 1n;

/** A number in so many bytes. */
function le(value: number | bigint, width: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes.subarray(0, width);
}

function message(type: number, content: Buffer, flags = 0): Buffer {
  return Buffer.concat([le(type, 1), le(content.length, 2), le(flags, 1), content]);
}

/** An object header of version 2 with one chunk. */
function header(...messages: Buffer[]): Buffer {
  const all = Buffer.concat(messages);
  return Buffer.concat([Buffer.from('OHDR'), le(2, 1), le(2, 1), le(all.length, 4), all, Buffer.alloc(4)]);
}

function link(name: string, address: number | bigint, type = 0): Buffer {
  const text = Buffer.from(name);
  const target = type === 0 ? le(address, 8) : Buffer.concat([le(1, 2), Buffer.from('x')]);
  return message(0x06, Buffer.concat([le(1, 1), le(0x09, 1), le(type, 1), le(text.length, 2), text, target]));
}

const FLOAT32 = Buffer.concat([
  Buffer.from([0x11, 0x20, 31, 0]),
  le(4, 4),
  le(0, 2),
  le(32, 2),
  Buffer.from([23, 8, 0, 23]),
  le(127, 4),
]);

function space(...shape: (number | bigint)[]): Buffer {
  return message(0x01, Buffer.concat([Buffer.from([2, shape.length, 0, 1]), ...shape.map((size) => le(size, 8))]));
}

function contiguous(address: number | bigint, bytes: number | bigint): Buffer {
  return message(0x08, Buffer.concat([Buffer.from([3, 1]), le(address, 8), le(bytes, 8)]));
}

/** A layout of version 4 with one chunk. */
function singleChunk(address: number | bigint, chunk: readonly number[], filtered?: number | bigint): Buffer {
  const sizes = [...chunk, 4].map((size) => le(size, 4));
  const index = filtered === undefined ? le(1, 1) : Buffer.concat([le(1, 1), le(filtered, 8), le(0, 4)]);
  const flags = filtered === undefined ? 0 : 2;
  return message(
    0x08,
    Buffer.concat([Buffer.from([4, 2, flags, chunk.length + 1, 4]), ...sizes, index, le(address, 8)]),
  );
}

/** Chunks in a tree of version 1. */
function treeChunks(address: number | bigint, chunk: readonly number[]): Buffer {
  const sizes = [...chunk, 4].map((size) => le(size, 4));
  return message(0x08, Buffer.concat([Buffer.from([3, 2, chunk.length + 1]), le(address, 8), ...sizes]));
}

function filters(...ids: number[]): Buffer {
  const entries = ids.map((id) => Buffer.concat([le(id, 2), ...(id > 255 ? [le(0, 2)] : []), le(0, 2), le(0, 2)]));
  return message(0x0b, Buffer.concat([Buffer.from([2, ids.length]), ...entries]));
}

const TYPE = message(0x03, FLOAT32);

/** Where the structures after the superblock begin. */
const FIRST = 48;

/** A file of version 2 whose root group is first. */
function file(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const start = Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.from([2, 8, 8, 0])]);
  const end = FIRST + body.length;
  return Buffer.concat([start, le(0, 8), le(UNDEFINED, 8), le(end, 8), le(FIRST, 8), le(0, 4), body]);
}

/** A file with one dataset `w` of these messages, and what they refer to at address {@link DATA}. */
function dataset(messages: readonly Buffer[], data: Buffer = Buffer.alloc(0)): Buffer {
  const root = header(link('w', OBJECT));
  const object = header(...messages);
  expect(FIRST + root.length).toBeLessThanOrEqual(OBJECT);
  expect(OBJECT + object.length).toBeLessThanOrEqual(DATA);
  const padded = Buffer.alloc(DATA - FIRST);
  root.copy(padded);
  object.copy(padded, OBJECT - FIRST);
  return file(padded, data);
}

const OBJECT = 200;
const DATA = 512;

function tree(level: number, entries: readonly Buffer[], type = 1): Buffer {
  const head = Buffer.concat([Buffer.from('TREE'), Buffer.from([type, level]), le(entries.length, 2)]);
  return Buffer.concat([head, le(UNDEFINED, 8), le(UNDEFINED, 8), ...entries]);
}

function chunkEntry(bytes: number, start: readonly (number | bigint)[], address: number | bigint): Buffer {
  return Buffer.concat([le(bytes, 4), le(0, 4), ...start.map((first) => le(first, 8)), le(0, 8), le(address, 8)]);
}

function open(bytes: Buffer): Promise<Checkpoint> {
  return readBytes(hdf5Reader, bytes, '/data/evil.h5');
}

describe('an HDF5 file by hand', () => {
  it('is read', async () => {
    const { tensors } = await open(dataset([space(2, 2), TYPE, contiguous(DATA, 16)], Buffer.alloc(16)));
    expect(tensors).toMatchObject([
      { name: 'w', dtype: 'float32', shape: [2, 2], storage: { extents: [{ offset: DATA, length: 16 }] } },
    ]);
  });

  it.each([
    ['no more than the signature', file().subarray(0, 8), 'cut off'],
    ['a superblock of version 9', Buffer.concat([file().subarray(0, 8), le(9, 1), Buffer.alloc(50)]), 'version 9'],
    ['addresses of 3 bytes', Buffer.concat([file().subarray(0, 9), le(3, 1), Buffer.alloc(50)]), '3 bytes'],
    ['a root group beyond the end', file().subarray(0, FIRST), 'cut off'],
    ['no object header', file(Buffer.alloc(64)), 'object header'],
    ['a header of 4 GiB', file(Buffer.from('OHDR\x02\x02\xff\xff\xff\xff', 'latin1')), 'too many'],
    ['a link to nowhere', file(header(link('w', 10_000))), 'cut off'],
    ['a link beyond all numbers', file(header(link('w', 2n ** 63n))), 'beyond the end'],
    ['the same name twice', file(header(link('w', OBJECT), link('w', OBJECT))), ''],
    ['a name without an end', file(header(message(0x06, Buffer.from([1, 2, 0xff, 0xff, 0xff, 0xff])))), 'name'],
    ['values beyond the end', dataset([space(2, 2), TYPE, contiguous(DATA, 16)], Buffer.alloc(15)), 'cut off'],
    ['values at 2^60', dataset([space(2, 2), TYPE, contiguous(2n ** 60n, 16)]), 'beyond the end'],
    ['a shape whose product overflows', dataset([space(2 ** 30, 2 ** 30), TYPE, contiguous(DATA, 16)]), 'impossible'],
    ['a size of 2^63', dataset([space(2n ** 63n), TYPE, contiguous(DATA, 16)]), 'impossible'],
    [
      '33 dimensions',
      dataset([message(1, Buffer.concat([Buffer.from([2, 33, 0, 1]), Buffer.alloc(64)])), TYPE, contiguous(DATA, 4)]),
      '33 dimensions',
    ],
    ['a claim that is never written', dataset([space(2 ** 40), TYPE, contiguous(UNDEFINED, 0)]), 'written'],
    ['a chunk of none', dataset([space(4), TYPE, singleChunk(DATA, [0])]), 'without elements'],
    ['a chunk of another rank', dataset([space(4), TYPE, singleChunk(DATA, [2, 2])]), 'do not fit'],
    ['a chunk beyond the end', dataset([space(4), TYPE, singleChunk(DATA, [4])], Buffer.alloc(15)), 'cut off'],
    [
      'a chunk that deflate cannot fill',
      dataset([space(2 ** 20), TYPE, filters(1), singleChunk(DATA, [2 ** 20], 40)], Buffer.alloc(40)),
      'cannot hold',
    ],
    ['chunks of 4 GiB', dataset([space(2 ** 30), TYPE, filters(1), singleChunk(DATA, [2 ** 30], 40)]), 'at most'],
    ['szip', dataset([space(4), TYPE, filters(4), singleChunk(DATA, [4], 40)], Buffer.alloc(40)), 'szip'],
    ['blosc', dataset([space(4), TYPE, filters(32_001), singleChunk(DATA, [4], 40)], Buffer.alloc(40)), 'blosc'],
    ['a million chunks', dataset([space(2 ** 20), TYPE, treeChunks(DATA, [1])]), 'chunks; at most'],
    ['a tree that is none', dataset([space(4), TYPE, treeChunks(DATA, [2])], Buffer.alloc(64)), 'TREE'],
    [
      'a tree that contains itself',
      dataset([space(4), TYPE, treeChunks(DATA, [2])], tree(1, [chunkEntry(8, [0], DATA)])),
      'twice',
    ],
    [
      'a tree whose nodes form a ring',
      dataset(
        [space(4), TYPE, treeChunks(DATA, [2])],
        Buffer.concat([tree(2, [chunkEntry(8, [0], DATA + 56)]), tree(1, [chunkEntry(8, [0], DATA)])]),
      ),
      'twice',
    ],
    [
      'the same chunk twice',
      dataset([space(4), TYPE, treeChunks(DATA, [2])], tree(0, [chunkEntry(8, [0], 0), chunkEntry(8, [0], 8)])),
      'twice',
    ],
    [
      'chunks that share bytes',
      dataset([space(4), TYPE, treeChunks(DATA, [2])], tree(0, [chunkEntry(8, [0], 0), chunkEntry(8, [2], 4)])),
      'shares bytes',
    ],
    [
      'a chunk between the others',
      dataset([space(4), TYPE, treeChunks(DATA, [2])], tree(0, [chunkEntry(8, [1], 0)])),
      'grid',
    ],
    ['a virtual dataset', dataset([space(4), TYPE, message(8, Buffer.from([4, 3]))]), 'virtual'],
    [
      'values in other files',
      dataset([space(4), TYPE, contiguous(DATA, 16), message(7, Buffer.alloc(8))]),
      'other files',
    ],
    ['an unknown class of type', dataset([space(4), message(3, Buffer.alloc(8, 0xff)), contiguous(DATA, 4)]), 'class'],
    ['a layout of version 7', dataset([space(4), TYPE, message(8, Buffer.from([7, 1]))]), 'version 7'],
    [
      'a type that is nested too deep',
      dataset([
        space(1),
        message(3, Buffer.concat(Array.from({ length: 12 }, () => Buffer.from([0x38, 2, 0, 0, 1, 0, 0, 0])))),
        contiguous(DATA, 1),
      ]),
      'nested',
    ],
    ['a continuation that is its own', file(header(message(0x10, Buffer.concat([le(FIRST, 8), le(64, 8)])))), ''],
    ['a shared part of nowhere', dataset([space(1), message(3, Buffer.concat([le(0x0203, 2), le(9, 8)]), 2)]), ''],
    [
      'an attribute that is cut off',
      file(header(link('s', 0, 1), message(0x0c, Buffer.from([3, 0, 200, 0, 8, 0, 8, 0, 0])))),
      'cut off',
    ],
  ] as const)('is refused with %s', async (_, bytes, reason) => {
    const detail = await formatError(open(bytes));
    expect(detail.file).toBe('/data/evil.h5');
    expect(detail.reason).toContain(reason);
  });

  it('may have groups in a ring', async () => {
    const bytes = dataset([link('up', FIRST), link('self', OBJECT)]);
    expect((await open(bytes)).tensors).toEqual([]);
  });

  it('may have names of any kind', async () => {
    const names = ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '../../etc/passwd'];
    const values = names.map((_, i) => header(space(2), TYPE, contiguous(2000 + 8 * i, 8)));
    const at = (i: number): number => 600 + 200 * i;
    const root = header(...names.map((name, i) => link(name, at(i))));
    const body = Buffer.alloc(2100 - FIRST);
    root.copy(body);
    values.forEach((value, i) => value.copy(body, at(i) - FIRST));
    const { tensors } = await open(file(body));
    expect(tensors.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('does not follow links by name, nor into other files', async () => {
    const root = header(link('soft', 0, 1), link('external', 0, 64));
    const { notes } = await open(file(root));
    expect(notes).toMatchObject([{ code: 'links' }]);
  });

  it('is read no more than a few times over, however its parts overlap', async () => {
    // Each group is a header that contains all the following ones.
    const depth = 400;
    const groups: Buffer[] = [];
    for (let i = 0; i < depth; i++) groups.push(header(link('g', FIRST + 4096 + i)));
    const bytes = file(Buffer.concat(groups));
    let requested = 0;
    const source = new BufferSource('/evil.h5', bytes);
    const counting = {
      path: source.path,
      size: source.size,
      read: (offset: number, length: number): Promise<Uint8Array> => {
        requested += length;
        return source.read(offset, length);
      },
      close: () => source.close(),
    };
    await formatError(hdf5Reader.open({ source: counting, openSibling: () => Promise.reject(new Error('no')) }));
    expect(requested).toBeLessThan(4 * bytes.length + 2 ** 20);
  });
});

describe('truncated files', () => {
  it.each(['hdf5/dense_latest.h5', 'hdf5/chunks_earliest.h5', 'keras/keras2.h5'])('%s', async (name) => {
    const bytes = readFileSync(path.join(FIXTURES, name));
    for (let end = 0; end < bytes.length; end += 977) {
      await formatError(readBytes(hdf5Reader, bytes.subarray(0, end), '/cut.h5'));
    }
  });

  it('opening takes little of a file', async () => {
    const bytes = readFileSync(path.join(FIXTURES, 'hdf5/user_block.h5'));
    const large = Buffer.concat([bytes, Buffer.alloc(8 * 2 ** 20)]);
    let requested = 0;
    const source = new BufferSource('/large.h5', large);
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      requested += length;
      return source.read(offset, length);
    };
    const counting = { path: source.path, size: source.size, read, close: () => source.close() };
    await hdf5Reader.open({ source: counting, openSibling: () => Promise.reject(new Error('no')) });
    expect(requested).toBeLessThan(64 * 1024);
  });
});

describe('Keras files', () => {
  it.each(['../x.weights.h5', '/etc/x.weights.h5', 'https://example.com/x.weights.h5'])(
    'shards are asked of the folder only: %s',
    async (name) => {
      const index = Buffer.from(JSON.stringify({ weight_map: { '/layers/dense/vars': name } }));
      expect(kerasShardsReader.matches(index, new BufferSource('/i.json', index))).toBe(true);
      await formatError(readBytes(kerasShardsReader, index, '/i.weights.json'));
    },
  );

  it.each(['{"weight_map": {}}', '{"weight_map": {"a": 3}}', '{"weight_map": [', '[]', '{}'])(
    'an index that is none: %s',
    async (index) => {
      await formatError(readBytes(kerasShardsReader, Buffer.from(index), '/i.weights.json'));
    },
  );

  it('an archive without weights is refused', async () => {
    const empty = Buffer.from('PK\x05\x06' + '\0'.repeat(18), 'latin1');
    expect((await formatError(readBytes(kerasArchiveReader, empty, '/m.keras'))).reason).toContain('without');
  });
});
