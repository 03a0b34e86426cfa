import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { crc32c, maskedCrc32c } from '../../../src/formats/containers/crc32c';
import { BufferSource, type RandomAccessSource } from '../../../src/formats/source';
import { tensorflowGraphReader } from '../../../src/formats/tensorflow/saved-model';
import { sliceKey } from '../../../src/formats/tensorflow/bundle-entries';
import { tensorflowCheckpointReader } from '../../../src/formats/tensorflow/tensorflow';
import {
  block,
  constant,
  field,
  handle,
  header,
  index,
  message,
  node,
  shape,
  table,
  tensor,
  varint,
  type Entry,
} from './tensorflow-bytes';
import { formatError, readBytes } from './thrown';

const DATA = 'm.data-00000-of-00001';
const readIndex = (bytes: Uint8Array, data = Buffer.alloc(64)): Promise<Checkpoint> =>
  readBytes(tensorflowCheckpointReader, bytes, '/data/m.index', { [DATA]: data });
const readGraph = (bytes: Uint8Array): Promise<Checkpoint> => readBytes(tensorflowGraphReader, bytes, '/data/graph.pb');

const GOOD = index(header(), tensor('a', [2, 3], 8, 24), tensor('b', [], 32, 4));

/** A copy with one byte changed. */
function changed(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? bytes.length + at : at] = byte;
  return copy;
}

function slice(...extents: readonly (readonly [start: number, length: number])[]): Buffer {
  return message(...extents.map(([start, length]) => field(1, message(field(1, start), field(2, length)))));
}

describe('checksums', () => {
  it('are those of RFC 3720', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(maskedCrc32c(Buffer.alloc(0))).toBe(0xa282ead8);
  });
});

describe('hostile tables', () => {
  it('are like this one, which is good', async () => {
    const { tensors } = await readIndex(GOOD);
    expect(tensors).toMatchObject([
      { name: 'a', shape: [2, 3], storage: { extents: [{ file: 0, offset: 8, length: 24 }] } },
      { name: 'b', shape: [], storage: { extents: [{ file: 0, offset: 32, length: 4 }] } },
    ]);
  });

  const long = 'x'.repeat(4000);
  it.each([
    ['nothing', Buffer.alloc(0), 'does not end'],
    ['a footer without its first byte', GOOD.subarray(-47), 'does not end'],
    ['nothing but a footer', GOOD.subarray(-48), 'outside of the file'],
    ['another magic number', changed(GOOD, -1, 0), 'does not end'],
    ['a wrong checksum', changed(GOOD, 5, 9), 'checksum'],
    ['a compressed block', table([block([header()], 1)]), 'Snappy'],
    ['an unknown compression', table([block([header()], 7)]), 'compression 7'],
    ['a block beyond the end', table([block([header()])], [{ key: 'k', value: handle(0, 100_000) }]), 'outside'],
    ['a block at 2^60', table([block([header()])], [{ key: 'k', value: handle(2n ** 60n, 10) }]), 'too large'],
    ['a block without an end', table([block([header()])], [{ key: 'k', value: Buffer.from([0x80, 0x80]) }]), 'cut off'],
    ['a handle that is cut off', table([block([header()])], [{ key: 'k', value: Buffer.from([0]) }]), 'cut off'],
    [
      'the same block twice',
      table(
        [block([header()])],
        [0, 1].map((i): Entry => ({ key: `${i}`, value: handle(0, block([header()]).length - 5) })),
      ),
      'overlap',
    ],
    ['an empty block', table([Buffer.concat([Buffer.alloc(1), maskedBytes(Buffer.alloc(1))])]), 'block of 0 bytes'],
    ['restarts for the whole file', table([block([header()], 0, undefined, 1000)]), '1000 restarts'],
    ['restarts without end', table([block([header()], 0, undefined, 0xffffffff)]), 'restarts'],
    ['a prefix that is longer than the key before', index(header(), { ...tensor('a', [], 0, 4), shared: 9 }), 'beyond'],
    ['keys out of order', index(header(), tensor('b', [], 0, 4), tensor('a', [], 0, 4)), 'out of order'],
    ['the same key twice', index(header(), tensor('a', [], 0, 4), tensor('a', [], 0, 4)), 'out of order'],
    ['a name of 5,000 characters', index(header(), tensor(long + 'x'.repeat(1000), [], 0, 4)), 'name of more'],
    ['no header', index(tensor('a', [], 0, 4)), 'not the index'],
    ['no entries', index(), 'not the index'],
    ['no files', index(header(0)), 'names 0 files'],
    ['a million files', index(header(1_000_000)), 'names 1000000 files'],
    ['-1 files', index({ key: '', value: field(1, -1) }), 'names -1 files'],
    ['a header that is cut off', index({ key: '', value: Buffer.from([0x08]) }), 'cut off'],
  ] as const)('are refused: %s', async (_, bytes, reason) => {
    const detail = await formatError(readIndex(bytes));
    expect(detail.reason).toContain(reason);
    expect(detail.file).toBe('/data/m.index');
  });

  it('may not make long names of few bytes', async () => {
    // Each entry of four bytes has a name of 4,000 characters.
    const entries: Entry[] = [header(), { key: long, value: Buffer.alloc(0) }];
    for (let i = 0; i < 30_000; i++) {
      const next = Buffer.alloc(2);
      next.writeUInt16BE(i + 0x7900);
      entries.push({ key: next.toString('latin1'), value: Buffer.alloc(0), shared: i === 0 ? 3990 : 3990 });
    }
    const detail = await formatError(readIndex(table([block(entries)])));
    expect(detail.reason).toContain('characters in all');
  });
});

