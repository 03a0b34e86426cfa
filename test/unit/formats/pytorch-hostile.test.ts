import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { CancelledError, type FormatErrorDetail } from '../../../src/formats/errors';
import { MAX_HEADER_BYTES } from '../../../src/formats/limits';
import { pytorchReader } from '../../../src/formats/pytorch/pytorch';
import { BufferSource } from '../../../src/formats/source';
import {
  call,
  dict,
  global,
  int,
  legacyStorage,
  list,
  object,
  proto,
  raw,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
  u32,
  zip,
  type TensorParts,
} from './pytorch-bytes';
import { FIXTURES } from './stored-values';
import { formatError, HANG_MS, readBytes } from './thrown';

const FILE = '/models/stranger.pt';

async function read(bytes: Uint8Array): Promise<Checkpoint> {
  return await readBytes(pytorchReader, bytes, FILE);
}

/** The refusal, which must come without a hang (of this process: other tests run beside it). */
async function refused(bytes: Uint8Array): Promise<FormatErrorDetail> {
  const start = process.cpuUsage();
  const detail = await formatError(read(bytes));
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(HANG_MS);
  expect(detail.file).toBe(FILE);
  return detail;
}

async function refusedTensor(parts: TensorParts): Promise<string> {
  const detail = await refused(torchZip(proto(dict({ weight: tensor(parts) }))));
  expect(detail.tensor).toBe('weight');
  return detail.reason;
}

function fixture(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, 'pytorch', name));
}

