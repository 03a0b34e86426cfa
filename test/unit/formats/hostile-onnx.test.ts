import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxReader } from '../../../src/formats/onnx/onnx';
import { readCheckpoint } from '../../../src/formats/registry';
import {
  attribute,
  CountingSource,
  field,
  graph,
  message,
  model,
  node,
  tensor,
  varint,
  type GraphParts,
  type TensorParts,
} from './onnx-bytes';
import { openWith } from './stored-values';
import { formatError, readBytes } from './thrown';

const FILE = '/model.onnx';

function refused(
  parts: GraphParts,
  siblings: Readonly<Record<string, Uint8Array>> = {},
): ReturnType<typeof formatError> {
  return formatError(readBytes(onnxReader, model(parts), FILE, siblings));
}

function refusedTensor(parts: TensorParts): ReturnType<typeof formatError> {
  return refused({ tensors: [tensor(parts)] });
}

describe('hostile tensors', () => {
  it.each<[string, TensorParts, string]>([
    ['a negative size', { dims: [-1n], raw: Buffer.alloc(4) }, 'impossible shape [-1]'],
    ['a product that overflows', { dims: [2n ** 40n, 2n ** 40n], raw: Buffer.alloc(4) }, 'impossible shape'],
    ['bytes whose number overflows', { dims: [2n ** 50n], raw: Buffer.alloc(4) }, 'impossible shape'],
    ['a size of 2^63', { dims: [2n ** 63n - 1n], raw: Buffer.alloc(4) }, 'impossible shape'],
    ['65 dimensions', { dims: Array<number>(65).fill(1), raw: Buffer.alloc(4) }, 'more than 64 numbers'],
    ['a byte too few', { dims: [2], raw: Buffer.alloc(7) }, 'has 7 bytes of values where its shape takes 8'],
    ['a byte too many', { dims: [2], raw: Buffer.alloc(9) }, 'has 9 bytes of values where its shape takes 8'],
    [
      'a nibble too few',
      { dims: [3], type: 22, raw: Buffer.alloc(1) },
      'has 1 bytes of values where its shape takes 2',
    ],
    ['too few floats', { dims: [3], more: field(4, Buffer.alloc(8)) }, 'another number of values'],
    ['half a float', { dims: [2], more: field(4, Buffer.alloc(6)) }, 'another number of values'],
    ['too few varints', { dims: [3], type: 7, more: field(7, message(varint(1), varint(2))) }, 'another number of'],
    ['too many varints', { dims: [1], type: 7, more: field(7, Buffer.alloc(11)) }, 'another number of'],
    [
      'too few numbers one by one',
      { dims: [3], type: 7, more: message(field(7, 1), field(7, 2)) },
      'another number of',
    ],
    ['values in the field of another type', { dims: [1], type: 1, more: field(7, 1) }, 'not for its type, FLOAT'],
    ['values in two ways', { dims: [2], type: 7, more: message(field(7, 1), field(7, varint(1))) }, 'in two ways'],
    ['values in two fields', { dims: [2], type: 7, more: message(field(7, 1), field(5, 1)) }, 'in two ways'],
    ['a longer tag than needed', { dims: [1], type: 7, more: Buffer.from([0xb8, 0x00, 1]) }, 'tag of more bytes'],
    [
      'scattered values',
      {
        dims: [2000],
        type: 7,
        more: message(...Array.from({ length: 2000 }, () => message(field(7, 1), field(12, 'x')))),
      },
      'scattered over more than 1000',
    ],
    ['a long name', { name: 'n'.repeat(4097) }, 'at most 4096'],
    ['a name that is a number', { more: field(8, 1) }, 'wire type 0'],
    ['dimensions as text', { more: field(1, Buffer.from([0x80])) }, 'cut off'],
  ])('%s: refused', async (_, parts, reason) => {
    const detail = await refusedTensor(parts);
    expect(detail.file).toBe(FILE);
    expect(detail.offset).toBeGreaterThan(0);
    expect(detail.reason).toContain(reason);
  });

  it.each<[string, Uint8Array, string]>([
    ['without values', message(field(2, tensor({ type: 7 })), field(3, 4)), 'without values'],
    ['without indices', message(field(1, tensor({})), field(3, 4)), 'without values or without indices'],
    ['with float indices', message(field(1, tensor({})), field(2, tensor({})), field(3, 4)), 'do not belong together'],
    ['with an index too many', sparse([3], [4]), 'do not belong together'],
    ['with indices of three dimensions', sparse([2, 3], [4, 4]), 'do not belong together'],
    ['without a place for its values', sparse([2], [0]), 'do not belong together'],
    ['of 2^60 elements', sparse([2], [2n ** 60n]), 'impossible shape'],
    ['of 2^40 elements', sparse([2], [2n ** 40n]), 'sparse tensor of more than'],
  ])('a sparse tensor %s is refused', async (_, bytes, reason) => {
    expect((await refused({ more: field(15, bytes) })).reason).toContain(reason);
  });
});

