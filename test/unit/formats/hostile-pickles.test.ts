import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import type { FormatErrorDetail } from '../../../src/formats/errors';
import { paddleReader } from '../../../src/formats/paddle/paddle';
import { pickledReader } from '../../../src/formats/pickled/pickled';
import { distributedReader } from '../../../src/formats/pytorch/distributed';
import { pytorchReader } from '../../../src/formats/pytorch/pytorch';
import { openCheckpoint } from '../../../src/formats/registry';
import { resolveSibling } from '../../../src/formats/sibling';
import { BufferSource } from '../../../src/formats/source';
import { engineValues } from './engine-values';
import {
  call,
  dict,
  global,
  int,
  ints,
  list,
  object,
  proto,
  raw,
  tensor,
  text,
  torchZip,
  tuple,
  zip,
} from './pytorch-bytes';
import { FIXTURES } from './stored-values';
import { formatError, readBytes } from './thrown';

function fixture(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, name));
}

/** A source that counts what is read of it. */
class CountingSource extends BufferSource {
  bytesRead = 0;
  reads = 0;

  override async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.bytesRead += length;
    this.reads++;
    return await super.read(offset, length, signal);
  }
}

const noSibling = (): Promise<never> => Promise.reject(new Error('has no siblings'));

function blob(...bytes: readonly number[]): Buffer {
  return Buffer.concat([raw(0x43, bytes.length), Buffer.from(bytes)]);
}

function floatType(code = 'f4'): Buffer {
  return Buffer.concat([
    call(global('numpy', 'dtype'), text(code), raw(0x89), raw(0x88)),
    tuple(int(3), text('<'), raw(0x4e), raw(0x4e), raw(0x4e), int(-1), int(-1), int(0)),
    raw(0x62),
  ]);
}

interface ArrayParts {
  readonly shape?: Buffer;
  readonly type?: Buffer;
  readonly data?: Buffer;
}

function array({
  shape = ints(2),
  type = floatType(),
  data = blob(...new Array<number>(8).fill(0)),
}: ArrayParts = {}): Buffer {
  return Buffer.concat([
    call(global('numpy.core.multiarray', '_reconstruct'), global('numpy', 'ndarray'), ints(0), text('b')),
    tuple(int(1), shape, type, raw(0x89), data),
    raw(0x62),
  ]);
}