describe('a pickle that would run code', () => {
  const proof = path.join(tmpdir(), `prunability-proof-${process.pid}`);
  const payload = call(global('posix', 'system'), text(`touch ${proof}`));

  it('is read, not run, and named', async () => {
    rmSync(proof, { force: true });
    const { tensors, notes } = await read(torchZip(proto(dict({ weight: tensor(), payload }))));
    expect(tensors.map(({ name }) => name)).toEqual(['weight']);
    expect(notes.map(({ code }) => code)).toEqual(['pickle-imports-code']);
    expect(notes[0]?.message).toContain('posix.system');
    expect(existsSync(proof)).toBe(false);
  });

  it.each([
    ['beside the weights', Buffer.concat([payload, Buffer.from('0'), dict({ weight: tensor() })])],
    ['as a state', object(global('torch', 'Tensor'), dict({ weight: tensor(), payload }))],
    [
      'by another way to name it',
      dict({ weight: tensor(), x: Buffer.concat([text('os'), text('system'), raw(0x93)]) }),
    ],
    ['by INST', dict({ weight: tensor(), x: Buffer.from("(S'id'\nios\nsystem\n") })],
    [
      'by OBJ',
      dict({ weight: tensor(), x: Buffer.concat([Buffer.from('('), global('os', 'system'), text('id'), raw(0x6f)]) }),
    ],
    ['by a function of torch', dict({ weight: tensor(), x: call(global('torch.hub', 'load'), text('a/b')) })],
    [
      'by a dotted name',
      dict({ weight: tensor(), x: call(global('torch.nn', 'Module.__init__.__globals__'), text('x')) }),
    ],
    ['by getattr', dict({ weight: tensor(), x: call(global('builtins', 'getattr'), text('a'), text('b')) })],
  ])('is named: %s', async (_, value) => {
    const { tensors, notes } = await read(torchZip(proto(value)));
    expect(tensors.map(({ name }) => name)).toEqual(['weight']);
    expect(notes.map(({ code }) => code)).toEqual(['pickle-imports-code']);
  });

  it('is refused if it is all there is', async () => {
    const { reason, remedy } = await refused(torchZip(proto(payload)));
    expect(reason).toBe('holds no weights');
    expect(remedy).toContain('state_dict');
    expect(existsSync(proof)).toBe(false);
  });

  it('cannot reach the prototype of objects', async () => {
    const keys = dict({ __proto__: tensor() });
    const hidden = Buffer.concat([Buffer.from('}'), text('__proto__'), tensor(), Buffer.from('s')]);
    expect(keys.length).toBeGreaterThan(0);
    const { tensors } = await read(torchZip(proto(hidden)));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__']);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('pickles that ask for too much', () => {
  it('refuses a nesting of 200,000', async () => {
    const deep = Buffer.concat([Buffer.alloc(200_000, ']'), Buffer.alloc(200_000, 'a').subarray(1)]);
    expect((await refused(torchZip(proto(deep)))).reason).toContain('nested more than');
    const calls = Buffer.concat([tensor(), Buffer.alloc(400_000, Buffer.from('\x85q\0', 'latin1'))]);
    expect((await refused(torchZip(proto(calls)))).reason).toContain('nested more than');
  });

  it('reads cyclic objects once', async () => {
    const cyclic = Buffer.concat([Buffer.from(']q\x00(h\x00'), dict({ w: tensor() }), Buffer.from('h\x00e')]);
    expect((await read(torchZip(proto(cyclic)))).tensors.map(({ name }) => name)).toEqual(['1.w']);
    const self = Buffer.from(']q\x00h\x00a');
    expect((await refused(torchZip(proto(self)))).reason).toBe('holds no weights');
  });

  it('refuses objects that double with each level', async () => {
    const levels = Array.from({ length: 60 }, (_, level) => Buffer.from([0x71, level, 0x68, level, 0x86]));
    const bomb = torchZip(proto(Buffer.concat([dict({ w: tensor() }), ...levels])));
    expect((await refused(bomb)).reason).toContain('refer to each other');
    const scalars = Array.from({ length: 60 }, (_, level) => Buffer.from([0x71, level, 0x68, level, 0x86]));
    expect((await refused(torchZip(proto(Buffer.concat([Buffer.from(']'), ...scalars]))))).reason).toContain(
      'refer to',
    );
  });

  it('refuses a list of many references to a long list', async () => {
    const long = Buffer.concat([Buffer.from(']q\x00('), Buffer.alloc(200_000, 'N'), Buffer.from('e')]);
    const many = Buffer.concat([long, Buffer.from(']('), Buffer.alloc(400_000, 'h\x00'), Buffer.from('e')]);
    expect((await refused(torchZip(proto(many)))).reason).toContain('refer to each other');
  });

  it('refuses to fill the memory with dicts', async () => {
    const dicts = Buffer.alloc(3_000_000, '}');
    expect((await refused(torchZip(proto(dicts)))).reason).toContain('MB of memory');
  });

  it('refuses too many instructions', async () => {
    const idle = Buffer.alloc(22_000_000, 'N0');
    expect((await refused(torchZip(proto(idle)))).reason).toMatch(/more than \d+ instructions/);
  });

  it.each([
    ['a string of 2^60 bytes', Buffer.concat([raw(0x8d), raw(0, 0, 0, 0, 0, 0, 0, 0x10), Buffer.from('abc')])],
    ['bytes of 2^60 bytes', Buffer.concat([raw(0x8e), raw(0, 0, 0, 0, 0, 0, 0, 0x10)])],
    ['a bytearray of 2^64 - 1 bytes', Buffer.concat([raw(0x96), Buffer.alloc(8, 255)])],
    ['a string of 4 GB', Buffer.concat([raw(0x58), u32(0xffffffff)])],
    ['a frame of 2^60 bytes', Buffer.concat([raw(0x95), raw(0, 0, 0, 0, 0, 0, 0, 0x10)])],
    ['a line without an end', Buffer.from('cos')],
  ])('refuses %s', async (_, bytes) => {
    const detail = await refused(torchZip(proto(bytes)));
    expect(detail.reason).toBe('its pickle ends in the middle');
    expect(detail.offset).toBeGreaterThan(0);
  });

  it('refuses an integer of a million digits', async () => {
    const digits = Buffer.concat([raw(0x8b), u32(1_000_000), Buffer.alloc(1_000_000, 0x7f)]);
    expect((await refused(torchZip(proto(digits)))).reason).toContain('an integer of 1000000 bytes');
    const decimal = Buffer.concat([Buffer.from('L'), Buffer.alloc(1_000_000, '9'), Buffer.from('L\n')]);
    expect((await refused(torchZip(proto(decimal)))).reason).toContain('a malformed integer');
  });

  it('keeps a memo of far numbers small', async () => {
    const memo = Buffer.concat([dict({ w: tensor() }), raw(0x72), u32(0xffffffff), raw(0x30, 0x6a), u32(0xffffffff)]);
    expect((await read(torchZip(proto(memo)))).tensors).toHaveLength(1);
  });
});

describe('malformed pickles', () => {
  it.each([
    ['an unknown instruction', raw(0xff), 'unknown instruction 0xff'],
    ['a newer protocol', raw(0x80, 6), 'protocol newer than 5'],
    ['an empty stack', Buffer.from('0'), 'empty stack'],
    ['a tuple of what is before a mark', Buffer.from('N(\x86', 'latin1'), 'empty stack'],
    ['no mark', Buffer.from('Nt'), 'a mark that it has not set'],
    ['an unset memo', Buffer.from('h\x05'), 'has not defined'],
    ['a negative memo', Buffer.from('Np-1\n'), 'malformed memo number'],
    ['an odd number of items', Buffer.from('}(Nu'), 'a key without a value'],
    ['appending to None', Buffer.from('NNa'), 'appends to what is no list'],
    ['setting items of a string', Buffer.concat([text('a'), Buffer.from('NNs')]), 'what is no dict'],
    ['adding to a list', Buffer.from('](N\x90', 'latin1'), 'what is no set'],
    ['arguments that are no tuple', Buffer.concat([global('a', 'b'), Buffer.from('NR')]), 'no tuple'],
    ['a class named by a number', Buffer.from('K\x01K\x02\x93', 'latin1'), 'what is no string'],
    ['an object of no class', Buffer.from('(o'), 'no class'],
    ['the extension registry', raw(0x82, 1), 'extension registry'],
    ['buffers outside', raw(0x97), 'not in the file'],
    ['a malformed integer', Buffer.from('Iabc\n'), 'malformed integer'],
    ['a malformed number', Buffer.from('F1.2.3\n'), 'malformed number'],
    ['a malformed string', Buffer.from("S'abc\n"), 'malformed string'],
  ])('refuses %s, and says where', async (_, bytes, reason) => {
    const file = torchZip(Buffer.concat([raw(0x80, 2), bytes, Buffer.from('.')]));
    const detail = await refused(file);
    expect(detail.reason).toContain(reason);
    expect(detail.offset).toBeGreaterThanOrEqual(file.indexOf(bytes));
    expect(detail.offset).toBeLessThan(file.indexOf(bytes) + bytes.length);
  });
});

describe('malformed tensors', () => {
  it.each<[string, TensorParts, string]>([
    ['beyond its storage', { shape: [3, 2] }, 'reaches to byte 24 of a storage that has 16'],
    ['at an offset beyond its storage', { offset: 4 }, 'reaches to byte 32'],
    ['at a negative offset', { offset: -1 }, 'malformed offset'],
    ['at a huge offset', { offset: 2 ** 52 }, 'reaches to byte'],
    ['of a negative size', { shape: [-2, -2] }, 'malformed shape'],
    [
      'of an overflowing shape',
      { shape: [2 ** 31, 2 ** 31, 2 ** 31], strides: [1, 1, 1] },
      'more elements than can be',
    ],
    ['of overflowing strides', { shape: [2, 2], strides: [2 ** 53 - 1, 1] }, 'reaches to byte'],
    ['of negative strides', { strides: [-2, 1] }, 'negative'],
    ['of too few strides', { strides: [1] }, 'strides that do not fit'],
    ['of 65 dimensions', { shape: Array<number>(65).fill(1), strides: Array<number>(65).fill(1) }, 'malformed shape'],
    ['of a storage that is missing', { key: '7' }, 'are not in the file'],
    ['of a storage outside the folder', { key: '../../etc/passwd' }, 'are not in the file'],
    ['of a negative number of elements', { numel: -4 }, 'storage without a size'],
    ['of a storage that is larger than its entry', { numel: 5 }, 'has 16 bytes of the 20 that are promised'],
  ])('refuses one %s', async (_, parts, reason) => {
    expect(await refusedTensor(parts)).toContain(reason);
  });

  it('refuses an expansion to more values than anyone stores', async () => {
    const bytes = torchZip(proto(dict({ w: tensor({ shape: [1e9, 1e6], strides: [0, 0] }) })));
    expect((await refused(bytes)).reason).toContain('overlap so much');
    const alias = tensor({ shape: [1e9, 1e6], strides: [0, 0] });
    expect((await refused(torchZip(proto(dict({ w: tensor(), alias }))))).reason).toContain('overlap so much');
  });

  it('refuses storages of an unknown type', async () => {
    expect(await refusedTensor({ type: 'EvilStorage' })).toContain('of the type torch.EvilStorage');
  });

  it('refuses parameters of parameters without end', async () => {
    let value = tensor();
    for (let level = 0; level < 20; level++) value = call(global('torch._utils', '_rebuild_parameter'), value);
    const detail = await refused(torchZip(proto(dict({ w: value }))));
    expect(detail).toMatchObject({ tensor: 'w' });
  });

  it('survives arguments of the wrong kind everywhere', async () => {
    const makers = ['_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_qtensor', '_rebuild_parameter'];
    for (const maker of makers) {
      for (const args of [
        [],
        [Buffer.from('N')],
        [int(1), int(2), int(3), int(4)],
        [list(), list(), list(), list(), list()],
      ]) {
        const detail = await refused(torchZip(proto(dict({ w: call(global('torch._utils', maker), ...args) }))));
        expect(detail.reason).toMatch(/has no storage|holds no weights/);
      }
    }
  });
});

describe('damaged containers', () => {
  it.each([0, 1, 30, 200, 2000, 3000])('refuses a zip cut to %i bytes', async (length) => {
    await refused(fixture('floats.pt').subarray(0, length));
  });

  it.each([0, 1, 14, 20, 60, 300, 1000, 1400])('refuses a legacy file cut to %i bytes', async (length) => {
    await refused(fixture('legacy_protocol4.pt').subarray(0, length));
  });

  it('refuses a data.pkl that inflates without end', async () => {
    const bomb = Buffer.alloc(MAX_HEADER_BYTES + 10_000_000);
    const honest = zip({ name: 'a/data.pkl', data: bomb, deflate: true });
    expect((await refused(honest)).reason).toContain(`more than the ${MAX_HEADER_BYTES} that are read`);
    const lying = zip({ name: 'a/data.pkl', data: bomb, deflate: true, size: 1000 });
    expect((await refused(lying)).reason).toContain('more bytes than the 1000');
  });

  it('refuses a storage that inflates a thousandfold', async () => {
    const bomb = { name: 'a/data/1', data: Buffer.alloc(80_000_000), deflate: true };
    const bytes = torchZip(
      proto(dict({ w: tensor({ key: '1', shape: [20_000_000], strides: [1], numel: 20_000_000 }) })),
      bomb,
    );
    expect((await refused(bytes)).reason).toContain('would inflate from');
  });

  it('refuses a legacy file whose storages are missing, or larger than the file', async () => {
    const pickle = proto(dict({ w: tensor() }));
    const keys = proto(list(text('0')));
    const sound = torchLegacy(pickle, keys, legacyStorage(4, Buffer.alloc(16)));
    expect((await read(sound)).tensors).toHaveLength(1);
    expect((await refused(torchLegacy(pickle, proto(list())))).reason).toContain('are not in the file');
    expect((await refused(torchLegacy(pickle, keys, legacyStorage(5, Buffer.alloc(16))))).reason).toContain(
      '5 elements',
    );
    expect((await refused(torchLegacy(pickle, keys, legacyStorage(-1, Buffer.alloc(16))))).reason).toContain(
      '-1 elements',
    );
    expect((await refused(torchLegacy(pickle, keys, legacyStorage(2 ** 62, Buffer.alloc(16))))).reason).toContain(
      'elements',
    );
    const twice = proto(list(text('0'), text('0')));
    const storage = legacyStorage(4, Buffer.alloc(16));
    expect((await refused(torchLegacy(pickle, twice, storage, storage))).reason).toContain('twice');
    const unknown = proto(list(text('9')));
    expect((await refused(torchLegacy(pickle, unknown, storage))).reason).toContain('nothing refers to');
  });

  it('reads storages of legacy files that are views of others', async () => {
    const view = tuple(text('view'), int(3), int(4));
    const pickle = proto(dict({ w: tensor({ numel: 10, view, offset: 1, shape: [3], strides: [1] }) }));
    const { tensors } = await read(torchLegacy(pickle, proto(list(text('0'))), legacyStorage(10, Buffer.alloc(40))));
    const [extent] = tensors[0]?.storage.extents ?? [];
    expect(extent).toMatchObject({ length: 12 });
    const beyond = tuple(text('view'), int(8), int(4));
    const outside = proto(dict({ w: tensor({ numel: 10, view: beyond }) }));
    const bytes = torchLegacy(outside, proto(list(text('0'))), legacyStorage(10, Buffer.alloc(40)));
    expect((await refused(bytes)).reason).toContain('40 bytes of the 48 that are promised');
  });

  it('refuses an unknown byte order', async () => {
    const bytes = torchZip(proto(dict({ w: tensor() })), { name: 'a/byteorder', data: Buffer.from('middle') });
    expect((await refused(bytes)).reason).toContain('"middle"');
  });

  it.each([
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n', /git lfs pull/],
    ['a web page', '<!DOCTYPE html><html></html>', /not a web page/],
    ['a plain pickle', '\x80\x04N.', /torch\.save/],
    ['a gzip file', '\x1f\x8b\x08', /Unpack/],
    ['a tar archive', `${'model.pt'.padEnd(257, '\0')}ustar`, /Unpack/],
    ['the format of 2016', `${'sys_info'.padEnd(257, '\0')}ustar`, /copy or download/],
    ['nothing', '', /download/],
  ])('says what to do with %s', async (_, content, remedy) => {
    expect((await refused(Buffer.from(content, 'latin1'))).remedy).toMatch(remedy);
  });

  it.each([
    ['a Keras model', 'model.weights.h5', /Keras/],
    ['a NumPy archive', 'a.npy', /NumPy/],
    ['an archive of models', 'a/b.safetensors', /archive with models/],
    ['any archive', 'a.txt', /no data\.pkl/],
  ])('says that it is %s', async (_, name, reason) => {
    expect((await refused(zip({ name, data: Buffer.from('x') }))).reason).toMatch(reason);
  });

  it('stops when it is cancelled', async () => {
    const source = new BufferSource(FILE, fixture('floats.pt'));
    const work = pytorchReader.open({
      source,
      signal: AbortSignal.abort(),
      openSibling: () => Promise.reject(new Error('no siblings')),
    });
    await expect(work).rejects.toBeInstanceOf(CancelledError);
  });
});