/** A sparse tensor of two values. */
function sparse(indices: readonly number[], dims: readonly (number | bigint)[]): Buffer {
  const count = indices.reduce((product, size) => product * size, 1);
  const positions = tensor({ type: 7, dims: indices, raw: Buffer.alloc(8 * count) });
  return message(field(1, tensor({ name: 's' })), field(2, positions), ...dims.map((size) => field(3, size)));
}

describe('hostile external data', () => {
  const at = (external: Record<string, string>, dims = [2]): GraphParts => ({ tensors: [tensor({ dims, external })] });

  it.each([
    ['no location', {}, 'not named'],
    ['an offset beyond the end', { location: 'w', offset: '100' }, 'bytes 100 to 108 of 16'],
    ['an end beyond the end', { location: 'w', offset: '9' }, 'bytes 9 to 17 of 16'],
    ['another length', { location: 'w', length: '4' }, 'has 4 bytes of values where its shape takes 8'],
    ['a negative offset', { location: 'w', offset: '-1' }, 'by offset "-1"'],
    ['an offset in hexadecimal', { location: 'w', offset: '0x10' }, 'by offset "0x10"'],
    ['an offset of 2^64', { location: 'w', offset: '18446744073709551616' }, 'by offset'],
    ['an offset over 2^53', { location: 'w', offset: '9999999999999999' }, 'by offset'],
    ['a length that is no number', { location: 'w', length: '<b>' }, 'by length "<b>"'],
    ['a file that is not there', { location: 'v' }, 'names v'],
    ['a name of the object prototype', { location: '__proto__' }, 'names __proto__'],
  ])('%s: refused', async (_, external, reason) => {
    const detail = await refused(at(external), { w: Buffer.alloc(16) });
    expect(detail.reason).toContain(reason);
  });

  it('too many entries are refused', async () => {
    const entries = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`key${index}`, 'x']));
    expect((await refused(at(entries))).reason).toContain('more than 16 entries');
  });

  it('tensors of no elements need no bytes', async () => {
    const { tensors } = await readBytes(onnxReader, model(at({ location: 'w', offset: '99' }, [0])), FILE, {
      w: Buffer.alloc(1),
    });
    expect(tensors).toMatchObject([{ count: 0, storage: { extents: [] } }]);
  });

  describe('on disk', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'onnx-'));
      mkdirSync(path.join(folder, 'model'));
      writeFileSync(path.join(folder, 'secret'), Buffer.alloc(8));
      symlinkSync('../secret', path.join(folder, 'model', 'link'));
      symlinkSync('..', path.join(folder, 'model', 'up'));
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    it.each([
      ['https://example.com/weights', 'nothing is downloaded'],
      ['file:///etc/passwd', 'nothing is downloaded'],
      ['/etc/passwd', 'absolute'],
      ['../secret', 'leads out'],
      ['a/../../secret', 'leads out'],
      ['..\\secret', 'backslash'],
      ['secret\0', 'NUL'],
      ['', 'is empty'],
      ['link', 'link that leads out'],
      ['up/secret', 'link that leads out'],
      ['.', 'out of the folder'],
      ['*/_ORT_MEM_ADDR_/*', 'not in its folder'],
      ['n'.repeat(4000), 'ENAMETOOLONG'],
    ])('refuses the location %j', async (location, reason) => {
      const file = path.join(folder, 'model', 'model.onnx');
      writeFileSync(file, model(at({ location })));
      const detail = await formatError(openWith(onnxReader, file));
      expect(detail.file).toBe(file);
      expect(detail.reason).toContain(reason);
    });
  });
});