describe('pickles of arrays', () => {
  const read = (bytes: Uint8Array): Promise<Checkpoint> => readBytes(pickledReader, bytes, '/models/a.pkl');
  const refused = async (bytes: Uint8Array): Promise<FormatErrorDetail> => await formatError(read(bytes));

  it('reads the sound one that the others are made of', async () => {
    const { tensors } = await read(proto(dict({ w: array() })));
    expect(tensors).toMatchObject([{ name: 'w', shape: [2], storage: { extents: [{ length: 8 }] } }]);
  });

  it.each([
    ['a negative size', { shape: ints(-2) }, /malformed shape/],
    ['more elements than can be counted', { shape: ints(2 ** 40, 2 ** 40) }, /malformed shape/],
    ['a shape that is no tuple', { shape: text('2') }, /malformed shape/],
    ['too few bytes', { shape: ints(3) }, /has 8 bytes of values, not the 12/],
    ['too many bytes', { shape: ints(1) }, /has 8 bytes of values, not the 4/],
    ['65 dimensions', { shape: ints(...new Array<number>(65).fill(1)) }, /malformed shape/],
  ])('refuses an array with %s', async (_, parts: ArrayParts, reason) => {
    const detail = await refused(proto(dict({ w: array(parts) })));
    expect(detail.tensor).toBe('w');
    expect(detail.reason).toMatch(reason);
  });

  it('names arrays of unknown types and without bytes, and reads the others', async () => {
    const { tensors, notes } = await read(
      proto(dict({ odd: array({ type: floatType('V7') }), none: array({ data: list(int(1)) }), w: array() })),
    );
    expect(tensors.map(({ name }) => name)).toEqual(['w']);
    expect(notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['odd', 'none'] }]);
  });

  it('does not run what it imports, and says what that is', async () => {
    const proof = path.join(tmpdir(), 'prunability-pickle-proof');
    rmSync(proof, { force: true });
    const evil = call(global('os', 'system'), text(`touch ${proof}`));
    const { notes } = await read(proto(dict({ w: array(), evil })));
    expect(existsSync(proof)).toBe(false);
    expect(notes).toMatchObject([{ code: 'pickle-imports-code' }]);
    expect(notes[0]?.message).toContain('os.system');
  });

  it('keeps names such as __proto__ harmless, and names unique', async () => {
    const { tensors } = await read(proto(dict({ __proto__x: array(), 'a.b': array(), a: dict({ b: array() }) })));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__x', 'a.b', 'a.b (2)']);
    const [only] = (await read(proto(raw(0x7d), text('__proto__'), array(), raw(0x73)))).tensors;
    expect(only?.name).toBe('__proto__');
    expect(({} as { shape?: unknown }).shape).toBeUndefined();
  });

  it.each([
    ['lists', Buffer.from(']'), Buffer.from('a')],
    ['calls', Buffer.from('cbuiltins\ntuple\n'), Buffer.from('\x85R', 'latin1')],
    ['calls that make bytes', Buffer.from('c_codecs\nencode\n'), Buffer.from('\x85R', 'latin1')],
  ])('refuses 200,000 nested %s', async (_, opening, closing) => {
    const depth = 200_000;
    const bytes = proto(
      Buffer.concat(new Array<Buffer>(depth).fill(opening)),
      array(),
      Buffer.concat(new Array<Buffer>(depth).fill(closing)),
    );
    expect((await refused(bytes)).reason).toContain('nested');
  });

  it('reads no byte of the values, however large they claim to be', async () => {
    const huge = Buffer.concat([raw(0x8e), Buffer.from('0000000000000010', 'hex')]);
    expect((await refused(proto(dict({ w: array({ data: huge }) })))).reason).toContain('ends in the middle');
    const length = 40_000_000;
    const head = Buffer.alloc(5, raw(0x42));
    head.writeUInt32LE(length, 1);
    const data = Buffer.concat([head, Buffer.alloc(length)]);
    const source = new CountingSource('/a.pkl', proto(dict({ w: array({ shape: ints(length / 4), data }) })));
    const { tensors } = await pickledReader.open({ source, openSibling: noSibling });
    expect(tensors[0]?.count).toBe(length / 4);
    expect(source.bytesRead).toBeLessThan(100_000);
  });

  it('is truncated at every shorter length', async () => {
    const bytes = fixture('paddle/nested.pdparams');
    for (let length = 0; length < bytes.length; length++) {
      await formatError(readBytes(paddleReader, bytes.subarray(0, length), '/a.pdparams'));
    }
  });

  it('refuses joblib', async () => {
    expect((await refused(proto(global('joblib.numpy_pickle', 'NumpyArrayWrapper')))).reason).toContain('joblib');
  });
});

describe('slices of PaddlePaddle', () => {
  const refused = async (info: Buffer): Promise<string> => {
    const bytes = proto(dict({ 'w@@.0': array(), 'w@@.1': array(), 'UnpackBigParamInfor@@': info }));
    return (await formatError(readBytes(paddleReader, bytes, '/a.pdparams'))).reason;
  };

  it.each([
    [
      'a part that is missing',
      dict({ w: dict({ OriginShape: ints(4), slices: list(text('w@@.7')) }) }),
      /lacks a part/,
    ],
    [
      'a part twice',
      dict({ w: dict({ OriginShape: ints(4), slices: list(text('w@@.0'), text('w@@.0')) }) }),
      /lacks a part/,
    ],
    ['too few parts', dict({ w: dict({ OriginShape: ints(4), slices: list(text('w@@.0')) }) }), /do not make up/],
    ['no shape', dict({ w: dict({ slices: list() }) }), /does not say/],
    ['a negative shape', dict({ w: dict({ OriginShape: ints(-4), slices: list() }) }), /does not say/],
    ['no parts', dict({ w: dict({ OriginShape: ints(4), slices: list() }) }), /do not make up/],
  ])('are refused with %s', async (_, info, reason) => {
    expect(await refused(info)).toMatch(reason);
  });
});

