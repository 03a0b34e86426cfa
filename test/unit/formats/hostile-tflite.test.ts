import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_REQUESTED_BYTES, MAX_VISITED_BYTES } from '../../../src/formats/containers/flatbuffer';
import { BufferSource, type RandomAccessSource } from '../../../src/formats/source';
import { tfliteReader } from '../../../src/formats/tflite/tflite';
import { MAX_SPARSE_VALUES } from '../../../src/formats/tflite/tflite-sparsity';
import { DecodingError } from '../../../src/values/reading';
import { elementSource } from '../../../src/values/element-source';
import { FIXTURES } from './stored-values';
import { formatError, readBytes } from './thrown';

/**
 * A flatbuffer is written back to front, like the format's own builders do: objects know where those that they point to
 * are, counted from the end.
 */
class Writer {
  private parts: Buffer[] = [];
  private length = 0;

  /** @returns position of the first of the bytes, counted from the end of the file */
  bytes(content: Uint8Array): number {
    this.parts.unshift(Buffer.from(content));
    this.length += content.length;
    return this.length;
  }

  uint32(value: number): number {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value >>> 0);
    return this.bytes(word);
  }

  /** An offset that stands here and leads to a position. */
  offset(to: number): number {
    return this.uint32(this.length + 4 - to);
  }

  vector(width: number, content: Uint8Array, claimed = content.length / width): number {
    this.bytes(content);
    return this.uint32(claimed);
  }

  offsets(to: readonly number[], claimed = to.length): number {
    for (const position of to.toReversed()) this.offset(position);
    return this.uint32(claimed);
  }

  string(text: string): number {
    return this.vector(1, Buffer.from(text));
  }

  /** @param fields By number: bytes of a scalar, or the position that an offset leads to. */
  table(fields: ReadonlyMap<number, Uint8Array | number>): number {
    const places = new Map<number, number>();
    for (const [field, content] of [...fields].toReversed()) {
      places.set(field, typeof content === 'number' ? this.offset(content) : this.bytes(content));
    }
    const count = Math.max(-1, ...fields.keys()) + 1;
    const vtable = Buffer.alloc(4 + 2 * count);
    const soffset = Buffer.alloc(4);
    soffset.writeInt32LE(vtable.length);
    const at = this.bytes(soffset);
    const inline = at - Math.min(at, ...[...places.values()].map((place) => place)) + 8;
    vtable.writeUInt16LE(vtable.length, 0);
    vtable.writeUInt16LE(inline, 2);
    for (const [field, place] of places) vtable.writeUInt16LE(at - place, 4 + 2 * field);
    this.bytes(vtable);
    return at;
  }

  finish(root: number, identifier = 'TFL3'): Buffer {
    this.bytes(Buffer.from(identifier, 'latin1'));
    this.offset(root);
    return Buffer.concat(this.parts);
  }
}

