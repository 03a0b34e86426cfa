import { cp, mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/formats/registry';
import { engineSha256 } from './engine-values';
import { FIXTURES } from './stored-values';
import { formatError } from './thrown';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'npy-folder-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(source: string, name: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await cp(path.join(FIXTURES, 'npz', source), path.join(folder, name));
}

describe('folders of npy files', () => {
  it('open as one model, a tensor a file', async () => {
    await put('fc1.npy', 'fc1.npy');
    await put('version2.npy', 'deep/er/w.npy');
    await put('objects.npy', 'labels.npy');
    const opened = await openCheckpoint(folder);
    await opened.close();
    const { checkpoint, file } = opened;
    expect(file).toBe(folder);
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['deep/er/w', 'fc1']);
    expect(checkpoint.notes).toMatchObject([{ code: 'skipped-arrays', tensors: ['labels'] }]);
    const reference = JSON.parse(await readFile(path.join(FIXTURES, 'npz/reference.json'), 'utf8')) as Record<
      string,
      Record<string, { sha256: string }>
    >;
    const fc1 = checkpoint.tensors[1]!;
    expect(await engineSha256(checkpoint, fc1)).toBe(reference['fc1.npy']!.fc1!.sha256);
  });

  it('are not guessed where there is something else beside', async () => {
    await put('fc1.npy', 'a.npy');
    await put('fc1.npy', 'b.npy');
    await writeFile(path.join(folder, 'train.py'), '');
    expect((await formatError(openCheckpoint(folder))).reason).toContain('several models');
  });

  it('name the file that is cut off, and follow no link out of the folder', async () => {
    await put('fc1.npy', 'a.npy');
    const bytes = await readFile(path.join(folder, 'a.npy'));
    await writeFile(path.join(folder, 'b.npy'), bytes.subarray(0, 1000));
    expect((await formatError(openCheckpoint(folder))).file).toBe(path.join(folder, 'b.npy'));
    await rm(path.join(folder, 'b.npy'));
    await symlink(path.join(FIXTURES, 'npz/fc1.npy'), path.join(folder, 'c.npy'));
    expect((await formatError(openCheckpoint(folder))).reason).toContain('leads out of the folder');
  });
});
