import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { openCheckpoint, type OpenedCheckpoint } from '../../../src/formats/registry';
import { engineSha256, engineValues } from './engine-values';
import { FIXTURES } from './stored-values';

interface Expected {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly sha256: string;
}

const FOLDER = path.join(FIXTURES, 'onnx');
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<
  string,
  Record<string, Expected>
>;

/** Opens a fixture for a test. */
async function withFixture<Result>(name: string, use: (checkpoint: Checkpoint) => Promise<Result>): Promise<Result> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  try {
    return await use(opened.checkpoint);
  } finally {
    await opened.close();
  }
}

function named({ tensors }: Checkpoint, name: string): TensorEntry {
  const tensor = tensors.find((entry) => entry.name === name);
  if (tensor === undefined) throw new Error(`${name} is not among ${tensors.map((entry) => entry.name).join(', ')}`);
  return tensor;
}

describe.each(Object.entries(EXPECTED))('%s', (file, tensors) => {
  let opened: OpenedCheckpoint;
  beforeAll(async () => {
    opened = await openCheckpoint(path.join(FOLDER, file));
  });
  afterAll(() => opened.close());

  it('opens without complaint', () => {
    expect(opened.checkpoint.format).toBe('onnx');
    expect(opened.checkpoint.notes.filter(({ code }) => code !== 'string-tensors')).toEqual([]);
  });

  it.each(Object.entries(tensors))('%s has the values of the reference', async (name, { shape, dtype, sha256 }) => {
    const tensor = named(opened.checkpoint, name);
    expect({ shape: tensor.shape, dtype: tensor.dtype }).toEqual({ shape, dtype });
    expect(await engineSha256(opened.checkpoint, tensor)).toBe(sha256);
  });
});
