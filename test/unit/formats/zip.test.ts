import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BufferSource } from '../../../src/formats/source';
import { ZipArchive } from '../../../src/formats/containers/zip';
import { zip, type ZipPart } from './pytorch-bytes';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

const FILE = '/models/archive.zip';

async function open(bytes: Uint8Array): Promise<ZipArchive> {
  return await ZipArchive.open(new BufferSource(FILE, bytes));
}

async function refused(bytes: Uint8Array): Promise<string> {
  return (await formatError(open(bytes))).reason;
}

const ONE: ZipPart = { name: 'one', data: Buffer.from('first') };
const TWO: ZipPart = { name: 'two', data: Buffer.from('second'.repeat(100)), deflate: true };

describe('zip archives', () => {
  it('are read wherever their entries are', async () => {
    const part = fc.record({ data: fc.uint8Array({ maxLength: 2000 }), deflate: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), part, { maxKeys: 20 }), async (parts) => {
        const given = Object.entries(parts).map(([name, { data, deflate }]) => ({ name, data, deflate }));
        const bytes = zip(...given);
        const archive = await open(bytes);
        expect(archive.entries.map(({ name }) => name)).toEqual(given.map(({ name }) => name));
        const offsets = await archive.dataOffsets(archive.entries);
        const heads = await archive.readHeads(archive.entries, 7);
        for (const { name, data, deflate } of given) {
          const entry = archive.get(name)!;
          expect(entry).toMatchObject({ size: data.length, method: deflate ? 'deflated' : 'stored' });
          expect(Buffer.from(await archive.read(entry, 2000))).toEqual(Buffer.from(data));
          const start = await archive.readStart(entry, 7);
          expect(Buffer.from(start)).toEqual(Buffer.from(data.subarray(0, 7)));
          const head = heads.get(entry)!;
          expect(head).toEqual(bytes.subarray(entry.headerOffset, entry.headerOffset + head.length));
          expect(await archive.readStart(entry, 7, undefined, head)).toEqual(start);
          expect(await archive.dataOffset(entry, undefined, head)).toBe(offsets.get(entry));
          const offset = offsets.get(entry)!;
          expect(offset).toBe(await archive.dataOffset(entry));
          if (!deflate) expect(bytes.subarray(offset, offset + data.length)).toEqual(Buffer.from(data));
        }
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('of the 64-bit kind are read', async () => {
    const bytes = readFileSync(path.join(FIXTURES, 'pytorch/zip64.pt'));
    const archive = await open(bytes);
    const plain = await open(readFileSync(path.join(FIXTURES, 'pytorch/floats.pt')));
    expect(archive.entries.map(({ name, size }) => [name, size])).toEqual(
      plain.entries.map(({ name, size }) => [name, size]),
    );
    for (const entry of archive.entries) {
      expect(await archive.read(entry, 1e6)).toEqual(await plain.read(plain.get(entry.name)!, 1e6));
    }
  });

  it('keep to the limit of the caller', async () => {
    const archive = await open(zip(ONE, TWO));
    const { reason, offset } = await formatError(archive.read(archive.get('two')!, 599));
    expect(reason).toContain('has 600 bytes, more than the 599');
    expect(offset).toBe(archive.get('two')!.headerOffset);
    expect(await archive.read(archive.get('two')!, 600)).toHaveLength(600);
  });
});

describe('damaged zip archives', () => {
  it('that end early are refused', async () => {
    const bytes = zip(ONE, TWO);
    for (let length = 0; length < bytes.length; length++) await refused(bytes.subarray(0, length));
  });

  it('whose entries overlap are refused', async () => {
    expect(await refused(zip(ONE, { ...ONE, name: 'again', headerOffset: 0 }))).toContain('overlaps another');
    const inner = zip(ONE, { ...TWO, headerOffset: 10 });
    expect(await refused(inner)).toContain('overlaps another');
  });

  it('whose entries claim too much are refused', async () => {
    expect(await refused(zip({ ...ONE, size: 900, compressedSize: 900 }))).toContain('beyond the end');
    expect(await refused(zip({ ...ONE, headerOffset: 1e9 }))).toContain('beyond the end');
    expect(await refused(zip({ ...ONE, size: 6 }))).toContain('size mismatch');
    expect(await refused(zip({ ...TWO, size: 4e9 }))).toContain('claims 4000000000 bytes');
  });

  it('that name an entry twice are refused', async () => {
    expect(await refused(zip(ONE, ONE))).toContain('"one" is there twice');
  });

  it.each(['../escape', '/absolute', 'c:/drive', 'a/../../b'])('that hold %s are refused', async (name) => {
    expect(await refused(zip({ ...ONE, name }))).toContain('not a readable zip archive');
  });

  it('that count more entries than they have room for are refused', async () => {
    const bytes = zip(ONE);
    bytes.writeUInt16LE(60_000, bytes.length - 12);
    expect(await refused(bytes)).toContain('claims to hold 60000 entries');
  });

  it('whose local headers are elsewhere are refused', async () => {
    const bytes = zip(ONE, TWO);
    bytes[0] = 0;
    const archive = await open(bytes);
    expect((await formatError(archive.dataOffset(archive.get('one')!))).reason).toContain('no local header');
    const shifted = zip(ONE, TWO);
    shifted.writeUInt16LE(500, 26);
    const other = await open(shifted);
    expect((await formatError(other.dataOffset(other.get('one')!))).reason).toContain('reaches into what follows');
  });

  it('whose entries inflate to another size are refused', async () => {
    for (const [size, word] of [
      [599, 'more'],
      [601, 'fewer'],
    ] as const) {
      const archive = await open(zip({ ...TWO, size }));
      expect((await formatError(archive.read(archive.get('two')!, 1000))).reason).toContain(`has ${word} bytes`);
    }
    const garbage = await open(zip({ name: 'x', data: Buffer.from('not deflated'), method: 8 }));
    expect((await formatError(garbage.read(garbage.get('x')!, 1000))).reason).toContain('cannot be inflated');
  });

  it('whose entries are encrypted or compressed by other methods can still be listed', async () => {
    const archive = await open(
      zip({ ...ONE, flags: 1, size: 5, compressedSize: 5, method: 8 }, { ...TWO, method: 14 }),
    );
    expect((await formatError(archive.read(archive.get('one')!, 100))).reason).toContain('encrypted');
    expect((await formatError(archive.read(archive.get('two')!, 1000))).reason).toContain('not supported');
  });
});
