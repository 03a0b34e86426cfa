import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'orbax');

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;

const expected = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function open(name: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, name));
  await opened.close();
  return opened.checkpoint;
}

async function expectTensors(checkpoint: Checkpoint, wanted: Expected): Promise<void> {
  expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(wanted).sort());
  for (const tensor of checkpoint.tensors) {
    const { shape, dtype, sha256 } = wanted[tensor.name]!;
    expect(tensor.shape, tensor.name).toEqual(shape);
    expect(tensor.dtype, tensor.name).toBe(dtype);
    expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(sha256);
  }
}

describe('Orbax and zarr', () => {
  it.each(Object.keys(expected))('reads every value of %s', async (name) => {
    const checkpoint = await open(name);
    expect(checkpoint.format).toBe(name.endsWith('.zarr') ? 'zarr' : 'orbax');
    await expectTensors(checkpoint, expected[name]!);
  });

  it.each(['ocdbt/_METADATA', 'ocdbt/_CHECKPOINT_METADATA', 'folders/_METADATA'])('opens %s', async (file) => {
    await expectTensors(await open(file), expected[path.dirname(file)]!);
  });

  it('opens a database without the metadata of the tree, by the names that it has', async () => {
    const { tensors } = await open('ocdbt/manifest.ocdbt');
    expect(tensors.map(({ name }) => name)).toContain('params/Dense_0/kernel');
    expect((await open('levels/manifest.ocdbt')).tensors).toHaveLength(48);
  });

  it('knows roles by the collections, and says what it leaves out', async () => {
    const { tensors, notes, formatLabel } = await open('ocdbt');
    const roles = new Map(tensors.map(({ name, role }) => [name, role]));
    expect(roles.get('params/Dense_0/kernel')).toBe('weight');
    expect(roles.get('params/Dense_0/bias')).toBe('bias');
    expect(roles.get('batch_stats/mean')).toBe('buffer');
    expect(roles.get('opt_state/0/mu')).toBe('optimizer');
    expect(formatLabel).toContain('OCDBT');
    expect(notes).toMatchObject([{ code: 'string-tensors', tensors: ['name'] }]);
  });

  it('reads each of several chunks from where it is', async () => {
    const { tensors } = await open('manager/3');
    const tiles = tensors.map(({ name, storage: { coding } }) => [
      name,
      coding?.kind === 'tiles' && coding.tiles.length,
    ]);
    expect(tiles).toContainEqual(['state/both', 4]);
  });
});
