import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tfjsReader } from '../../../src/formats/tfjs/tfjs';
import { openWith } from './stored-values';
import { formatError, HANG_MS, readBytes } from './thrown';

const FILE = '/web/model.json';

function weight(extra: Record<string, unknown>): unknown {
  return { name: 'w', shape: [2], dtype: 'float32', ...extra };
}

function manifest(weights: readonly unknown[], paths: readonly unknown[] = ['a']): Buffer {
  return Buffer.from(JSON.stringify({ format: 'graph-model', weightsManifest: [{ paths, weights }] }));
}

describe('hostile TensorFlow.js models', () => {
  const quantized = (quantization: unknown, dtype = 'float32'): Buffer => manifest([weight({ dtype, quantization })]);

  it.each([
    ['no JSON', Buffer.from('{"weightsManifest"'), 'colon'],
    ['no manifest', Buffer.from('{"modelTopology":{}}'), 'without a "weightsManifest"'],
    ['two manifests', Buffer.from('{"weightsManifest":[],"weightsManifest":[]}'), 'twice'],
    ['a manifest that is an object', Buffer.from('{"weightsManifest":{}}'), 'should be an array'],
    ['a group without paths', Buffer.from('[{"weights":[]}]'), 'without "paths"'],
    ['paths twice', Buffer.from('[{"weights":[],"paths":[],"paths":[]}]'), 'twice'],
    ['a path that is a number', manifest([], [1]), 'should be a string'],
    ['a weight without a name', manifest([{ shape: [], dtype: 'float32' }]), 'without "name"'],
    ['a weight without a shape', manifest([{ name: 'w', dtype: 'float32' }]), 'without "name", "dtype" or "shape"'],
    ['a negative size', manifest([weight({ shape: [-2] })]), 'not a whole number'],
    ['a shape whose product overflows', manifest([weight({ shape: [2 ** 30, 2 ** 30] })]), 'impossible shape'],
    ['bytes whose number overflows', manifest([weight({ shape: [2 ** 52] })]), 'too large'],
    ['65 dimensions', manifest([weight({ shape: Array(65).fill(1) })]), 'more than 64'],
    ['an unknown dtype', manifest([weight({ dtype: 'float8' })]), 'unknown dtype'],
    ['the same weight twice', manifest([weight({}), weight({})]), 'twice'],
    ['a quantisation without dtype', quantized({ scale: 1, min: 0 }), 'without "dtype"'],
    ['an unknown quantisation', quantized({ dtype: 'uint4', scale: 1, min: 0 }), 'quantised as "uint4"'],
    ['float16 for integers', quantized({ dtype: 'float16' }, 'int32'), 'quantised as "float16"'],
    ['a quantised bool', quantized({ dtype: 'uint8', scale: 1, min: 0 }, 'bool'), 'quantised as'],
    ['quantised strings', quantized({ dtype: 'uint8', scale: 1, min: 0 }, 'string'), 'unknown dtype'],
    ['no scale', quantized({ dtype: 'uint8', min: 0 }), 'finite'],
    ['weights beyond the end', manifest([weight({ shape: [3] })]), 'cut off'],
    ['strings beyond the end', manifest([{ name: 's', shape: [3], dtype: 'string' }]), 'cut off'],
    ['10^9 strings', manifest([{ name: 's', shape: [10 ** 9], dtype: 'string' }]), 'at most'],
  ] as const)('refuses %s', async (_, bytes, reason) => {
    const detail = await formatError(readBytes(tfjsReader, bytes, FILE, { a: Buffer.alloc(8) }));
    expect(detail.reason).toContain(reason);
  });

  it('refuses an infinite scale', async () => {
    const text = quantized({ dtype: 'uint8', scale: 4, min: 0 }).toString().replace('"scale":4', '"scale":4e999');
    const detail = await formatError(readBytes(tfjsReader, Buffer.from(text), FILE, { a: Buffer.alloc(8) }));
    expect(detail.reason).toContain('finite');
  });

  it('refuses a string that claims 4 GiB', async () => {
    const bytes = manifest([{ name: 's', shape: [1], dtype: 'string' }]);
    const detail = await formatError(readBytes(tfjsReader, bytes, FILE, { a: Buffer.alloc(8, 0xff) }));
    expect(detail).toMatchObject({ file: 'a', tensor: 's' });
    expect(detail.reason).toContain('cut off');
  });

  it('takes a topology of any depth up to a limit', async () => {
    const text = (depth: number): Buffer =>
      Buffer.from(`{"modelTopology":${'['.repeat(depth)}${']'.repeat(depth)},"weightsManifest":[]}`);
    await expect(readBytes(tfjsReader, text(200), FILE)).resolves.toMatchObject({ tensors: [] });
    expect((await formatError(readBytes(tfjsReader, text(200_000), FILE))).reason).toContain('nests deeper');
  });

  it('stays quick with many shards and many weights', async () => {
    const names = Array.from({ length: 5000 }, (_, index) => ({ name: String(index), shape: [], dtype: 'float32' }));
    const paths = Array.from({ length: 5000 }, () => 'a');
    const start = performance.now();
    const { tensors } = await readBytes(tfjsReader, manifest(names, paths), FILE, { a: Buffer.alloc(4) });
    expect(tensors).toHaveLength(5000);
    expect(performance.now() - start).toBeLessThan(HANG_MS);
  });
});

describe('shards on disk', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tfjs-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['https://example.com/weights.bin', 'nothing is downloaded'],
    ['file:///etc/passwd', 'nothing is downloaded'],
    ['/etc/passwd', 'absolute'],
    ['../weights.bin', 'leads out'],
    ['a/../../weights.bin', 'leads out'],
    ['..\\weights.bin', 'backslash'],
    ['weights.bin\0.json', 'NUL'],
    ['', 'is empty'],
    ['.', 'not in its folder'],
    ['missing.bin', 'not in its folder'],
    ['model.json/weights.bin', 'not in its folder'],
    ['n'.repeat(4000), 'ENAMETOOLONG'],
  ])('refuses the path %j', async (shard, reason) => {
    const file = path.join(folder, 'model.json');
    writeFileSync(file, manifest([weight({})], [shard]));
    const detail = await formatError(openWith(tfjsReader, file));
    expect(detail.file).toBe(file);
    // The folder itself is there, but it is no file.
    expect(detail.reason).toContain(shard === '.' ? 'out of the folder' : reason);
  });
});