const CHECKPOINT = 'torch.distributed.checkpoint.metadata';

interface ChunkParts {
  readonly offsets?: Buffer;
  readonly sizes?: Buffer;
  readonly stored?: Buffer;
  readonly file?: string;
  readonly offset?: number;
  readonly length?: number;
}

const ITEM = torchZip(proto(tensor()));

/** A checkpoint of one tensor of 2 × 2 in one chunk. */
function metadata(parts: ChunkParts = {}, size = ints(2, 2)): Buffer {
  const { offsets = ints(0, 0), sizes = ints(2, 2), file = '__0_0.distcp', offset = 0, length = ITEM.length } = parts;
  const made = (name: string, state: Buffer): Buffer => object(global(CHECKPOINT, name), state);
  const properties = made('TensorProperties', tuple(global('torch', 'float32')));
  const chunk = made('ChunkStorageMetadata', dict({ offsets, sizes }));
  const described = dict({ w: made('TensorStorageMetadata', dict({ properties, size, chunks: list(chunk) })) });
  const key = made('MetadataIndex', dict({ fqn: text('w'), offset: parts.stored ?? offsets }));
  const info = object(
    global('torch.distributed.checkpoint.filesystem', '_StorageInfo'),
    dict({ relative_path: text(file), offset: int(offset), length: int(length) }),
  );
  const stored = Buffer.concat([raw(0x7d), key, info, raw(0x73)]);
  return proto(made('Metadata', dict({ state_dict_metadata: described, storage_data: stored })));
}

