import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { tfjsReader } from '../../../src/formats/tfjs/tfjs';
import { manifestBeside } from '../../../src/formats/tfjs/tfjs-shard';
import { FIXTURES, openWith, storedBytes, valuesSha256 } from './stored-values';

const FOLDER = path.join(FIXTURES, 'tfjs');

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;

function expectTensors(checkpoint: Checkpoint, expected: Expected): void {
  expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  for (const tensor of checkpoint.tensors) {
    const { shape, dtype, sha256 } = expected[tensor.name]!;
    expect(tensor.shape, tensor.name).toEqual(shape);
    // The reference writes "float32<-uint8" for what is stored quantised.
    const [logical, stored = logical] = dtype.split('<-');
    expect(tensor.dtype, tensor.name).toBe(logical);
    expect(tensor.storage.dtype, tensor.name).toBe(stored);
    expect(valuesSha256(checkpoint, tensor), tensor.name).toBe(sha256);
  }
}

describe('reference model', () => {
  it('reads every value, quantised or cut by the end of a shard', async () => {
    const reference = JSON.parse(readFileSync(path.join(FOLDER, 'reference.json'), 'utf8')) as Record<string, Expected>;
    const checkpoint = await openWith(tfjsReader, path.join(FOLDER, 'model.json'));
    expect(checkpoint.formatLabel).toBe('TensorFlow.js layers model, 2 shards');
    expect(checkpoint.notes).toEqual([]);
    expect(checkpoint.tensors.some(({ storage }) => storage.extents.length === 2)).toBe(true);
    expectTensors(checkpoint, reference['model.json']!);
  });
});

describe('real models', () => {
  const models = [
    ['languagedetection', '@vscode/vscode-languagedetection/model/model.json', 'TensorFlow.js graph model'],
    [
      'face-expression',
      '@vladmandic/face-api/model/face_expression_model-weights_manifest.json',
      'TensorFlow.js weights manifest',
    ],
  ] as const;
  for (const [name, file, label] of models) {
    it(`reads every value of ${file}`, async () => {
      const model = path.resolve(import.meta.dirname, '../../../node_modules', file);
      expect(existsSync(model), `${model} is missing: run npm ci`).toBe(true);
      const { tensors } = JSON.parse(readFileSync(path.join(FOLDER, `${name}.reference.json`), 'utf8')) as {
        tensors: Expected;
      };
      const checkpoint = await openWith(tfjsReader, model);
      expect(checkpoint.formatLabel).toBe(label);
      expectTensors(checkpoint, tensors);
    });
  }
});

describe('made models', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tfjs-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  async function read(manifest: unknown, shards: Record<string, Uint8Array>): Promise<Checkpoint> {
    for (const [name, bytes] of Object.entries(shards)) writeFileSync(path.join(folder, name), bytes);
    const file = path.join(folder, 'model.json');
    writeFileSync(file, JSON.stringify(manifest));
    return await openWith(tfjsReader, file);
  }

  it('passes over strings, of which some cross shards, and notes them', async () => {
    const strings = Buffer.concat(
      ['a', 'wörd', ''].map((word) => {
        const text = Buffer.from(word);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return Buffer.concat([length, text]);
      }),
    );
    const bytes = Buffer.concat([Buffer.from([7]), strings, Buffer.from(new Float32Array([1, -2]).buffer)]);
    const manifest = [
      {
        paths: ['s1', 's2', 's3'],
        weights: [
          { name: 'flag', shape: [], dtype: 'bool' },
          { name: 'words', shape: [3], dtype: 'string' },
          { name: 'w', shape: [2], dtype: 'float32' },
        ],
      },
    ];
    const checkpoint = await read(manifest, {
      s1: bytes.subarray(0, 3),
      s2: bytes.subarray(3, 19),
      s3: bytes.subarray(19),
    });
    expect(checkpoint.notes).toMatchObject([{ code: 'string-tensors', tensors: ['words'] }]);
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['flag', 'w']);
    expect([...new Float32Array(new Uint8Array(storedBytes(checkpoint, checkpoint.tensors[1]!)).buffer)]).toEqual([
      1, -2,
    ]);
  });

  it('reads quantised integers, complex numbers, several groups and one shard in two of them', async () => {
    const checkpoint = await read(
      {
        modelTopology: { deep: [[[{ x: 'y' }]]] },
        weightsManifest: [
          { paths: ['a'], weights: [{ name: 'c', shape: [1], dtype: 'complex64' }] },
          {
            paths: ['a'],
            weights: [
              { name: 'i', shape: [3], dtype: 'int32', quantization: { dtype: 'uint8', scale: 0.5, min: -2.5 } },
              { name: 'none', shape: [0, 4], dtype: 'float32' },
            ],
          },
        ],
      },
      { a: Buffer.from([0, 1, 255, 0, 0, 0, 0, 0]) },
    );
    expect(checkpoint.formatLabel).toBe('TensorFlow.js layers model');
    expect(checkpoint.tensors).toMatchObject([
      { name: 'c', dtype: 'complex64', storage: { extents: [{ file: 0, offset: 0, length: 8 }] } },
      { name: 'i', dtype: 'int32', storage: { dtype: 'uint8', quantization: { scale: 0.5, min: -2.5 } } },
      { name: 'none', count: 0, storage: { extents: [] } },
    ]);
    expect(checkpoint.notes).toMatchObject([{ code: 'trailing-bytes' }]);
  });

  it('finds the manifest beside a shard', async () => {
    await read([{ paths: ['face.bin'], weights: [] }], { 'face.bin': Buffer.alloc(1) });
    expect(await manifestBeside(path.join(folder, 'face.bin'))).toBe(path.join(folder, 'model.json'));
    expect(await manifestBeside(path.join(FIXTURES, 'npz', 'x.bin'))).toBeUndefined();
  });
});
