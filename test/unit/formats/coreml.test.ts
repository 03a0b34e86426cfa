import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { coremlReader } from '../../../src/formats/coreml/coreml';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { field, message } from './tensorflow-bytes';
import { formatError, readBytes } from './thrown';

const FOLDER = path.join(FIXTURES, 'coreml');
const MODEL = 'Data/com.apple.CoreML/model.mlmodel';
type Expected = Record<string, { shape: number[]; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

/** Compressed in ways that are not read. */
const UNREAD: Readonly<Record<string, string[]>> = {
  'sparse16.mlpackage': ['conv1', 'fc', 'wide', 'deep'].map((layer) => `${layer}_weight_0_sparsified`),
  // Groups of 324 bits do not begin at a byte.
  'lut18.mlpackage': ['conv1_weight_0_to_fp16_palettized'],
};

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('Core ML packages', () => {
  it.each(Object.keys(EXPECTED))('%s has the values that coremltools reads', async (name) => {
    const checkpoint = await open(name);
    const unread = UNREAD[name] ?? [];
    const notes = checkpoint.notes.map(({ code, tensors }) => [code, tensors]);
    expect(notes).toEqual(unread.length === 0 ? [] : [['packed-weights', unread]]);
    const expected = EXPECTED[name]!;
    const names = Object.keys(expected).filter((tensor) => !unread.includes(tensor));
    expect(checkpoint.tensors.map((tensor) => tensor.name).sort()).toEqual(names.sort());
    for (const tensor of checkpoint.tensors) {
      const reference = expected[tensor.name]!;
      expect(tensor.shape, tensor.name).toEqual(reference.shape);
      expect(tensor.role, tensor.name).toBe(tensor.shape.length === 1 ? 'bias' : 'weight');
      expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(reference.sha256);
    }
  });

  it('are opened by the model in them, too', async () => {
    const { files, tensors } = await open(`float16.mlpackage/${MODEL}`);
    expect(files.map((file) => path.basename(file.path))).toEqual(['model.mlmodel', 'weight.bin']);
    expect(tensors).toHaveLength(8);
  });

  it('say how weights are stored', async () => {
    const stored = async (name: string): Promise<(string | undefined)[]> =>
      (await open(name)).tensors.filter(({ role }) => role === 'weight').map(({ storedAs }) => storedAs);
    expect(await stored('affine16.mlpackage')).toEqual([
      'int8, 8 scales',
      'int8, 16 scales',
      'int8, 64 scales',
      'int8, 64 scales',
    ]);
    expect(await stored('blocks18.mlpackage')).toEqual([
      undefined,
      'int4, 16 scales',
      'int4, 128 scales',
      'int4, 512 scales',
    ]);
    expect(await stored('lut16.mlpackage')).toEqual(Array.from({ length: 4 }, () => 'palette of 16 values'));
  });
});

const float = (...sizes: number[]): Buffer =>
  field(1, message(field(1, 11), field(2, sizes.length), ...sizes.map((size) => field(3, field(1, field(1, size))))));

/** A value in a file of blobs. */
function blob(file: string, offset: number | bigint, ...sizes: number[]): Buffer {
  return message(field(2, float(...sizes)), field(5, message(field(1, file), field(2, offset))));
}

function constant(name: string, value: Uint8Array, ...sizes: number[]): Buffer {
  const attribute = field(5, message(field(1, 'val'), field(2, value)));
  return message(field(1, 'const'), field(3, message(field(1, name), field(2, float(...sizes)))), attribute);
}

function model(...operations: readonly Uint8Array[]): Buffer {
  const block = message(...operations.map((operation) => field(3, operation)));
  const main = message(field(3, message(field(1, 'CoreML7'), field(2, block))));
  const program = message(field(1, 1), field(2, message(field(1, 'main'), field(2, main))));
  return message(field(1, 7), field(2, field(1, message(field(1, 'x'), field(2, 'number')))), field(502, program));
}

/** A file with one blob of floats at byte 64. */
function weights(
  values: number,
  changes: { sentinel?: number; type?: number; size?: number; start?: bigint } = {},
): Buffer {
  const bytes = Buffer.alloc(128 + 4 * values);
  bytes.writeUInt32LE(1, 0);
  bytes.writeUInt32LE(2, 4);
  bytes.writeUInt32LE(changes.sentinel ?? 0xdeadbeef, 64);
  bytes.writeUInt32LE(changes.type ?? 2, 68);
  bytes.writeBigUInt64LE(BigInt(changes.size ?? 4 * values), 72);
  bytes.writeBigUInt64LE(changes.start ?? 128n, 80);
  return bytes;
}

const FILE = '@model_path/weights/weight.bin';

describe('hostile Core ML models', () => {
  const read = (bytes: Uint8Array, file = weights(6)): Promise<Checkpoint> =>
    readBytes(coremlReader, bytes, '/data/model.mlmodel', { 'weights/weight.bin': file });

  it('are like this one, which is good', async () => {
    const bytes = model(constant('w', blob(FILE, 64, 2, 3), 2, 3));
    expect(coremlReader.matches(bytes, { path: '', size: 0 } as never)).toBe(true);
    const { tensors } = await read(bytes);
    expect(tensors).toMatchObject([{ name: 'w', storage: { extents: [{ file: 1, offset: 128, length: 24 }] } }]);
  });

  const good = constant('w', blob(FILE, 64, 2, 3), 2, 3);
  it.each([
    ['no sentinel', good, weights(6, { sentinel: 1 }), 'has no blob'],
    ['another type', good, weights(6, { type: 1 }), 'blob of type 1'],
    ['a smaller blob', good, weights(6, { size: 20 }), '24 are needed'],
    ['a blob beyond the end', good, weights(6, { start: 132n }), 'the file has 152'],
    ['a blob at 2^60', good, weights(6, { start: 2n ** 60n }), 'the file has 152'],
    ['a place beyond the end', constant('w', blob(FILE, 100, 2, 3), 2, 3), weights(6), 'has no blob'],
    ['a negative place', constant('w', blob(FILE, -64n, 2, 3), 2, 3), weights(6), 'has no blob'],
    ['a file outside', constant('w', blob('@model_path/../../x', 64, 2, 3), 2, 3), weights(6), 'names ../../x'],
    ['an absolute file', constant('w', blob('/etc/passwd', 64, 2, 3), 2, 3), weights(6), 'names /etc/passwd'],
    ['a shape that overflows', constant('w', blob(FILE, 64, 2 ** 40, 2 ** 40), 2, 3), weights(6), 'impossible shape'],
    ['a negative size', constant('w', blob(FILE, 64, -2, 3), 2, 3), weights(6), 'impossible shape'],
    [
      '65 dimensions',
      constant('w', blob(FILE, 64, ...Array.from({ length: 65 }, () => 1)), 1),
      weights(6),
      '64 dimensions',
    ],
  ] as const)('are refused: %s', async (_, operation, file, reason) => {
    expect((await formatError(read(model(operation), file))).reason).toContain(reason);
  });

  it('may have names twice, and strange ones; what is the same is an alias', async () => {
    const { tensors, notes } = await read(model(good, good, constant('__proto__', blob(FILE, 64, 6), 6)));
    expect(tensors.map(({ name, aliasOf }) => [name, aliasOf])).toEqual([
      ['w', undefined],
      ['w#2', 'w'],
      ['__proto__', undefined],
    ]);
    expect(notes).toMatchObject([{ code: 'renamed-tensors', tensors: ['w#2'] }]);
  });

  it('may nest blocks, but not too deep', async () => {
    let block = message();
    for (let depth = 0; depth < 60; depth++) block = message(field(3, message(field(1, 'cond'), field(4, block))));
    expect((await formatError(read(model(message(field(4, block)))))).reason).toContain('deeper');
  });

  it.each([
    ['a tree', message(field(1, 1), field(2, ''), field(302, '')), 'kind 302'],
    ['a program that is cut off', model(good).subarray(0, -3), 'are left'],
  ])('are refused: %s', async (_, bytes, reason) => {
    expect((await formatError(read(bytes))).reason).toContain(reason);
  });

  it.each([
    ['no root', '{"fileFormatVersion": "1.0.0", "itemInfoEntries": {}, "rootModelIdentifier": "a"}', 'names no model'],
    [
      'a root outside',
      '{"fileFormatVersion": "1.0.0", "itemInfoEntries": {"a": {"path": "../../x"}}, "rootModelIdentifier": "a"}',
      'names Data/../../x',
    ],
    ['no JSON', '{"fileFormatVersion": "1.0.0", "itemInfoEntries": {', ''],
  ])('refuse manifests with %s', async (_, text, reason) => {
    const detail = await formatError(readBytes(coremlReader, Buffer.from(text), '/data/Manifest.json'));
    expect(detail.reason).toContain(reason);
  });
});