describe('distributed checkpoints', () => {
  const read = (bytes: Uint8Array, item: Uint8Array = ITEM): Promise<Checkpoint> =>
    readBytes(distributedReader, bytes, '/c/.metadata', { '__0_0.distcp': item });
  const refused = async (parts: ChunkParts, size?: Buffer): Promise<string> =>
    (await formatError(read(metadata(parts, size)))).reason;

  it('reads the sound one that the others are made of', async () => {
    const { tensors } = await read(metadata());
    expect(tensors).toMatchObject([{ name: 'w', shape: [2, 2], storage: { extents: [{ file: 0, length: 16 }] } }]);
  });

  it.each([
    ['a chunk of a negative size', { sizes: ints(-2, 2) }, /malformed chunk/],
    ['a chunk beyond the shape', { offsets: ints(1, 0) }, /beyond its shape/],
    ['a chunk that is too small', { sizes: ints(1, 2) }, /4 elements, but chunks of 2/],
    ['a chunk of other dimensions', { sizes: ints(4) }, /malformed chunk/],
    ['a chunk that is stored nowhere', { stored: ints(1, 1) }, /stored nowhere/],
    ['a negative offset', { offset: -1 }, /malformed place/],
    ['an item beyond the file', { offset: 2 ** 40 }, /ends before byte/],
    ['an item that is cut off', { length: ITEM.length - 1 }, /cut off/],
    ['an item of no bytes', { length: 0 }, /./],
    ['an item that begins too late', { offset: 1, length: ITEM.length - 1 }, /./],
    ['another file', { file: 'other.distcp' }, /other\.distcp/],
  ])('are refused with %s', async (_, parts: ChunkParts, reason) => {
    expect(await refused(parts)).toMatch(reason);
  });

  it.each(['../x.distcp', '/etc/passwd', 'https://example.org/x.distcp', 'a\\b', 'a\0b', ''])(
    'open no file named %j',
    async (file) => {
      const work = distributedReader.open({
        source: new BufferSource(path.join(FIXTURES, 'pytorch/distributed/.metadata'), metadata({ file })),
        openSibling: async (name) => {
          await resolveSibling(path.join(FIXTURES, 'pytorch/distributed/.metadata'), name);
          throw new Error(`would open ${name}`);
        },
      });
      expect((await formatError(work)).reason).toContain('names the file');
    },
  );

  it('are refused if the shape is impossible', async () => {
    expect(await refused({}, ints(2 ** 40, 2 ** 40))).toMatch(/malformed shape/);
    expect(await refused({}, ints(2, -2))).toMatch(/malformed shape/);
  });

  it('are refused if an item holds another tensor, or none', async () => {
    const other = torchZip(proto(tensor({ shape: [4], strides: [1] })));
    expect((await formatError(read(metadata({ length: other.length }), other))).reason).toContain(
      'another type or shape',
    );
    const none = torchZip(proto(int(3)));
    expect((await formatError(read(metadata({ length: none.length }), none))).reason).toContain(
      'another type or shape',
    );
  });

  it('are refused without .metadata, and say so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lone-'));
    try {
      writeFileSync(path.join(folder, '__0_0.distcp'), ITEM);
      const work = openCheckpoint(path.join(folder, '__0_0.distcp'));
      expect((await formatError(work)).reason).toContain('.metadata, which says what is in it, is missing');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('read 2,000 chunks with few and short reads', async () => {
    const count = 2000;
    const items = Buffer.concat(new Array<Buffer>(count).fill(ITEM));
    const made = (name: string, state: Buffer): Buffer => object(global(CHECKPOINT, name), state);
    const numbers = [...new Array(count).keys()];
    const chunks = numbers.map((index) =>
      made('ChunkStorageMetadata', dict({ offsets: ints(2 * index, 0), sizes: ints(2, 2) })),
    );
    const properties = made('TensorProperties', tuple(global('torch', 'float32')));
    const size = ints(2 * count, 2);
    const described = dict({ w: made('TensorStorageMetadata', dict({ properties, size, chunks: list(...chunks) })) });
    const stored = numbers.flatMap((index) => [
      made('MetadataIndex', dict({ fqn: text('w'), offset: ints(2 * index, 0) })),
      object(
        global('torch.distributed.checkpoint.filesystem', '_StorageInfo'),
        dict({ relative_path: text('__0_0.distcp'), offset: int(ITEM.length * index), length: int(ITEM.length) }),
      ),
      raw(0x73),
    ]);
    const bytes = proto(
      made('Metadata', dict({ state_dict_metadata: described, storage_data: Buffer.concat([raw(0x7d), ...stored]) })),
    );
    const source = new CountingSource('/c/__0_0.distcp', items);
    const { tensors } = await distributedReader.open({
      source: new BufferSource('/c/.metadata', bytes),
      openSibling: () => Promise.resolve(source),
    });
    expect(tensors[0]?.storage.coding).toMatchObject({ kind: 'tiles' });
    expect(source.reads).toBeLessThan(20);
    expect(source.bytesRead).toBeLessThan(1.1 * items.length);
  });
});

