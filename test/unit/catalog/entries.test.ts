import { describe, expect, it } from 'vitest';
import { isIncomplete, modelEntries, type ModelEntry, type ShardSet } from '../../../src/catalog/entries';
import { files } from './files';

const shards = ({ shards }: ModelEntry): ShardSet => {
  if (shards === undefined) throw new Error('is not sharded');
  return shards;
};

describe('modelEntries', () => {
  it('leaves models of one file as they are', () => {
    const entries = modelEntries(files('a.pt', 'sub/b.safetensors'));
    expect(entries).toEqual([
      { path: 'a.pt', label: 'a.pt', size: 1, modified: 1, isFolder: false, limit: null, shards: undefined },
      {
        path: 'sub/b.safetensors',
        label: 'sub/b.safetensors',
        size: 2,
        modified: 2,
        isFolder: false,
        limit: null,
        shards: undefined,
      },
    ]);
  });

  it.each([
    ['model-0000%-of-00003.safetensors', 'model.safetensors.index.json', 'model.safetensors'],
    ['pytorch_model-0000%-of-00003.bin', 'pytorch_model.bin.index.json', 'pytorch_model.bin'],
    ['d.fp16-0000%-of-00003.safetensors', 'd.safetensors.index.fp16.json', 'd.fp16.safetensors'],
  ])('makes one entry of %s with its index', (shard, index, label) => {
    const entries = modelEntries(files(...[2, 1, 3].map((i) => `m/${shard.replace('%', String(i))}`), `m/${index}`));
    expect(entries).toEqual([
      {
        path: `m/${index}`,
        label: `m/${label}`,
        size: 1 + 2 + 3 + 4,
        modified: 4,
        isFolder: false,
        limit: null,
        shards: { found: 3, expected: 3, indexed: true },
      },
    ]);
    expect(isIncomplete(shards(entries[0]!))).toBe(false);
  });

  it('keeps shards of other folders, other names and other totals apart', () => {
    const entries = modelEntries(
      files(
        'a/model-00001-of-00002.safetensors',
        'b/model-00001-of-00002.safetensors',
        'b/other-00001-of-00002.safetensors',
        'b/model-00001-of-00003.safetensors',
      ),
    );
    expect(entries.map(({ path }) => path).sort()).toEqual([
      'a/model-00001-of-00002.safetensors',
      'b/model-00001-of-00002.safetensors',
      'b/model-00001-of-00003.safetensors',
      'b/other-00001-of-00002.safetensors',
    ]);
  });

  it('gives the index to the set that is whole', () => {
    const [whole, leftover] = modelEntries(
      files(
        'model-00001-of-00003.safetensors',
        'model-00001-of-00002.safetensors',
        'model-00002-of-00002.safetensors',
        'model.safetensors.index.json',
      ),
    );
    expect(shards(whole!)).toEqual({ found: 2, expected: 2, indexed: true });
    expect(shards(leftover!)).toEqual({ found: 1, expected: 3, indexed: false });
  });

  it('marks a set without its index, and opens its first shard', () => {
    const [entry] = modelEntries(files('model-00002-of-00002.safetensors', 'model-00001-of-00002.safetensors'));
    expect(entry?.path).toBe('model-00001-of-00002.safetensors');
    expect(isIncomplete(shards(entry!))).toBe(true);
  });

  it('marks a set of which shards are missing', () => {
    const [entry] = modelEntries(files('model-00001-of-00002.safetensors', 'model.safetensors.index.json'));
    expect(entry?.path).toBe('model.safetensors.index.json');
    expect(shards(entry!)).toEqual({ found: 1, expected: 2, indexed: true });
    expect(isIncomplete(shards(entry!))).toBe(true);
  });

  it('keeps an index whose shards have other names or are not here', () => {
    const entries = modelEntries(files('model.safetensors', 'model.safetensors.index.json'));
    expect(entries.map(({ path }) => path)).toEqual(['model.safetensors.index.json', 'model.safetensors']);
    expect(shards(entries[0]!)).toEqual({ found: 0, expected: null, indexed: true });
  });

  it('takes no absurd total for a size', () => {
    const [entry] = modelEntries(files('model-000000001-of-999999999.safetensors'));
    expect(shards(entry!)).toEqual({ found: 1, expected: 999_999_999, indexed: false });
  });

  it('gives the weights of TensorFlow.js to their manifest', () => {
    const entries = modelEntries(
      files(
        't/model.json',
        't/group1-shard1of2.bin',
        't/group1-shard2of2.bin',
        't/group2-shard1of1.bin',
        'f/face-weights_manifest.json',
        'f/face-shard1',
        'f/eyes-weights_manifest.json',
        'f/eyes-shard1',
      ),
    );
    expect(entries.map(({ path, size }) => [path, size])).toEqual([
      ['t/model.json', 1 + 2 + 3 + 4],
      ['f/face-weights_manifest.json', 5 + 6],
      ['f/eyes-weights_manifest.json', 7 + 8],
    ]);
    expect(shards(entries[0]!)).toEqual({ found: 3, expected: 3, indexed: true });
  });

  it('marks a manifest of which shards are missing, and leaves out shards without a manifest', () => {
    const entries = modelEntries(files('t/model.json', 't/group1-shard1of2.bin', 'lost/group1-shard1of1.bin'));
    expect(entries.map(({ path }) => path)).toEqual(['t/model.json']);
    expect(isIncomplete(shards(entries[0]!))).toBe(true);
  });

  it('leaves out what lies beside the model of a checkpoint', () => {
    const entries = modelEntries(files('checkpoint-5/model.safetensors', 'checkpoint-5/optimizer.pt'));
    expect(entries.map(({ path }) => path)).toEqual(['checkpoint-5/model.safetensors']);
  });
});