function maskedBytes(bytes: Uint8Array): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(maskedCrc32c(bytes));
  return checksum;
}

describe('hostile entries', () => {
  it.each([
    ['fewer bytes than the shape needs', tensor('a', [2, 3], 0, 20), 'needs 24'],
    ['more bytes than the shape needs', tensor('a', [2, 3], 0, 28), 'needs 24'],
    ['values beyond the end', tensor('a', [2], 60, 8), 'the file has 64'],
    ['values at 2^62', tensor('a', [2], 2n ** 62n, 8), 'the file has 64'],
    ['values before the start', tensor('a', [2], -8n, 8), 'the file has 64'],
    ['a file that is not there', tensor('a', [2], 0, 8, { shard: 1 }), 'file 2 of 1'],
    ['a negative file', tensor('a', [2], 0, 8, { shard: -1 }), 'file 0 of 1'],
    ['a negative size', tensor('a', [-1], 0, 0), 'impossible shape'],
    ['a shape that overflows', tensor('a', [2 ** 40, 2 ** 40], 0, 0), 'impossible shape'],
    [
      '65 dimensions',
      tensor(
        'a',
        Array.from({ length: 65 }, () => 1),
        0,
        4,
      ),
      '64 dimensions',
    ],
    ['a slice without an entry', tensor('a', [4], 0, 0, { slices: [slice([0, 4])] }), 'not in the checkpoint'],
    ['a slice of too few dimensions', tensor('a', [4], 0, 0, { slices: [slice()] }), 'not in the checkpoint'],
    ['a shape that is a number', { key: 'a', value: message(field(1, 1), field(2, 5)) }, 'wire type'],
    ['a group', { key: 'a', value: Buffer.from([0x0b, 0x0c]) }, 'wire type'],
  ] as const)('are refused: %s', async (_, entry, reason) => {
    const detail = await formatError(readIndex(index(header(), entry)));
    expect(detail.reason).toContain(reason);
  });

  const half = (start: number, length: number): Entry => ({
    key: sliceKey('a', [{ start, length }]),
    value: tensor('', [length], 4 * start, 4 * length).value,
  });

  it('read slices', async () => {
    const whole = tensor('a', [6], 0, 0, { slices: [slice([0, 4]), slice([4, 2])] });
    const { tensors } = await readIndex(index(header(), half(0, 4), half(4, 2), whole));
    expect(tensors).toHaveLength(1);
    expect(tensors[0]?.storage.coding).toMatchObject({ kind: 'tiles', tiles: [{ start: [0] }, { start: [4] }] });
  });

  it.each([
    ['that overlap', [slice([0, 4]), slice([0, 4])], [half(0, 4)], '8 elements in all'],
    ['with a gap', [slice([0, 4])], [half(0, 4)], '4 elements in all'],
    ['outside of the tensor', [slice([4, 4])], [half(4, 4)], 'not in the checkpoint'],
    ['before the tensor', [slice([-1, 4])], [half(-1, 4)], 'not in the checkpoint'],
    ['of another shape', [slice([0, 6])], [{ ...half(0, 6), value: half(0, 4).value }], 'another type or shape'],
  ] as const)('refuse slices %s', async (_, slices, parts, reason) => {
    const detail = await formatError(readIndex(index(header(), ...parts, tensor('a', [6], 0, 0, { slices }))));
    expect(detail.reason).toContain(reason);
    expect(detail.tensor).toBe('a');
  });

  it('are big-endian where the header says so', async () => {
    const { tensors } = await readIndex(
      index(header(1, 1), tensor('a', [2], 0, 8), tensor('b', [2], 8, 2, { type: 4 })),
    );
    expect(tensors.map(({ storage }) => storage.bigEndian)).toEqual([true, undefined]);
  });

  it('have harmless names', async () => {
    const keys = ['__proto__', 'constructor', 'gr\xc3\xb6\xc3\x9fe'];
    const { tensors } = await readIndex(index(header(), ...keys.map((key) => tensor(key, [1], 0, 4))));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'größe']);
  });

  it.each([
    ['cut off', Buffer.from([0x90])],
    ['no message', Buffer.concat([varint(4), Buffer.alloc(4), Buffer.from([0xff, 0xff, 0xff, 0xff])])],
    ['of too deep objects', Buffer.concat([varint(4), Buffer.alloc(4), field(1, field(2, field(2, 7)))])],
  ])('go without names where the graph of objects is %s', async (_, graph) => {
    const key = '_CHECKPOINTABLE_OBJECT_GRAPH';
    const entries = [tensor(key, [], 0, graph.length, { type: 7 }), tensor('a', [1], 0, 4)];
    const { tensors, notes } = await readIndex(index(header(), ...entries), Buffer.concat([graph, Buffer.alloc(64)]));
    expect(tensors.map(({ name }) => name)).toEqual(['a']);
    expect(notes.length).toBeLessThanOrEqual(1);
    for (const note of notes) expect(note.code).toBe('names-not-read');
  });
});

