import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hdf5Reader } from '../../../src/formats/keras/keras';
import { engineSha256 } from './engine-values';
import { FIXTURES, openWith } from './stored-values';

const FOLDER = path.join(FIXTURES, 'hdf5');
type Expected = Record<string, { dtype: string; shape: number[]; sha256: string }>;
const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

describe('HDF5 files are read as h5py reads them', () => {
  it.each(Object.keys(EXPECTED))('%s', async (name) => {
    const checkpoint = await openWith(hdf5Reader, path.join(FOLDER, name));
    const found: Expected = {};
    for (const tensor of checkpoint.tensors.filter(({ aliasOf }) => aliasOf === undefined)) {
      const { dtype, shape } = tensor;
      found[tensor.name] = { dtype, shape: [...shape], sha256: await engineSha256(checkpoint, tensor) };
    }
    expect(found).toEqual(EXPECTED[name]);
  });
});
