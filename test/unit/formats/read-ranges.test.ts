import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Metadata } from '../../../src/formats/containers/hdf5/metadata';
import { readRanges } from '../../../src/formats/containers/read-ranges';
import { BufferSource } from '../../../src/formats/source';
import { formatError } from './thrown';

const FILE = '/models/some.bin';
const BYTES = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 2_654_435_761) >>> 24);

/** A file in memory, and what is asked of it. */
function counted(bytes = BYTES): { source: BufferSource; reads: { offset: number; length: number }[] } {
  const source = new BufferSource(FILE, bytes);
  const reads: { offset: number; length: number }[] = [];
  const read = source.read.bind(source);
  source.read = (offset, length, signal) => {
    reads.push({ offset, length });
    return read(offset, length, signal);
  };
  return { source, reads };
}

const range = fc
  .tuple(fc.nat(BYTES.length), fc.nat(3000))
  .map(([offset, length]) => ({ offset, length: Math.min(length, BYTES.length - offset) }));

describe('many short ranges', () => {
  it('come as they are asked for, whatever their order and however they overlap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 80 }), async (ranges) => {
        const { source, reads } = counted();
        const found = await readRanges(source, ranges);
        expect(found.map((bytes) => Buffer.from(bytes))).toEqual(
          ranges.map(({ offset, length }) => Buffer.from(BYTES.subarray(offset, offset + length))),
        );
        expect(reads.length).toBeLessThanOrEqual(ranges.length);
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  it('that are close together are read at once, those far apart are not', async () => {
    const { source, reads } = counted();
    const near = Array.from({ length: 100 }, (_, i) => ({ offset: 3000 * i, length: 10 }));
    await readRanges(source, [...near, { offset: 600_000, length: 10 }]);
    expect(reads).toEqual([
      { offset: 0, length: 297_010 },
      { offset: 600_000, length: 10 },
    ]);
  });

  it('beyond the end are refused', async () => {
    const { source } = counted();
    const error = await formatError(readRanges(source, [{ offset: BYTES.length - 5, length: 6 }]));
    expect(error.file).toBe(FILE);
  });
});

describe('structures of HDF5', () => {
  const open = (source: BufferSource, base = 0, limit = source.size): Metadata =>
    new Metadata(source, base, limit, { address: 8, length: 8 }, undefined);

  it('are the bytes at their addresses, from pages or past them', async () => {
    const base = 512;
    const address = fc.nat(BYTES.length - base - 1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(address, fc.nat(80_000)), { maxLength: 30 }), async (wanted) => {
        const metadata = open(counted().source, base);
        for (const [at, length] of wanted) {
          const { bytes, offset } = await metadata.upTo(at, length);
          expect(offset).toBe(base + at);
          expect(Buffer.compare(bytes, BYTES.subarray(base + at, Math.min(BYTES.length, base + at + length)))).toBe(0);
        }
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('one behind the other are read in few reads, and none twice', async () => {
    const { source, reads } = counted();
    const metadata = open(source);
    for (let at = 0; at + 300 <= BYTES.length; at += 300) await metadata.at(at, 300);
    expect(reads.length).toBeLessThan(6);
    expect(reads.reduce((sum, { length }) => sum + length, 0)).toBe(BYTES.length);
  });

  it('that many refer to are refused before they are endless', async () => {
    const metadata = open(counted(BYTES.subarray(0, 1000)).source);
    const again = async (): Promise<void> => {
      for (let i = 0; i < 2000; i++) await metadata.at(0, 1000);
    };
    expect((await formatError(again())).reason).toContain('many times over');
  });

  it('that two refer to are refused where only one may', async () => {
    const metadata = open(counted().source);
    await metadata.once(64, 10);
    const again = async (): Promise<unknown> => metadata.once(64, 10);
    expect((await formatError(again())).reason).toContain('twice');
  });
});
