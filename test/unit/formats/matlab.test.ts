import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'matlab');

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;

const expected = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function open(name: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  await opened.close();
  return opened.checkpoint;
}

describe('MAT-files', () => {
  it.each(Object.keys(expected))('reads every value of %s', async (name) => {
    const checkpoint = await open(name);
    expect(checkpoint.format).toBe('matlab');
    expect(checkpoint.tensors.map((tensor) => tensor.name).sort()).toEqual(Object.keys(expected[name]!).sort());
    for (const tensor of checkpoint.tensors) {
      const { shape, dtype, sha256 } = expected[name]![tensor.name]!;
      expect(tensor.shape, tensor.name).toEqual(shape);
      expect(tensor.dtype, tensor.name).toBe(dtype);
      expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(sha256);
    }
  });

  it.each(['plain.mat', 'compressed.mat'])('says what it leaves out of %s', async (name) => {
    const { notes } = await open(name);
    expect(notes).toMatchObject([
      {
        code: 'skipped-text',
        tensors: [
          'net.layers{1}.type',
          'net.layers{1}.name',
          'net.layers{2}.type',
          'net.layers{3}.type',
          'net.meta.classes{1}',
          'net.meta.classes{2}',
          'text',
        ],
      },
      { code: 'skipped-complex', tensors: ['complex_one'] },
      { code: 'skipped-sparse', tensors: ['sparse_one'] },
    ]);
  });

  it('says how integers are stored that MATLAB calls doubles', async () => {
    const { tensors } = await open('big_endian.mat');
    expect(tensors.find(({ name }) => name === 'bytes')).toMatchObject({ dtype: 'float64', storedAs: 'uint8' });
  });

  it('takes vectors for what they are', async () => {
    const { tensors } = await open('plain.mat');
    const roles = new Map(tensors.map(({ name, role }) => [name, role]));
    expect(roles.get('net.layers{1}.weights{1}')).toBe('weight');
    expect(roles.get('scalar')).toBe('constant');
    expect(roles.get('row')).toBe('other');
  });

  it('refuses version 4', async () => {
    const detail = await formatError(open('version4.mat'));
    expect(detail.reason).toContain('version 5');
    expect(detail.remedy).toContain('-v7');
  });
});
