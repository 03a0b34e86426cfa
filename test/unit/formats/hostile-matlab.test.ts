import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { matlabReader } from '../../../src/formats/matlab/matlab';
import { MemoryModel } from '../../fuzz/readable';
import { formatError, HANG_MS, readBytes } from './thrown';

const HEADER = Buffer.concat([Buffer.from('MATLAB 5.0 MAT-file'.padEnd(124)), Buffer.of(0, 1), Buffer.from('IM')]);

function words(...values: number[]): Buffer {
  return Buffer.from(Int32Array.from(values).buffer);
}

/** A data element; `claimed` stands for its length. */
function element(type: number, data: Buffer, claimed = data.length): Buffer {
  return Buffer.concat([words(type, claimed), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}

function matrix(kind: number, shape: readonly number[], name: string, ...rest: Buffer[]): Buffer {
  return element(
    14,
    Buffer.concat([element(6, words(kind, 0)), element(5, words(...shape)), element(1, Buffer.from(name)), ...rest]),
  );
}

const ONE = element(9, Buffer.alloc(8));
const SOUND = matrix(6, [1, 1], 'w', ONE);

function struct(name: string, fields: readonly string[], values: readonly Buffer[], shape = [1, 1]): Buffer {
  const names = Buffer.concat(fields.map((field) => Buffer.from(field.padEnd(12, '\0'))));
  return matrix(2, shape, name, element(5, words(12)), element(1, names), ...values);
}

function nested(depth: number): Buffer {
  let inner = SOUND;
  for (let i = 0; i < depth; i++) inner = matrix(1, [1, 1], i === depth - 1 ? 'c' : '', inner);
  return inner;
}

function compressed(content: Buffer): Buffer {
  const data = deflateSync(content);
  return Buffer.concat([words(15, data.length), data]);
}

function open(...elements: Buffer[]): Promise<Checkpoint> {
  return readBytes(matlabReader, Buffer.concat([HEADER, ...elements]), '/data/evil.mat');
}

describe('hostile MAT-files', () => {
  it('reads a sound one, with odd names', async () => {
    const { tensors, notes } = await open(
      struct('__proto__', ['constructor', '<b>'], [SOUND, SOUND]),
      SOUND,
      SOUND,
      compressed(SOUND),
    );
    const names = ['__proto__.constructor', '__proto__.<b>', 'w', 'w (2)', 'w (3)'];
    expect(tensors.map(({ name }) => name)).toEqual(names);
    expect(notes).toMatchObject([{ code: 'repeated-names' }]);
  });

  it(
    'does not count the elements of a structure that has no fields',
    async () => {
      const { tensors } = await open(struct('s', [], [], [2 ** 15, 2 ** 15]), SOUND);
      expect(tensors.map(({ name }) => name)).toEqual(['w']);
    },
    HANG_MS,
  );

  it.each([
    ['a length of 4 GiB', Buffer.concat([words(14, -1), SOUND]), 'incomplete'],
    ['a file cut inside an array', SOUND.subarray(0, -4), 'incomplete'],
    ['an array without its kind', element(14, element(5, words(1, 1))), 'no place'],
    ['kinds of 2^31 bytes', element(14, element(6, words(6, 0), 2 ** 30)), 'no place'],
    ['an array that ends in its name', matrix(6, [1, 1], 'w').subarray(0, 40), 'incomplete'],
    ['a shape that does not fit', matrix(6, [1, 2], 'w', ONE), 'does not fit'],
    ['a negative size', matrix(6, [-1, -1], 'w', ONE), 'impossible shape'],
    ['a shape whose product overflows', matrix(6, [2 ** 30, 2 ** 30, 2 ** 30], 'w', ONE), 'impossible shape'],
    ['65 dimensions', matrix(6, new Array<number>(65).fill(1), 'w', ONE), 'no place'],
    ['numbers of a type that is none', matrix(6, [1, 1], 'w', element(14, Buffer.alloc(8))), 'does not fit'],
    ['a cell of 2^30 arrays', matrix(1, [2 ** 15, 2 ** 15], 'c', SOUND), 'elements in'],
    ['a structure of 2^30 elements', struct('s', ['a'], [SOUND], [2 ** 15, 2 ** 15]), 'elements in'],
    [
      'fields without a length',
      matrix(2, [1, 1], 's', element(5, words(0)), element(1, Buffer.alloc(8))),
      'field names',
    ],
    [
      'fields of another length',
      matrix(2, [1, 1], 's', element(5, words(5)), element(1, Buffer.alloc(8))),
      'field names',
    ],
    ['a field that is no array', struct('s', ['a'], [ONE]), 'reaches beyond'],
    ['a field that is missing', struct('s', ['a', 'b'], [SOUND]), ''],
    [
      'an array longer than the cell it is in',
      matrix(1, [1, 1], 'c', Buffer.concat([words(14, 1000), SOUND])),
      'reaches beyond',
    ],
    ['cells in cells', nested(40), 'deeper than'],
    ['a small element of 5 bytes', element(14, words(6 + (5 << 16), 0)), 'small data element'],
    ['a compressed variable that is not', Buffer.concat([words(15, 20), Buffer.alloc(20, 7)]), 'decompressed'],
    ['a compressed variable that is cut', compressed(SOUND).subarray(0, 30).fill(9, 4, 5).fill(22, 4, 5), ''],
    ['a compressed variable of nothing', compressed(Buffer.alloc(0)), 'too early'],
    ['compressed data shorter than it says', compressed(nested(3).subarray(0, 100)), 'too early'],
  ])('refuses %s', async (_, content, reason) => {
    const detail = await formatError(open(content));
    expect(detail.file).toBe('/data/evil.mat');
    expect(detail.reason).toContain(reason);
  });

  it('takes a compressed variable in a compressed variable for none', async () => {
    const { tensors } = await open(compressed(compressed(SOUND)), SOUND);
    expect(tensors).toHaveLength(1);
  });

  it('decompresses no more of a variable than its header', async () => {
    const data = Buffer.alloc(40_000_000);
    const content = compressed(matrix(9, [1, data.length], 'bytes', element(2, data)));
    const model = new MemoryModel('m.mat', new Map([['m.mat', Buffer.concat([HEADER, content, SOUND])]]));
    const before = process.memoryUsage().arrayBuffers;
    const { tensors } = await matlabReader.open(model.context());
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    expect(tensors.map(({ count }) => count)).toEqual([data.length, 1]);
    expect(model.requested).toBeLessThan(50_000);
  });

  it('reads no weights that are not compressed', async () => {
    const data = Buffer.alloc(8_000_000);
    const content = struct('net', ['a', 'b'], [matrix(6, [1000, 1000], '', element(9, data)), SOUND]);
    const model = new MemoryModel('m.mat', new Map([['m.mat', Buffer.concat([HEADER, content])]]));
    const { tensors } = await matlabReader.open(model.context());
    expect(tensors.map(({ name }) => name)).toEqual(['net.a', 'net.b']);
    expect(model.requested).toBeLessThan(20_000);
  });
});
