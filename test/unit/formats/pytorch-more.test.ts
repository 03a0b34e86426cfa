import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'pytorch');

/** file → tensor → type, shape, SHA-256 of the values as float32. */
type Expected = Record<string, Record<string, [dtype: string, shape: number[], sha256: string]>>;

const MORE = JSON.parse(readFileSync(path.join(FOLDER, 'more.json'), 'utf8')) as Expected;

async function read(file: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(path.join(FOLDER, file));
  await opened.close();
  return opened.checkpoint;
}

function tensor({ tensors }: Checkpoint, name: string): TensorEntry {
  const found = tensors.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found;
}

describe('what torch wrote', () => {
  it.each(Object.entries(MORE))('%s: every value is as torch has it', async (file, expected) => {
    const checkpoint = await read(file);
    const found: Record<string, unknown> = {};
    for (const entry of checkpoint.tensors) {
      found[entry.name] = [entry.dtype, entry.shape, await engineSha256(checkpoint, entry)];
    }
    expect(found).toEqual(expected);
  });
});

describe('tensors without plain values', () => {
  it('says how quantised ones are stored', async () => {
    const checkpoint = await read('quantized.pt');
    expect(checkpoint.notes).toEqual([]);
    expect(checkpoint.tensors.map(({ name, storedAs }) => [name, storedAs])).toEqual([
      ['per_tensor', 'quint8, per tensor'],
      ['signed', 'qint8, per tensor'],
      ['per_channel', 'qint8, per channel'],
      ['double_scales', 'qint8, per channel'],
      ['second_axis', 'quint8, per channel'],
      ['channels_last', 'quint8, per channel'],
      ['nibbles', 'quint4x2, per channel'],
      ['odd_nibbles', 'quint4x2, per channel'],
      ['dense', undefined],
    ]);
  });

  it('reads sparse ones, and names those that are not read', async () => {
    const checkpoint = await read('sparse.pt');
    expect(tensor(checkpoint, 'csc').storedAs).toBe('float16, sparse_csc');
    expect(checkpoint.notes).toMatchObject([{ code: 'tensors-not-read', tensors: ['hybrid', 'meta', 'nested'] }]);
  });
});

describe('distributed checkpoints', () => {
  it.each(['distributed', 'distributed/.metadata', 'distributed/__0_0.distcp'])('opens by %s', async (file) => {
    const checkpoint = await read(file);
    expect(checkpoint.formatLabel).toBe('PyTorch distributed checkpoint, 1 file');
    expect(checkpoint.files.map((entry) => path.basename(entry.path))).toEqual(['__0_0.distcp']);
    expect(checkpoint.notes).toEqual([]);
    expect(tensor(checkpoint, 'conv.weight').role).toBe('weight');
    expect(tensor(checkpoint, 'optimizer.state.0.exp_avg').role).toBe('optimizer');
  });

  it('puts the shards of several processes together', async () => {
    const checkpoint = await read('sharded/__2_0.distcp');
    expect(checkpoint.formatLabel).toBe('PyTorch distributed checkpoint, 4 files');
    expect(tensor(checkpoint, 'rows').storage.coding).toMatchObject({ kind: 'tiles', shape: [7, 5] });
    expect(tensor(checkpoint, 'few').storage.coding).toBeUndefined();
  });
});
