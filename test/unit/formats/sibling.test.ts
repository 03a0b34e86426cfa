import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MissingSiblingError, openSiblings, resolveSibling, SiblingFiles } from '../../../src/formats/sibling';
import { formatError } from './thrown';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'sibling-')));
  mkdirSync(path.join(root, 'model/sub'), { recursive: true });
  writeFileSync(path.join(root, 'secret'), 'secret');
  writeFileSync(path.join(root, 'model/main'), '');
  writeFileSync(path.join(root, 'model/shard'), '12');
  writeFileSync(path.join(root, 'model/sub/shard'), '');
  writeFileSync(path.join(root, 'model/..shard'), '');
  symlinkSync('../secret', path.join(root, 'model/leak'));
  symlinkSync('..', path.join(root, 'model/up'));
  symlinkSync('sub/shard', path.join(root, 'model/inside'));
  symlinkSync('loop', path.join(root, 'model/loop'));
  // The cache of Hugging Face: what a snapshot holds are links to blobs.
  mkdirSync(path.join(root, 'cache/blobs'), { recursive: true });
  mkdirSync(path.join(root, 'cache/snapshots/abc'), { recursive: true });
  for (const name of ['main', 'shard']) {
    writeFileSync(path.join(root, 'cache/blobs', `hash-${name}`), name);
    symlinkSync(`../../blobs/hash-${name}`, path.join(root, 'cache/snapshots/abc', name));
  }
  symlinkSync(path.join(root, 'secret'), path.join(root, 'cache/snapshots/abc/leak'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('resolveSibling', () => {
  it.each([
    ['shard', 'model/shard'],
    ['./shard', 'model/shard'],
    ['sub/shard', 'model/sub/shard'],
    ['..shard', 'model/..shard'],
    ['inside', 'model/inside'],
  ])('finds %s', async (name, file) => {
    expect(await resolveSibling(path.join(root, 'model/main'), name)).toBe(path.join(root, file));
  });

  it.each([
    ['../secret', 'leads out'],
    ['sub/../../secret', 'leads out'],
    ['sub/../shard', 'leads out'],
    ['leak', 'link that leads out'],
    ['up/secret', 'link that leads out'],
    ['loop', 'ELOOP'],
    ['sub', 'not a regular file'],
    ['C:shard', 'drive'],
    ['http://localhost/shard', 'URL'],
    ['\\\\server\\share', 'backslash'],
    ['sh\0ard', 'NUL'],
  ])('refuses %s', async (name, reason) => {
    const main = path.join(root, 'model/main');
    const detail = await formatError(resolveSibling(main, name));
    expect(detail.file).toBe(main);
    expect(detail.reason).toContain(reason);
  });

  it.skipIf(process.platform === 'win32')('refuses a named pipe without opening it', async () => {
    execFileSync('mkfifo', [path.join(root, 'model/pipe')]);
    expect((await formatError(resolveSibling(path.join(root, 'model/main'), 'pipe'))).reason).toContain(
      'not a regular',
    );
  });

  it('follows the links of a cache to where the main file is, and nowhere else', async () => {
    const main = path.join(root, 'cache/snapshots/abc/main');
    expect(await resolveSibling(main, 'shard')).toBe(path.join(root, 'cache/snapshots/abc/shard'));
    expect((await formatError(resolveSibling(main, 'leak'))).reason).toContain('link that leads out');
  });
});

describe('SiblingFiles', () => {
  it('opens each file once', async () => {
    const siblings = new SiblingFiles(path.join(root, 'model/main'));
    const first = await siblings.open('shard');
    expect(await siblings.open('./shard')).toBe(first);
    expect(first.size).toBe(2);
    await siblings.close();
    await expect(first.read(0, 1)).rejects.toThrow();
  });

  it('names what is missing', async () => {
    const siblings = new SiblingFiles(path.join(root, 'model/main'));
    await expect(siblings.open('gone')).rejects.toBeInstanceOf(MissingSiblingError);
    const names = ['g1', 'shard', 'g2', 'g3', 'g4', 'g5'];
    const detail = await formatError(openSiblings('/m', names, (name) => siblings.open(name)));
    expect(detail.reason).toBe('names "g1", "g2", "g3" and 2 more, which are not in its folder');
    await siblings.close();
  });
});
