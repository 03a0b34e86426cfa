import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/errors';
import { ggufReader } from '../../../src/formats/gguf/gguf';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES, openWith } from './stored-values';
import { formatError } from './thrown';

const FOLDER = path.join(FIXTURES, 'gguf');

type Expected = Record<string, { storedAs: string; dtype: string; shape: number[]; sha256: string }>;

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;

async function expectValues(file: string, expected: Expected): Promise<void> {
  const opened = await openCheckpoint(file);
  const { checkpoint } = opened;
  try {
    expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
    for (const tensor of checkpoint.tensors) {
      const { storedAs, dtype, shape, sha256 } = expected[tensor.name]!;
      expect(tensor, tensor.name).toMatchObject({ dtype, shape });
      if (!tensor.name.startsWith('plain.')) expect(tensor.storedAs, tensor.name).toBe(storedAs);
      expect(await engineSha256(checkpoint, tensor), `${tensor.name} ${storedAs}`).toBe(sha256);
    }
  } finally {
    await opened.close();
  }
}

describe('GGUF', () => {
  it.each(Object.entries(EXPECTED))('reads every value of %s as gguf-py does', async (file, expected) => {
    await expectValues(path.join(FOLDER, file), expected);
  });

  it('says what it has read', async () => {
    expect(await openWith(ggufReader, path.join(FOLDER, 'big_endian.gguf'))).toMatchObject({
      format: 'gguf',
      formatLabel: 'GGUF v3, big-endian (llama)',
      notes: [],
    });
  });
});

describe('GGUF in parts', () => {
  const expected = EXPECTED['shards-00001-of-00003.gguf']!;
  const folders: string[] = [];

  function folderWith(...files: [from: string, to: string][]): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'gguf-'));
    folders.push(folder);
    for (const [from, to] of files) copyFileSync(path.join(FOLDER, from), path.join(folder, to));
    return folder;
  }

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it.each([1, 2, 3])('finds all parts from part %d', async (part) => {
    const file = path.join(FOLDER, `shards-0000${part}-of-00003.gguf`);
    await expectValues(file, expected);
    const { formatLabel, tensors, files } = await openWith(ggufReader, file);
    expect(formatLabel).toBe('GGUF v3 (llama), 3 shards');
    expect(tensors.map(({ name }) => name)).toEqual(Object.keys(expected));
    expect(files.map((entry) => path.basename(entry.path))).toEqual([
      'shards-00001-of-00003.gguf',
      'shards-00002-of-00003.gguf',
      'shards-00003-of-00003.gguf',
    ]);
  });

  it('names the parts that are missing', async () => {
    const folder = folderWith(['shards-00002-of-00003.gguf', 'shards-00002-of-00003.gguf']);
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'shards-00002-of-00003.gguf')));
    expect(detail.reason).toContain('"shards-00001-of-00003.gguf"');
    expect(detail.reason).toContain('"shards-00003-of-00003.gguf"');
    expect(detail.remedy).toContain(folder);
  });

  it('refuses parts that have been mixed up', async () => {
    const folder = folderWith(
      ['shards-00001-of-00003.gguf', 'm-00001-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00002-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00003-of-00003.gguf'],
    );
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'm-00003-of-00003.gguf')));
    expect(detail.file).toBe(path.join(folder, 'm-00002-of-00003.gguf'));
    expect(detail.reason).toBe('is part 3 of 3 of a model, not part 2 of 3');
  });

  it('refuses a model of its own in the place of a part', async () => {
    const folder = folderWith(
      ['shards-00001-of-00003.gguf', 'm-00001-of-00003.gguf'],
      ['kinds.gguf', 'm-00002-of-00003.gguf'],
      ['shards-00003-of-00003.gguf', 'm-00003-of-00003.gguf'],
    );
    const detail = await formatError(openWith(ggufReader, path.join(folder, 'm-00001-of-00003.gguf')));
    expect(detail.reason).toContain('is a model of its own');
  });

  it('reads a part with another name by itself, and says so', async () => {
    const folder = folderWith(['shards-00002-of-00003.gguf', 'second.gguf']);
    const { tensors, notes } = await openWith(ggufReader, path.join(folder, 'second.gguf'));
    expect(tensors).toHaveLength(3);
    expect(notes).toMatchObject([{ code: 'one-shard-of-many' }]);
    expect(notes[0]?.message).toContain('part 2 of 3');
  });

  it('asks for a folder with one model', async () => {
    await expect(openCheckpoint(folderWith())).rejects.toBeInstanceOf(FormatError);
  });
});
