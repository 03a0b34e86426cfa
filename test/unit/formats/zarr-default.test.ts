import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/formats/checkpoint';
import { parseZarrV2, parseZarrV3 } from '../../../src/formats/containers/zarr-metadata';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';

const FOLDER = path.join(FIXTURES, 'zarr');
type Expected = Record<string, { shape: number[]; dtype: string; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Expected;

async function open(folder: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(folder);
  await opened.close();
  return opened.checkpoint;
}

describe('stores as zarr 2 writes them by default', () => {
  it('have every value', async () => {
    const checkpoint = await open(path.join(FOLDER, 'default.zarr'));
    expect(checkpoint.notes).toEqual([]);
    const found: Record<string, unknown> = {};
    for (const tensor of checkpoint.tensors) {
      const { name, shape, dtype } = tensor;
      found[name] = { shape, dtype, sha256: await engineSha256(checkpoint, tensor) };
    }
    expect(found).toEqual(EXPECTED);
  });

  it('have arrays named whose codec is not read', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'zarr-'));
    try {
      const store = path.join(folder, 'other.zarr');
      cpSync(path.join(FOLDER, 'default.zarr'), store, { recursive: true });
      const metadata = path.join(store, 'half/.zarray');
      writeFileSync(metadata, readFileSync(metadata, 'utf8').replace('"id": "blosc"', '"id": "bz2"'));
      const { tensors, notes } = await open(store);
      expect(tensors.map(({ name }) => name)).not.toContain('half');
      expect(notes).toMatchObject([{ code: 'skipped-arrays', tensors: ['half'] }]);
      expect(notes[0]!.message).toContain('"bz2"');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const V2 = { zarr_format: 2, shape: [4], chunks: [4], dtype: '<f4', fill_value: 0, filters: null, order: 'C' };
const V3 = {
  zarr_format: 3,
  node_type: 'array',
  shape: [4],
  data_type: 'float32',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [4] } },
  chunk_key_encoding: { name: 'default' },
  fill_value: 0,
};
const bytes = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));

describe('metadata of Blosc', () => {
  it.each(['lz4', 'lz4hc', 'blosclz', 'zlib', 'zstd'])('is read with %s', (cname) => {
    expect(parseZarrV2(bytes({ ...V2, compressor: { id: 'blosc', cname } })).filters).toEqual([{ name: 'blosc' }]);
    const codecs = [{ name: 'bytes' }, { name: 'blosc', configuration: { cname } }];
    expect(parseZarrV3(bytes({ ...V3, codecs }))?.filters).toEqual([{ name: 'blosc' }]);
  });

  it('is refused with snappy', () => {
    expect(() => parseZarrV2(bytes({ ...V2, compressor: { id: 'blosc', cname: 'snappy' } }))).toThrow('snappy');
    const codecs = [{ name: 'bytes' }, { name: 'blosc', configuration: { cname: 'snappy' } }];
    expect(() => parseZarrV3(bytes({ ...V3, codecs }))).toThrow('snappy');
  });
});
