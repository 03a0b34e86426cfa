import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readCsvTable } from '../../src/data/csv-table';
import { decodeImage } from '../../src/data/decode-image';
import { readIdx } from '../../src/data/idx';
import { readNpzData } from '../../src/data/numpy-data';
import { FormatError } from '../../src/formats/errors';
import { BufferSource } from '../../src/formats/source';
import { FUZZ_FACTOR, mutate, randomFrom } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/data');

/** Something that was read, and how many values its shape says it has. */
interface Read {
  readonly values: ArrayLike<number>;
  readonly promised: number;
}

const idx = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2]), Buffer.alloc(24, 7)]);
const csv = Buffer.from('a,"b ""c""",label\r\n1,2.5e-3,x\n-4,"5",y\n6,.7,"z\nz"\n');

async function readIdxBytes(bytes: Uint8Array): Promise<Read> {
  const { shape, values } = await readIdx(new BufferSource('/fuzz', bytes));
  return { values, promised: shape.reduce((a, b) => a * b, 1) };
}

async function readNpz(bytes: Uint8Array): Promise<Read> {
  const { samples } = (await readNpzData(new BufferSource('/fuzz', bytes), [], {})).train;
  return { values: samples.values, promised: samples.shape.reduce((a, b) => a * b, samples.count) };
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