describe('checkpoint files', () => {
  it.each([
    ['no latest', 'all_model_checkpoint_paths: "a"', 'names no checkpoint'],
    ['an open string', 'model_checkpoint_path: "a', 'names no checkpoint'],
    ['another folder', 'model_checkpoint_path: "../../etc/passwd"', 'names ../../etc/passwd.index'],
    ['a URL', 'model_checkpoint_path: "gs://bucket/model"', 'names gs://bucket/model.index'],
  ])('may name %s', async (_, text, reason) => {
    const detail = await formatError(readBytes(tensorflowCheckpointReader, Buffer.from(text), '/data/checkpoint'));
    expect(detail.reason).toContain(reason);
  });

  it('name what lies beside them', async () => {
    const read = (text: string): Promise<Checkpoint> =>
      readBytes(tensorflowCheckpointReader, Buffer.from(text), '/data/checkpoint', {
        'm.index': GOOD,
        [DATA]: Buffer.alloc(64),
      });
    for (const name of ['m', '/home/user/run/m', 'C:\\\\run\\\\m']) {
      expect((await read(`model_checkpoint_path: "${name}"\n`)).tensors).toHaveLength(2);
    }
  });
});

describe('hostile graphs', () => {
  const float = field(1, 1);

  it.each([
    ['a field beyond the end', Buffer.concat([node('a', 'NoOp'), Buffer.from([0x0a, 0xff, 0x01])]), 'are left'],
    ['a field of 2^63 bytes', Buffer.concat([Buffer.from([0x0a]), varint(2n ** 63n)]), 'are left'],
    ['content of another length', constant('a', float, field(2, shape(2)), field(4, Buffer.alloc(7))), 'needs 8'],
    ['an unknown size', constant('a', float, field(2, shape(-1)), field(4, Buffer.alloc(4))), 'impossible shape'],
    ['a huge shape', constant('a', float, field(2, shape(2 ** 30, 2 ** 30)), field(4, Buffer.alloc(4))), 'impossible'],
    ['few bytes for ages', constant('a', float, field(2, shape(2 ** 40)), field(5, Buffer.alloc(4))), 'stores only 1'],
    ['no bytes for ages', constant('a', float, field(2, shape(2 ** 40))), 'stores only 0'],
    ['half a number', constant('a', float, field(2, shape(2)), field(5, Buffer.alloc(6))), 'no whole number'],
    [
      'a varint without end',
      constant('a', field(1, 3), field(2, shape(2)), field(7, Buffer.alloc(3, 0xff))),
      'cut off',
    ],
    ['65 dimensions', constant('a', float, field(2, shape(...Array.from({ length: 65 }, () => 1)))), '64 dimensions'],
    ['a long name', node('x'.repeat(5000), 'NoOp'), 'at most'],
  ])('are refused: %s', async (_, bytes, reason) => {
    expect((await formatError(readGraph(bytes))).reason).toContain(reason);
  });

  it('may have names twice, and strange ones', async () => {
    const one = (name: string): Buffer => constant(name, float, field(2, shape(1)), field(4, Buffer.alloc(4)));
    const { tensors, notes } = await readGraph(Buffer.concat([one('a'), one('a'), one('a#2'), one('__proto__')]));
    expect(tensors.map(({ name }) => name)).toEqual(['a', 'a#2', 'a#2#2', '__proto__']);
    expect(notes).toMatchObject([{ code: 'renamed-tensors', tensors: ['a#2', 'a#2#2'] }]);
  });

  it('may go in circles', async () => {
    const value = constant('c', float, field(2, shape(1)), field(4, Buffer.alloc(4)));
    const nodes = [
      value,
      node('a', 'Identity', ['b']),
      node('b', 'Identity', ['a']),
      node('s', 'Conv2D', ['s', 's', 'c']),
    ];
    const { topology } = await readGraph(Buffer.concat(nodes));
    expect(topology?.nodes.map(({ name }) => name)).toEqual(['a', 'b', 's']);
  });

  it('are read by their headers only', async () => {
    const weights = constant('w', float, field(2, shape(1024, 1024)), field(4, Buffer.alloc(4 * 1024 * 1024)));
    const bytes = Buffer.concat([node('x', 'Placeholder'), weights, node('y', 'MatMul', ['x', 'w'])]);
    let requested = 0;
    const whole = new BufferSource('/data/graph.pb', bytes);
    const source: RandomAccessSource = {
      path: whole.path,
      size: whole.size,
      read: (offset, length) => {
        requested += length;
        return whole.read(offset, length);
      },
      close: () => whole.close(),
    };
    const checkpoint = await tensorflowGraphReader.open({ source, openSibling: () => Promise.reject(new Error()) });
    expect(checkpoint.tensors).toMatchObject([{ name: 'w', role: 'weight', count: 1024 * 1024 }]);
    expect(requested).toBeLessThan(64 * 1024);
  });
});
