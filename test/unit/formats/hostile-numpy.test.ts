import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { npyReader } from '../../../src/formats/numpy/npy';
import { LiteralError, parsePythonLiteral } from '../../../src/formats/numpy/npy-literal';
import { npzReader } from '../../../src/formats/numpy/npz';
import { FIXTURES } from './stored-values';
import { formatError, HANG_MS, readBytes } from './thrown';

/** An npy file with the given header text. */
function npy(header: string, dataBytes: number, version = 1, claimed?: number): Buffer {
  const start = Buffer.from(version === 1 ? '\x93NUMPY\x01\0\0\0' : '\x93NUMPY\x02\0\0\0\0\0', 'latin1');
  start[6] = version;
  const length = claimed ?? Buffer.byteLength(header, 'latin1');
  if (version === 1) start.writeUInt16LE(length, 8);
  else start.writeUInt32LE(length, 8);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.alloc(dataBytes)]);
}

function fields(descr: string, shape: string, order = 'False'): string {
  return `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

/** A zip file with one entry, of which the directory tells what it is told to tell. */
function zip(name: string, content: Uint8Array, options: { deflate?: boolean; claimedSize?: number } = {}): Buffer {
  const data = options.deflate === true ? deflateRawSync(content) : content;
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(20, 6);
  record.writeUInt16LE(options.deflate === true ? 8 : 0, 10);
  record.writeUInt32LE(data.length, 20);
  record.writeUInt32LE(options.claimedSize ?? content.length, 24);
  record.writeUInt16LE(name.length, 28);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  record.copy(local, 4, 6, 32);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, record, Buffer.from(name), end]);
}

describe('hostile npy files', () => {
  it.each([
    ['nothing but the magic', Buffer.from('\x93NUMPY', 'latin1'), 'magic'],
    ['another magic', Buffer.from('\x93NUMPZ\x01\0\x10\0{', 'latin1'), 'magic'],
    ['version 9', npy(fields("'<f4'", '(1,)'), 4, 9), 'version 9'],
    ['a header of 4 GiB', npy(fields("'<f4'", '(1,)'), 4, 2, 2 ** 32 - 1), 'at most'],
    ['a header beyond the end', npy(fields("'<f4'", '(1,)'), 4, 1, 60_000), 'inside its npy header'],
    ['data beyond the end', npy(fields("'<f4'", '(100,)'), 4), 'incomplete'],
    ['a shape whose product overflows', npy(fields("'<f4'", `(${'1000000000, '.repeat(6)})`), 4), 'impossible'],
    ['a negative size', npy(fields("'<f4'", '(-1, 4)'), 4), 'impossible'],
    ['65 dimensions', npy(fields("'<f4'", `(${'1, '.repeat(65)})`), 4), 'impossible'],
    ['a huge number', npy(fields("'<f4'", `(${'9'.repeat(30)},)`), 4), 'impossible'],
    ['a shape that is a number', npy(fields("'<f4'", '(3)'), 12), 'not a tuple'],
    ['a shape of strings', npy(fields("'<f4'", "('3',)"), 12), 'not a tuple'],
    ['an order that is a number', npy(fields("'<f4'", '(1,)', '0'), 4), 'fortran_order'],
    ['code', npy("{'descr': __import__('os').system('touch /tmp/pwned')}", 4), 'malformed'],
    ['a call', npy(fields("'<f4'", 'tuple()'), 4), 'malformed'],
    ['a missing key', npy("{'descr': '<f4', 'shape': (1,)}", 4), 'keys'],
    ['another key', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4), 'keys'],
    ['the same key twice', npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4), 'twice'],
    ['a list', npy('[1]', 4), 'not a dict'],
    ['deep brackets', npy(fields("'<f4'", '('.repeat(50_000)), 4), 'too deep'],
    ['an open string', npy("{'descr", 4), 'without an end'],
    ['Python objects', npy(fields("'|O'", '(1,)'), 4), 'pickle'],
    ['a structured type', npy(fields("[('a', '<f4')]", '(1,)'), 4), 'named fields'],
    ['long doubles', npy(fields("'<f16'", '(1,)'), 16), '"<f16"'],
    ['a type out of the prototype', npy(fields("'constructor'", '(1,)'), 16), 'not analyzed'],
  ] as const)('refuses %s', async (_, bytes, reason) => {
    const detail = await formatError(readBytes(npyReader, bytes, '/data/evil.npy'));
    expect(detail.file).toBe('/data/evil.npy');
    expect(detail.reason).toContain(reason);
  });

  it('says where the header is wrong', async () => {
    const detail = await formatError(readBytes(npyReader, npy("{'descr': oh}", 0), '/evil.npy'));
    expect(detail.offset).toBe(10 + 10);
  });

  it('reads the whole header, and notes what follows the data', async () => {
    const { tensors, notes } = await readBytes(
      npyReader,
      npy(fields("'>f2'", '(3L, 0x)'.replace('0x', '2')), 15),
      '/w.npy',
    );
    expect(tensors).toMatchObject([{ name: 'w', shape: [3, 2], storage: { bigEndian: true } }]);
    expect(notes).toMatchObject([{ code: 'trailing-bytes' }]);
  });
});

describe('Python literals', () => {
  it.each([
    [
      "{'a': (1, 2,), \"b\": [True, None], 'c': -3}",
      new Map<string, unknown>([
        ['a', [1, 2]],
        ['b', [true, null]],
        ['c', -3],
      ]),
    ],
    ['()', []],
    ['(5,)', [5]],
    ['(5)', 5],
    [' 12L ', 12],
    ["'a\\'b'", "a'b"],
  ])('reads %s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each(['', '{', '(1', '1 2', '1.5', '0x10', 'True1', 'a', '{1: 2}', "{'a' 1}", '(,)', "'"])(
    'refuses %j',
    (text) => {
      expect(() => parsePythonLiteral(text)).toThrow(LiteralError);
    },
  );
});

describe('hostile npz files', () => {
  const array = npy(fields("'<f4'", '(2, 2)'), 16);

  it('reads a sound one, stored or deflated', async () => {
    for (const deflate of [false, true]) {
      const { tensors } = await readBytes(npzReader, zip('w.npy', array, { deflate }), '/m.npz');
      expect(tensors).toMatchObject([{ name: 'w', shape: [2, 2] }]);
    }
  });

  it.each([
    ['an entry that is no array', zip('w.npy', Buffer.alloc(200)), 'not an npy array'],
    ['an entry shorter than its array', zip('w.npy', array.subarray(0, -1)), 'incomplete'],
    ['a deflated entry shorter than its array', zip('w.npy', array.subarray(0, -1), { deflate: true }), 'incomplete'],
    ['an empty entry', zip('w.npy', Buffer.alloc(0)), 'not an npy array'],
    ['a size that deflate cannot reach', zip('w.npy', array, { deflate: true, claimedSize: 2 ** 31 }), 'more than'],
    ['an entry of objects alone', zip('w.npy', npy(fields("'|O'", '(1,)'), 4)), 'pickle'],
    ['a file cut in half', readFileSync(path.join(FIXTURES, 'npz/fmnist.npz')).subarray(0, 40_000), 'zip'],
    ['no directory', Buffer.from('PK\x03\x04'), 'zip'],
  ] as const)('refuses %s', async (_, bytes, reason) => {
    const start = performance.now();
    const detail = await formatError(readBytes(npzReader, bytes, '/data/evil.npz'));
    expect(performance.now() - start).toBeLessThan(HANG_MS);
    expect(detail.file).toBe('/data/evil.npz');
    expect(detail.reason).toContain(reason);
  });

  it('inflates no more than a header, whatever it belongs to', async () => {
    const content = Buffer.alloc(64 * 2 ** 20);
    const header = npy(fields("'<f4'", '(4096, 4000)'), 0);
    header.copy(content);
    const bytes = zip('w.npy', content, { deflate: true });
    expect(bytes.length).toBeLessThan(content.length / 900);
    const before = process.memoryUsage().arrayBuffers;
    const { tensors } = await readBytes(npzReader, bytes, '/zeros.npz');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    expect(tensors[0]?.storage.deflate).toEqual({ skip: header.length, inflatedBytes: content.length });
  });
});