describe('programs of torch.export', () => {
  const meta = (fields: object): object => ({
    dtype: 7,
    sizes: [{ as_int: 2 }],
    strides: [{ as_int: 1 }],
    storage_offset: { as_int: 0 },
    layout: 7,
    ...fields,
  });
  const program = (config: string): Buffer =>
    zip(
      { name: 'm/data/weights/weight_0', data: Buffer.alloc(8) },
      { name: 'm/data/weights/model_weights_config.json', data: Buffer.from(config) },
    );
  const configOf = (fields: object, file = 'weight_0'): string =>
    JSON.stringify({
      config: { w: { path_name: file, is_param: true, use_pickle: false, tensor_meta: meta(fields) } },
    });
  const read = (bytes: Uint8Array): Promise<Checkpoint> => readBytes(pytorchReader, bytes, '/a.pt2');

  it('reads the sound one that the others are made of', async () => {
    expect((await read(program(configOf({})))).tensors).toMatchObject([{ name: 'w', shape: [2], role: 'other' }]);
  });

  it.each([
    ['more bytes than there are', configOf({ sizes: [{ as_int: 3 }] }), /reaches to byte/],
    ['an offset beyond them', configOf({ storage_offset: { as_int: 1 } }), /reaches to byte/],
    ['a size that overflows', configOf({ sizes: [{ as_int: 2 ** 53 - 1 }] }), /reaches to byte/],
    ['strides of other dimensions', configOf({ strides: [] }), /malformed shape/],
    ['a negative size', configOf({ sizes: [{ as_int: -1 }] }), /not a whole number/],
    ['a file that is not there', configOf({}, '../weight_0'), /not in the file/],
    ['a name twice', '{"config": {"w": {}, "w": {}}}', /twice/],
    ['no JSON', '{"config": {"w": {', /JSON/],
  ])('are refused with %s', async (_, config, reason) => {
    expect((await formatError(read(program(config)))).reason).toMatch(reason);
  });

  it('name what is not read', async () => {
    const config = JSON.stringify({
      config: {
        __proto__x: { path_name: 'weight_0', tensor_meta: meta({}), is_param: false, use_pickle: false },
        symbolic: { path_name: 'weight_0', tensor_meta: meta({ sizes: [{ as_expr: 's0' }] }) },
        packed: { path_name: 'weight_0', use_pickle: true, tensor_meta: meta({}) },
        odd: { path_name: 'weight_0', tensor_meta: meta({ dtype: 99 }) },
      },
    });
    const { tensors, notes } = await read(program(config));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__x']);
    expect(notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['symbolic', 'packed', 'odd'] }]);
  });
});

describe('the tar format', () => {
  it('is truncated at every block', async () => {
    const bytes = fixture('pytorch/old_tar.pt');
    // The last blocks of the archive are padding.
    for (let length = 0; length < bytes.lastIndexOf('weight'); length += 64) {
      await formatError(readBytes(pytorchReader, bytes.subarray(0, length), '/a.pt'));
    }
  });

  it('is refused with a member of a malformed size', async () => {
    const bytes = Buffer.from(fixture('pytorch/old_tar.pt'));
    bytes.write('9999', 512 * 2 + 124);
    await formatError(readBytes(pytorchReader, bytes, '/a.pt'));
  });
});

describe('sparse tensors', () => {
  /** A matrix of 3 × 4 with one value at an index that the storage gives. */
  async function valueAt(...index: readonly bigint[]): Promise<Float32Array> {
    const indices = tensor({ key: '1', type: 'LongStorage', numel: 2, shape: [2, 1], strides: [1, 1] });
    const values = tensor({ numel: 1, shape: [1], strides: [1] });
    const layout = call(global('torch.serialization', '_get_layout'), text('torch.sparse_coo'));
    const size = call(global('torch', 'Size'), ints(3, 4));
    const sparse = call(
      global('torch._utils', '_rebuild_sparse_tensor'),
      layout,
      tuple(indices, values, size, raw(0x88)),
    );
    const data = Buffer.alloc(16);
    index.forEach((number, at) => data.writeBigInt64LE(number, 8 * at));
    const bytes = torchZip(proto(dict({ w: sparse })), { name: 'a/data/1', data });
    const { tensors, files } = await readBytes(pytorchReader, bytes, '/a.pt');
    expect(files[0]?.size).toBe(bytes.length);
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'sparse-')), 'a.pt');
    writeFileSync(file, bytes);
    const opened = await openCheckpoint(file);
    try {
      return await engineValues(opened.checkpoint, tensors[0]!);
    } finally {
      await opened.close();
      rmSync(path.dirname(file), { recursive: true });
    }
  }

  it('are refused when a place is outside the shape', async () => {
    expect([...(await valueAt(2n, 3n))]).toHaveLength(12);
    expect((await formatError(valueAt(3n, 0n))).reason).toContain('outside its shape');
    expect((await formatError(valueAt(0n, -1n))).reason).toContain('outside its shape');
    expect((await formatError(valueAt(2n ** 62n, 0n))).reason).toContain('outside its shape');
  });
});