function int32s(...values: number[]): Buffer {
  return Buffer.from(Int32Array.from(values).buffer);
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function float32s(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

interface TensorParts {
  shape?: readonly number[];
  type?: number;
  data?: Uint8Array;
  /** Elements that the data vector claims. */
  claimed?: number;
  offset?: bigint;
  size?: bigint;
  buffer?: number;
  external?: number;
  name?: string;
  scale?: readonly number[];
  zeroPoint?: readonly bigint[];
  dimension?: number;
  sparsity?: ((writer: Writer) => number) | undefined;
}

/** A model with tensors that are just so. Buffers are 1, 2, … in the order of the tensors. */
function model(
  tensors: readonly TensorParts[],
  more: (writer: Writer) => Map<number, number> = () => new Map(),
): Buffer {
  const writer = new Writer();
  const buffers = [writer.table(new Map())];
  const tables = tensors.map((tensor, index) => {
    const { shape = [2], type = 0, data, claimed, offset, size, buffer = index + 1, external, name = 'w' } = tensor;
    const fields = new Map<number, Uint8Array | number>();
    if (offset !== undefined) fields.set(1, uint64(offset));
    if (size !== undefined) fields.set(2, uint64(size));
    if (data !== undefined) fields.set(0, writer.vector(1, data, claimed));
    buffers.push(writer.table(fields));
    const parts = new Map<number, Uint8Array | number>();
    parts.set(0, writer.vector(4, int32s(...shape)));
    parts.set(1, Buffer.from([type & 255]));
    parts.set(2, int32s(buffer));
    parts.set(3, writer.string(name));
    if (tensor.scale !== undefined) parts.set(4, quantization(writer, tensor));
    if (tensor.sparsity !== undefined) parts.set(6, tensor.sparsity(writer));
    if (external !== undefined) parts.set(10, int32s(external));
    return writer.table(parts);
  });
  const subgraph = writer.table(new Map([[0, writer.offsets(tables)]]));
  const subgraphs = writer.offsets([subgraph]);
  const bufferVector = writer.offsets(buffers);
  const fields = new Map([[2, subgraphs] as const, [4, bufferVector] as const, ...more(writer)]);
  return writer.finish(writer.table(fields));
}

function quantization(writer: Writer, { scale = [], zeroPoint = [], dimension = 0 }: TensorParts): number {
  const zeros = Buffer.concat(zeroPoint.map((zero) => uint64(BigInt.asUintN(64, zero))));
  const scales = writer.vector(4, float32s(...scale));
  const points = writer.vector(8, zeros);
  return writer.table(
    new Map<number, Uint8Array | number>([
      [2, scales],
      [3, points],
      [6, int32s(dimension)],
    ]),
  );
}

interface LevelParts {
  dense?: number;
  segments?: readonly number[];
  indices?: readonly number[];
  /** Of the union of index vectors. */
  indexType?: number;
}

function sparsity(order: readonly number[], levels: readonly LevelParts[], blockMap: readonly number[] = []) {
  return (writer: Writer): number => {
    const tables = levels.map(({ dense, segments = [], indices = [], indexType = 3 }) => {
      if (dense !== undefined) return writer.table(new Map([[1, int32s(dense)]]));
      const lists = [segments, indices].map((list) =>
        writer.table(new Map([[0, writer.vector(1, Uint8Array.from(list))]])),
      );
      return writer.table(
        new Map<number, Uint8Array | number>([
          [0, Buffer.from([1])],
          [2, Buffer.from([indexType])],
          [3, lists[0]!],
          [4, Buffer.from([indexType])],
          [5, lists[1]!],
        ]),
      );
    });
    const fields = new Map([[0, writer.vector(4, int32s(...order))]]);
    if (blockMap.length > 0) fields.set(1, writer.vector(4, int32s(...blockMap)));
    fields.set(2, writer.offsets(tables));
    return writer.table(fields);
  };
}

const EIGHT = Buffer.alloc(8);

describe('sound models by hand', () => {
  it('reads one', async () => {
    const { tensors, notes } = await readBytes(tfliteReader, model([{ data: float32s(1, 2) }]), '/m.tflite');
    expect(tensors).toMatchObject([{ name: 'w', dtype: 'float32', shape: [2], count: 2 }]);
    expect(notes).toEqual([]);
  });

  it('keeps names that JavaScript has a meaning for, and those that are HTML', async () => {
    const names = ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', 'a\0b'];
    const bytes = model(names.map((name) => ({ name, data: EIGHT })));
    const { tensors } = await readBytes(tfliteReader, bytes, '/m.tflite');
    expect(tensors.map(({ name }) => name)).toEqual(names);
  });

  it('makes names unique', async () => {
    const bytes = model(['w', 'w', '', 'w'].map((name) => ({ name, data: EIGHT })));
    const { tensors, notes } = await readBytes(tfliteReader, bytes, '/m.tflite');
    expect(tensors.map(({ name }) => name)).toEqual(['w', 'subgraph 0/w', 'subgraph 0/tensor 2', 'subgraph 0/w #2']);
    expect(notes).toMatchObject([{ code: 'renamed-tensors' }]);
  });

  it('cuts long names', async () => {
    const bytes = model([{ name: 'x'.repeat(100_000), data: EIGHT }]);
    const { tensors } = await readBytes(tfliteReader, bytes, '/m.tflite');
    expect(tensors[0]?.name).toHaveLength(4096);
  });

  it('takes types of later schemas as unknown', async () => {
    const bytes = model([
      { name: 'a', type: 99, data: EIGHT },
      { name: 'b', type: -100, data: EIGHT },
      { name: 'c', data: EIGHT },
    ]);
    const { tensors, notes } = await readBytes(tfliteReader, bytes, '/m.tflite');
    expect(tensors).toHaveLength(1);
    expect(notes).toMatchObject([{ code: 'skipped-tensors', tensors: ['a', 'b'] }]);
  });
});

describe('hostile models', () => {
  it.each([
    ['more data than the file has', model([{ data: EIGHT, claimed: 2 ** 32 - 1 }]), 'more than there are bytes'],
    ['a shape that needs more data', model([{ shape: [3], data: EIGHT }]), 'has 8 bytes of data'],
    ['a shape that needs less data', model([{ shape: [1], data: EIGHT }]), 'has 8 bytes of data'],
    ['a negative size', model([{ shape: [-1, -2], data: EIGHT }]), 'impossible shape'],
    ['a shape whose product overflows', model([{ shape: Array<number>(8).fill(2 ** 30), data: EIGHT }]), 'impossible'],
    ['a hundred dimensions', model([{ shape: Array<number>(100).fill(1), data: EIGHT }]), 'a list of 100 numbers'],
    ['a buffer that does not exist', model([{ data: EIGHT, buffer: 7 }]), 'buffer 7, which does not exist'],
    ['a buffer of a negative number', model([{ data: EIGHT, buffer: -1 }]), 'which does not exist'],
    ['an external buffer that does not exist', model([{ external: 5 }]), 'buffer 5, which does not exist'],
    ['data behind the end', model([{ offset: 1000n, size: 2n ** 40n }]), 'has data in bytes'],
    ['data at 2^64', model([{ offset: 2n ** 64n - 1n, size: 8n }]), 'has data in bytes'],
    ['data of 2^64 bytes', model([{ offset: 8n, size: 2n ** 64n - 8n }]), 'has data in bytes'],
    [
      'tensors that share a part of their data',
      model([
        { offset: 8n, size: 8n },
        { name: 'v', offset: 12n, size: 8n },
      ]),
      'shares some of its bytes',
    ],
    ['int4 of too many bytes', model([{ type: 17, shape: [3], data: EIGHT }]), 'need 2'],
  ])('refuses %s', async (_, bytes, reason) => {
    const detail = await formatError(readBytes(tfliteReader, bytes, '/data/evil.tflite'));
    expect(detail.file).toBe('/data/evil.tflite');
    expect(detail.reason).toContain(reason);
  });

  it.each([
    ['another number of scales', { scale: [1, 2, 3], zeroPoint: [0n, 0n, 0n] }],
    ['another number of zero points', { scale: [1, 2], zeroPoint: [0n, 0n, 0n] }],
    ['a dimension that is not there', { scale: [1, 2], dimension: 4 }],
    ['a dimension before the first', { scale: [1, 2], dimension: -1 }],
    ['a zero point of 2^60', { scale: [1], zeroPoint: [2n ** 60n] }],
  ] as const)('leaves out a tensor with %s', async (_, parts) => {
    const bytes = model([
      { name: 'odd', type: 9, data: Buffer.alloc(2), ...parts },
      { name: 'sound', data: EIGHT },
    ]);
    const { tensors, notes } = await readBytes(tfliteReader, bytes, '/m.tflite');
    expect(tensors.map(({ name }) => name)).toEqual(['sound']);
    expect(notes).toMatchObject([{ code: 'skipped-tensors', tensors: ['odd'] }]);
  });

  it('says where a table is wrong', async () => {
    const bytes = model([{ data: EIGHT }]);
    const root = bytes.readUInt32LE(0);
    const vtable = root - bytes.readInt32LE(root);
    for (const [size, reason] of [
      [3, 'malformed'],
      [0, 'malformed'],
      [0xfffe, 'points to bytes'],
    ] as const) {
      const broken = Buffer.from(bytes);
      broken.writeUInt16LE(size, vtable);
      const detail = await formatError(readBytes(tfliteReader, broken, '/m.tflite'));
      expect(detail.reason).toContain(reason);
      expect(detail.offset).toBe(vtable);
    }
    const outside = Buffer.from(bytes);
    outside.writeUInt16LE(0xfffc, vtable + 8);
    expect((await formatError(readBytes(tfliteReader, outside, '/m.tflite'))).reason).toContain('field outside');
  });

  it.each([0, 1, 2 ** 31 - 1, -(2 ** 31), -4, 4])('survives a vtable at %i', async (soffset) => {
    const bytes = model([{ data: EIGHT }]);
    bytes.writeInt32LE(soffset, bytes.readUInt32LE(0));
    await readBytes(tfliteReader, bytes, '/m.tflite').then(
      ({ tensors }) => {
        expect(tensors.length).toBeLessThan(2);
      },
      (error: unknown) => {
        expect(error).toHaveProperty('name', 'FormatError');
      },
    );
  });

  it('refuses each truncation, and nothing else comes out', async () => {
    const whole = readFileSync(path.join(FIXTURES, 'tflite/graph.tflite'));
    for (let length = 0; length < whole.length; length += 61) {
      const detail = await formatError(readBytes(tfliteReader, whole.subarray(0, length), '/m.tflite'));
      expect(detail.file).toBe('/m.tflite');
    }
  });
});

describe('what a model may ask for', () => {
  it('bounds what shared objects make of a small file', async () => {
    // 240,000 subgraph entries that are all the same table: one of 60,000 tensors, each the same one.
    const writer = new Writer();
    const name = writer.string('x'.repeat(4000));
    const tensor = writer.table(new Map([[3, name]]));
    const tensors = writer.offsets(Array<number>(60_000).fill(tensor));
    const subgraph = writer.table(new Map([[0, tensors]]));
    const bytes = writer.finish(writer.table(new Map([[2, writer.offsets(Array<number>(9000).fill(subgraph))]])));
    const source = counting(bytes);
    const detail = await formatError(openSource(source));
    expect(detail.reason).toMatch(/tensors; at most|tables of more than/);
    expect(source.requested()).toBeLessThan(2 * bytes.length);
  });

  it('reads tables only, wherever they lie between weights', async () => {
    const count = 64;
    const weights = Buffer.alloc(2 ** 20);
    const bytes = model(Array.from({ length: count }, (_, i) => ({ name: `w${i}`, shape: [2 ** 18], data: weights })));
    const source = counting(bytes);
    const { tensors } = await openSource(source);
    expect(tensors).toHaveLength(count);
    expect(source.requested()).toBeLessThan(count * 64 * 1024);
    expect(source.requested()).toBeLessThan(bytes.length / 16);
  });

  it('has bounds that its readers know', () => {
    expect([MAX_VISITED_BYTES, MAX_REQUESTED_BYTES, MAX_SPARSE_VALUES]).toEqual([2 ** 26, 2 ** 30, 2 ** 26]);
  });
});

describe('hostile sparse tensors', () => {
  const csr = (segments: readonly number[], indices: readonly number[]): TensorParts['sparsity'] =>
    sparsity([0, 1], [{ dense: 2 }, { segments, indices }]);
  const values = (count: number): Buffer => Buffer.alloc(4 * count, 1);

  it('reads a sound one', async () => {
    const tensor = { shape: [2, 3], data: float32s(7, 8, 9), sparsity: csr([0, 1, 3], [2, 0, 1]) };
    expect(await decoded([tensor])).toEqual([0, 0, 7, 8, 9, 0]);
  });

  it('refuses a dimension that no data back', async () => {
    const bytes = model([{ shape: [2, 654_311_440], data: values(3), sparsity: csr([0, 1, 3], [2, 0, 1]) }]);
    expect((await formatError(readBytes(tfliteReader, bytes, '/m.tflite'))).reason).toContain('a dimension of more');
  });

  it('takes the last of several values at a place, as TensorFlow Lite does', async () => {
    const tensor = { shape: [2, 3], data: float32s(7, 8, 9), sparsity: csr([0, 1, 3], [2, 1, 1]) };
    expect(await decoded([tensor])).toEqual([0, 0, 7, 0, 9, 0]);
  });

  it.each([
    ['segments of too few rows', csr([0, 3], [0, 1, 2]), 3],
    ['segments of too many rows', csr([0, 1, 2, 3], [0, 1, 2]), 3],
    ['more values than places', csr([0, 1, 3], [2, 0, 1]), 4],
    ['fewer values than places', csr([0, 1, 3], [2, 0, 1]), 2],
    ['a dense dimension of another size', sparsity([0, 1], [{ dense: 3 }, { dense: 3 }]), 9],
    ['a dimension of 2^31', sparsity([0, 1], [{ dense: 2 ** 31 - 1 }, { dense: 3 }]), 3],
    ['too few dimensions', sparsity([0, 1], [{ dense: 2 }]), 2],
    ['a dimension twice', sparsity([0, 0], [{ dense: 2 }, { dense: 2 }]), 4],
    ['a dimension that is not there', sparsity([0, 7], [{ dense: 2 }, { dense: 3 }]), 6],
    [
      'blocks of dimensions that are not there',
      sparsity([0, 1, 2], [{ dense: 2 }, { dense: 3 }, { dense: 1 }], [9]),
      6,
    ],
    ['blocks of size 0', sparsity([0, 1, 2], [{ dense: 2 }, { dense: 3 }, { dense: 0 }], [0]), 0],
    ['blocks that do not fill a dimension', sparsity([0, 1, 2], [{ dense: 1 }, { dense: 1 }, { dense: 2 }], [1]), 2],
    [
      'a dimension cut twice',
      sparsity([0, 1, 2, 3], [{ dense: 2 }, { dense: 3 }, { dense: 1 }, { dense: 1 }], [0, 0]),
      6,
    ],
    [
      'lists of no known type',
      sparsity([0, 1], [{ dense: 2 }, { segments: [0, 1, 3], indices: [0, 1, 2], indexType: 9 }]),
      3,
    ],
  ] as const)('refuses %s', async (_, description, count) => {
    const bytes = model([{ shape: [2, 3], data: values(count), sparsity: description }]);
    const detail = await formatError(readBytes(tfliteReader, bytes, '/m.tflite'));
    expect(detail.tensor).toBe('w');
    expect(detail.reason).toMatch(/sparse|bytes of data/);
  });

  it.each([
    ['an index outside', csr([0, 1, 3], [2, 0, 3])],
    ['segments that go back', csr([0, 4, 3], [2, 0, 1])],
    ['segments that do not begin at 0', csr([1, 1, 3], [2, 0, 1])],
    ['segments that do not end at the end', csr([0, 1, 2], [2, 0, 1])],
  ])('does not decode %s', async (_, description) => {
    await expect(decoded([{ shape: [2, 3], data: values(3), sparsity: description }])).rejects.toThrow(DecodingError);
  });
});

describe('files that a model names', () => {
  const external = (name: string, offset: bigint, length: bigint): Buffer =>
    model([{ external: 5 }], (writer) => {
      const group = writer.table(new Map([[0, writer.string(name)]]));
      const buffer = writer.table(
        new Map([
          [0, int32s(5)],
          [2, uint64(offset)],
          [3, uint64(length)],
        ]),
      );
      return new Map([
        [8, writer.offsets([group])],
        [9, writer.offsets([buffer])],
      ]);
    });

  it('reads one beside the model', async () => {
    const { tensors, files } = await readBytes(tfliteReader, external('w.bin', 8n, 8n), '/m.tflite', {
      'w.bin': Buffer.alloc(16),
    });
    expect(files).toHaveLength(2);
    expect(tensors).toMatchObject([{ storage: { extents: [{ file: 1, offset: 8, length: 8 }] } }]);
  });

  it.each([
    ['beyond its end', 12n, 8n],
    ['at 2^63', 2n ** 63n, 8n],
    ['of 2^63 bytes', 0n, 2n ** 63n],
  ])('refuses data %s', async (_, offset, length) => {
    const files = { 'w.bin': Buffer.alloc(16) };
    const detail = await formatError(readBytes(tfliteReader, external('w.bin', offset, length), '/m.tflite', files));
    expect(detail.file).toBe('w.bin');
    expect(detail.reason).toContain('ends before byte');
  });

  it.each(['../secret', '/etc/passwd', 'https://example.com/w.bin', 'a\\b'])('does not follow %s', async (name) => {
    const { openCheckpoint } = await import('../../../src/formats/registry');
    const { mkdtempSync, writeFileSync } = await import('node:fs');
    const folder = mkdtempSync(path.join((await import('node:os')).tmpdir(), 'tflite-'));
    writeFileSync(path.join(folder, 'm.tflite'), external(name, 0n, 8n));
    const detail = await formatError(openCheckpoint(path.join(folder, 'm.tflite')));
    expect(detail.reason).toContain('names the file');
  });
});

/** Values of the first tensor. */
async function decoded(tensors: readonly TensorParts[]): Promise<number[]> {
  const bytes = model(tensors);
  const checkpoint = await readBytes(tfliteReader, bytes, '/m.tflite');
  const { storage, count } = checkpoint.tensors[0]!;
  const target = new Uint8Array(4 * count);
  elementSource(storage, count, {
    checkCancelled: () => undefined,
    read: (extents, offset, into) => {
      const start = (extents[0]?.offset ?? 0) + offset;
      into.set(bytes.subarray(start, start + into.length));
    },
  }).read(0, target);
  return [...new Float32Array(target.buffer)];
}

function openSource(source: RandomAccessSource): ReturnType<typeof tfliteReader.open> {
  return tfliteReader.open({ source, openSibling: () => Promise.reject(new Error('asked for another file')) });
}

/** A source that counts the bytes it is asked for. */
function counting(bytes: Uint8Array): RandomAccessSource & { requested: () => number } {
  const inner = new BufferSource('/m.tflite', bytes);
  let requested = 0;
  return {
    path: inner.path,
    size: inner.size,
    requested: () => requested,
    read: (offset, length, signal) => {
      requested += length;
      return inner.read(offset, length, signal);
    },
    close: () => inner.close(),
  };
}