describe('hostile models', () => {
  it.each([
    ['nothing but a version', field(1, 8), 'has no graph'],
    ['a graph that is a number', message(field(1, 8), field(7, 1)), 'wire type 0'],
    ['a version that is text', message(field(1, 'x'), field(7, '')), 'wire type 2'],
  ])('%s: refused', async (_, bytes, reason) => {
    expect((await formatError(readBytes(onnxReader, bytes, FILE))).reason).toContain(reason);
  });

  it('a file that is cut off anywhere is refused', async () => {
    const bytes = model({
      nodes: [node({ operator: 'Constant', outputs: ['c'], attributes: [attribute('value', 5, tensor({}))] })],
      tensors: [tensor({ name: 'w', dims: [4] })],
      inputs: ['x'],
    });
    for (let length = 0; length < bytes.length; length++) {
      const source = new CountingSource(FILE, bytes.subarray(0, length));
      const openSibling = (): Promise<never> => Promise.reject(new Error('asked for another file'));
      await formatError(readCheckpoint({ source, openSibling }));
    }
  });

  it('graphs within graphs end', async () => {
    let body = graph({ tensors: [tensor({})] });
    for (let depth = 0; depth < 30; depth++) {
      body = graph({ nodes: [node({ operator: 'If', attributes: [attribute('then_branch', 6, body)] })] });
    }
    const { tensors } = await readBytes(onnxReader, message(field(1, 8), field(7, body)), FILE);
    expect(tensors).toHaveLength(1);
    for (let depth = 0; depth < 10; depth++) {
      body = graph({ nodes: [node({ operator: 'If', attributes: [attribute('then_branch', 6, body)] })] });
    }
    const detail = await formatError(readBytes(onnxReader, message(field(1, 8), field(7, body)), FILE));
    expect(detail.reason).toContain('deeper than 100');
  });

  it('functions that call themselves, or one another many times, end', async () => {
    const calls = (name: string, times: number): Buffer[] =>
      Array.from({ length: times }, () =>
        field(7, node({ operator: name, domain: 'd', inputs: ['x'], outputs: ['y'] })),
      );
    const body = (name: string, ...nodes: Buffer[]): Buffer =>
      field(25, message(field(1, name), field(4, 'x'), field(5, 'y'), ...nodes, field(10, 'd')));
    const parts = {
      nodes: [node({ operator: 'f0', domain: 'd', inputs: ['x'], outputs: ['y'] })],
      tensors: [tensor({})],
    };
    const itself = await readBytes(onnxReader, model(parts, body('f0', ...calls('f0', 1))), FILE);
    expect(itself.topology?.nodes).toHaveLength(1);
    const levels = Array.from({ length: 29 }, (_, level) => body(`f${level}`, ...calls(`f${level + 1}`, 4)));
    const many = await readBytes(onnxReader, model(parts, ...levels), FILE);
    expect(many.notes.map(({ code }) => code)).toEqual(['topology-incomplete']);
    expect(many.tensors).toHaveLength(1);
  });

  it('cycles and names that nothing has are no trouble', async () => {
    const { topology } = await readBytes(
      onnxReader,
      model({
        nodes: [
          node({ operator: 'Add', inputs: ['b', 'b'], outputs: ['a'] }),
          node({ operator: 'Mul', inputs: ['a', '__proto__'], outputs: ['b', ''] }),
          node({ operator: 'Transpose', inputs: ['w'], outputs: ['w'], attributes: [attribute('perm', 8, 9, -1)] }),
          node({ operator: 'MatMul', inputs: ['a', 'w'] }),
          node({ operator: 'Constant' }),
          node({
            operator: 'DequantizeLinear',
            inputs: ['w', 'w', 'w'],
            attributes: [attribute('axis', 3, -(2 ** 40))],
          }),
          node({ operator: 'MatMulNBits', inputs: ['a', 'w', 'w'] }),
        ],
        tensors: [tensor({ dims: [2, 2] })],
        outputs: ['constructor'],
      }),
      FILE,
    );
    expect(topology?.nodes).toHaveLength(5);
  });

  it('scales of other sizes than the attributes say leave codes as they are', async () => {
    const codes = tensor({ name: 'w', type: 2, dims: [2, 1, 16], raw: Buffer.alloc(32) });
    const numbers = (bits: number, K: number, N: number, block: number): Buffer[] => [
      attribute('bits', 3, bits),
      attribute('K', 3, K),
      attribute('N', 3, N),
      attribute('block_size', 3, block),
    ];
    const wrong = [
      numbers(4, 33, 2, 32),
      numbers(4, 32, 3, 32),
      numbers(3, 32, 2, 32),
      numbers(4, 32, 2, 0),
      numbers(4, 32, 2, -32),
      numbers(4, 2 ** 40, 2 ** 40, 32),
      [],
    ];
    for (const attributes of wrong) {
      const nodes = [node({ operator: 'MatMulNBits', inputs: ['a', 'w', 's'], outputs: ['y'], attributes })];
      const { notes, tensors } = await readBytes(
        onnxReader,
        model({ nodes, tensors: [codes, tensor({ name: 's', dims: [2] })] }),
        FILE,
      );
      expect(notes.map(({ code }) => code)).toEqual(['unresolved-scales']);
      expect(tensors[0]?.dtype).toBe('uint8');
    }
  });

  it('attributes with more numbers than dimensions are refused', async () => {
    const nodes = [node({ operator: 'Transpose', attributes: [attribute('perm', 8, ...Array<number>(65).fill(0))] })];
    expect((await refused({ nodes })).reason).toContain('more than 64 numbers');
  });

  it('more nodes than any network has are refused, before there is no memory left', async () => {
    const nodes = Buffer.alloc(2 * 500_001);
    for (let index = 0; index < nodes.length; index += 2) nodes[index] = 0x0a;
    expect((await refused({ more: nodes })).reason).toContain('more than 500000 operators');
  });
});

