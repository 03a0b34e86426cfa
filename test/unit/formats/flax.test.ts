import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'flax');

type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;

const expected = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function open(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

describe('Flax', () => {
  it.each(Object.keys(expected))('reads every value of %s', async (file) => {
    const checkpoint = await open(file);
    expect(checkpoint.format).toBe('flax');
    const real = checkpoint.tensors.filter(({ dtype }) => !dtype.startsWith('complex'));
    expect(real.map(({ name }) => name).sort()).toEqual(Object.keys(expected[file]!).sort());
    for (const tensor of real) {
      const { shape, dtype, sha256 } = expected[file]![tensor.name]!;
      expect(tensor.shape, tensor.name).toEqual(shape);
      expect(tensor.storedAs ?? tensor.dtype, tensor.name).toBe(dtype);
      expect(await engineSha256(checkpoint, tensor), tensor.name).toBe(sha256);
    }
  });

  it('knows the optimizer and the statistics of a training state by their collections', async () => {
    const checkpoint = await open('checkpoint_1');
    const roles = new Map(checkpoint.tensors.map(({ name, role }) => [name, role]));
    expect(roles.get('params/Conv_0/kernel')).toBe('weight');
    expect(roles.get('params/Dense_0/bias')).toBe('bias');
    expect(roles.get('params/LayerNorm_0/scale')).toBe('norm');
    expect(roles.get('params/Embed_0/embedding')).toBe('embedding');
    expect(roles.get('batch_stats/BatchNorm_0/mean')).toBe('buffer');
    for (const [name, role] of roles) expect(role === 'optimizer', name).toBe(name.startsWith('opt_state/'));
  });

  it('cuts an array in chunks into one extent a chunk', async () => {
    const checkpoint = await open('chunked.msgpack');
    expect(checkpoint.tensors.find(({ name }) => name === 'embedding')?.storage.extents).toHaveLength(5);
  });

  it('names what it leaves out, and keeps odd names', async () => {
    const checkpoint = await open('kinds.msgpack');
    expect(checkpoint.notes).toMatchObject([{ code: 'skipped-arrays', tensors: ['text'] }]);
    expect(checkpoint.notes[0]?.message).toContain('str64');
    expect(checkpoint.tensors.map(({ name }) => name)).toContain('__proto__/constructor');
  });
});
