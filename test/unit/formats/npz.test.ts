import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/errors';
import { npyReader } from '../../../src/formats/numpy/npy';
import { npzReader } from '../../../src/formats/numpy/npz';
import { FIXTURES, openWith, valuesSha256 } from './stored-values';

const FOLDER = path.join(FIXTURES, 'npz');

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;

function load(name: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'));
}

async function expectTensors(file: string, expected: Expected): Promise<void> {
  const checkpoint = await openWith(npzReader, path.join(FOLDER, file));
  expect(checkpoint.tensors.map(({ name }) => name)).toEqual(Object.keys(expected));
  for (const tensor of checkpoint.tensors) {
    const { shape, dtype, sha256 } = expected[tensor.name]!;
    expect(tensor.shape, tensor.name).toEqual(shape);
    expect(tensor.dtype, tensor.name).toBe(dtype);
    expect(valuesSha256(checkpoint, tensor), tensor.name).toBe(sha256);
  }
}

describe('npz', () => {
  for (const [file, expected] of Object.entries(load('reference.json') as Record<string, Expected>)) {
    if (!file.endsWith('.npz')) continue;
    it(`reads every value of the reference file ${file}`, async () => {
      await expectTensors(file, expected);
    });
  }

  for (const file of ['kinds.npz', 'kinds_compressed.npz']) {
    it(`reads every type, byte order and memory order of ${file}`, async () => {
      await expectTensors(file, load('kinds.expected.json') as Expected);
      const { notes, tensors } = await openWith(npzReader, path.join(FOLDER, file));
      expect(notes).toMatchObject([{ code: 'assumed-bfloat16', tensors: ['bf16'] }]);
      const strided = tensors.filter(({ storage }) => storage.strides !== undefined).map(({ name }) => name);
      expect(strided).toEqual(['f4_fortran', 'f8_big_fortran', 'fortran_matrix']);
      const big = tensors.filter(({ storage }) => storage.bigEndian).map(({ name }) => name);
      expect(big).not.toContain('i1_big');
      expect(big).toHaveLength(10);
    });
  }

  it('skips what it cannot analyze, and says so', async () => {
    const checkpoint = await openWith(npzReader, path.join(FOLDER, 'refused.npz'));
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['complex', 'kept']);
    expect(checkpoint.notes).toMatchObject([
      { code: 'skipped-arrays', tensors: ['objects', 'structured', 'text', 'float8'] },
    ]);
    expect(checkpoint.notes[0]?.message).toContain('pickle');
  });
});

describe('npy', () => {
  it('reads the reference array', async () => {
    const expected = (load('reference.json') as Record<string, Expected>)['fc1.npy']!.fc1!;
    const checkpoint = await openWith(npyReader, path.join(FOLDER, 'fc1.npy'));
    expect(checkpoint.tensors).toMatchObject([{ name: 'fc1', shape: [64, 256], dtype: 'float32', role: 'weight' }]);
    expect(valuesSha256(checkpoint, checkpoint.tensors[0]!)).toBe(expected.sha256);
  });

  it('reads versions 2 and 3, and Fortran order', async () => {
    const kinds = load('kinds.expected.json') as Expected;
    for (const [file, key] of [
      ['version2.npy', 'f4'],
      ['version3.npy', 'f4'],
      ['fortran.npy', 'fortran_matrix'],
    ] as const) {
      const checkpoint = await openWith(npyReader, path.join(FOLDER, file));
      expect(valuesSha256(checkpoint, checkpoint.tensors[0]!), file).toBe(kinds[key]!.sha256);
    }
  });

  it.each([
    ['objects.npy', 'pickle'],
    ['structured.npy', 'named fields'],
  ])('refuses %s', async (file, reason) => {
    const error = await openWith(npyReader, path.join(FOLDER, file)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(FormatError);
    const { detail } = error as FormatError;
    expect(detail.file).toBe(path.join(FOLDER, file));
    expect(detail.reason).toContain(reason);
    expect(detail.remedy).not.toBe('');
  });
});