describe('bytes requested', () => {
  it('are few, whatever the weights take', async () => {
    const tensors = Array.from({ length: 20 }, (_, index) => tensor({ name: `w${index}`, dims: [250, 1000] }));
    const source = new CountingSource(FILE, model({ tensors }));
    const { tensors: entries } = await onnxReader.open({ source, openSibling: () => Promise.reject(new Error()) });
    expect(entries).toHaveLength(20);
    expect(source.size).toBeGreaterThan(20_000_000);
    expect(source.requested).toBeLessThan(400_000);
    expect(source.reads).toBeLessThan(100);
  });

  it('are none for claims that the file cannot hold', async () => {
    const bytes = message(field(1, 8), field(2, 'test'), Buffer.from([0x3a]), varint(2n ** 40n));
    const source = new CountingSource(FILE, bytes);
    await formatError(onnxReader.open({ source, openSibling: () => Promise.reject(new Error()) }));
    expect(source.requested).toBeLessThan(200);
  });
});

describe('what the first bytes tell', () => {
  it.each([
    ['a version and a producer', message(field(1, 8), field(2, 'pytorch')), true],
    ['a version and a graph', message(field(1, 8), field(7, '')), true],
    ['a version and operator sets', message(field(1, 8), field(8, '')), true],
    ['a TensorFlow SavedModel', message(field(1, 1), field(2, message(field(1, message(field(1, 'x')))))), false],
    ['a Core ML model', message(field(1, 7), field(2, message(field(100, 'x')))), false],
    ['a TensorFlow graph', field(1, message(field(1, 'node'))), false],
    ['text', Buffer.from('hello'), false],
    ['nothing', Buffer.alloc(0), false],
  ])('%s: %s', (_, bytes, expected) => {
    expect(onnxReader.matches(bytes, new CountingSource(FILE, bytes))).toBe(expected);
  });
});
