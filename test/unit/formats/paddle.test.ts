import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'paddle');

/** file → tensor → type, shape, SHA-256 of the values as float32. */
type Expected = Record<string, Record<string, [dtype: string, shape: number[], sha256: string]>>;

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Expected;

async function read(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('PaddlePaddle and pickles of NumPy arrays', () => {
  it.each(Object.entries(EXPECTED))('%s: every value is as paddle or numpy has it', async (file, expected) => {
    const checkpoint = await read(file);
    const found: Record<string, unknown> = {};
    for (const entry of checkpoint.tensors) {
      found[entry.name] = [entry.dtype, entry.shape, await engineSha256(checkpoint, entry)];
    }
    expect(found).toEqual(expected);
  });

  it('knows the running statistics of normalisation layers', async () => {
    const checkpoint = await read('model.pdparams');
    expect(checkpoint.formatLabel).toBe('PaddlePaddle');
    expect(checkpoint.notes).toEqual([]);
    expect(checkpoint.tensors.filter(({ role }) => role === 'buffer').map(({ name }) => name)).toEqual([
      '1._mean',
      '1._variance',
    ]);
  });

  it('names arrays of objects', async () => {
    const checkpoint = await read('arrays4.pkl');
    expect(checkpoint.formatLabel).toBe('Pickle of NumPy arrays');
    expect(checkpoint.notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['words'] }]);
  });

  it.each([
    ['model.pdopt', /optimiser/, /\.pdparams/],
    ['program2.pdmodel', /without its weights/, /program2\.pdiparams/],
  ])('refuses %s, and says what to do', async (file, reason, remedy) => {
    const detail = await formatError(read(file));
    expect(detail.reason).toMatch(reason);
    expect(detail.remedy).toMatch(remedy);
  });
});
