import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { arraysOf } from '../../src/data/dataset';
import { readCsvTable } from '../../src/data/csv-table';
import { decodeImage } from '../../src/data/decode-image';
import { readIdx } from '../../src/data/idx';
import { readNpzData } from '../../src/data/numpy-data';
import { FormatError } from '../../src/formats/errors';
import { BufferSource } from '../../src/formats/source';
import { npyBytes, zipBytes } from '../unit/data/files';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/data');

/** Something that was read, and how many values its shape says it has. */
interface Read {
  readonly values: ArrayLike<number>;
  readonly promised: number;
}

const idx = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2]), Buffer.alloc(24, 7)]);
const several = zipBytes({
  'a.npy': npyBytes('<f4', [2, 3], new Uint8Array(24)),
  'ids.npy': npyBytes('<i8', [2, 2], new Uint8Array(32)),
  'y.npy': npyBytes('|u1', [2], Uint8Array.of(0, 1)),
});
const csv = Buffer.from('a,"b ""c""",label\r\n1,2.5e-3,x\n-4,"5",y\n6,.7,"z\nz"\n');

async function readIdxBytes(bytes: Uint8Array): Promise<Read> {
  const { shape, values } = await readIdx(new BufferSource('/fuzz', bytes));
  return { values, promised: shape.reduce((a, b) => a * b, 1) };
}

async function readNpz(bytes: Uint8Array): Promise<Read> {
  const { samples } = (await readNpzData(new BufferSource('/fuzz', bytes), [], {})).train;
  return { values: samples.values, promised: samples.shape.reduce((a, b) => a * b, samples.count) };
}

/** For a network with two inputs, one of them found by its name, one by its shape. */
async function readSeveral(bytes: Uint8Array): Promise<Read> {
  const input = { shape: [3], channels: 'none', whole: false } as const;
  const inputs = [
    { ...input, name: 'a' },
    { ...input, name: 'b', shape: [2], whole: true },
  ];
  const { samples } = (await readNpzData(new BufferSource('/fuzz', bytes), inputs, {})).train;
  const arrays = arraysOf(samples);
  return {
    values: { length: arrays.reduce((sum, { values }) => sum + values.length, 0) },
    promised: arrays.reduce((sum, { shape }) => sum + shape.reduce((x, y) => x * y, samples.count), 0),
  };
}

async function readCsv(bytes: Uint8Array): Promise<Read> {
  const { rows, columns, cells } = await readCsvTable(new BufferSource('/fuzz', bytes), (column) => column === 2);
  return { values: cells, promised: rows * columns };
}

function readPng(bytes: Uint8Array): Promise<Read> {
  const { width, height, channels, pixels } = decodeImage(bytes, '/fuzz');
  return Promise.resolve({ values: pixels, promised: width * height * channels });
}

it.each([
  ['IDX file', idx, readIdxBytes, 2000, 16, 0.3],
  ['compressed IDX file', gzipSync(idx), readIdxBytes, 1000, 40, 0.3],
  ['npz file', readFileSync(path.join(FOLDER, 'digits.npz')), readNpz, 150, 400, 0.3],
  ['npz file of several inputs', several, readSeveral, 1000, several.length, 0.3],
  ['table', csv, readCsv, 2000, 60, 0.2],
  ['PNG image', readFileSync(path.join(FOLDER, 'png/palette4-interlaced.png')), readPng, 2000, 200, 0.2],
  ['filtered PNG image', readFileSync(path.join(FOLDER, 'png/rgb8-filtered.png')), readPng, 1000, 60, 0.2],
] as const)('only FormatError comes out of a damaged %s', async (name, bytes, read, mutations, hot, share) => {
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    try {
      const { values, promised } = await Promise.resolve(mutate(bytes, randomFrom(seed), hot)).then(read);
      expect(values.length, `${name} seed ${seed}`).toBe(promised);
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`${name} seed ${seed}: ${String(error)}`, { cause: error });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(share * mutations * FUZZ_FACTOR);
});
