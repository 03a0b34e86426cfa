import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absolutePath, isBelow, isModelBelow } from '../../../src/agents/file-access';

let base: string;
let root: string;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'prunability-access-')));
  root = join(base, 'root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(join(base, 'rootless'));
  await writeFile(join(root, 'sub', 'a.pt'), '');
  await writeFile(join(base, 'outside.pt'), '');
  await symlink(join(base, 'outside.pt'), join(root, 'leads-out.pt'));
  await symlink(join(root, 'sub', 'a.pt'), join(root, 'stays.pt'));
  await symlink(join(root, 'sub', 'a.pt'), join(base, 'leads-in.pt'));
  await symlink(join(base, 'rootless'), join(root, 'folder-out'));
  await symlink(root, join(base, 'alias'));
});
afterAll(() => rm(base, { recursive: true }));

describe('isBelow', () => {
  it.each([
    ['root', true],
    ['root/sub/a.pt', true],
    ['root/stays.pt', true],
    ['root/absent/b.pt', true],
    ['root/..hidden', true],
    ['alias/sub/a.pt', true],
    ['root/leads-out.pt', false],
    ['root/folder-out/absent.pt', false],
    ['root/sub/../../outside.pt', false],
    ['rootless', false],
    ['', false],
    ['absent', false],
  ])('%s: %s', async (place, below) => {
    expect(await isBelow(join(base, place), [root])).toBe(below);
    expect(await isBelow(join(base, place), [join(base, 'alias')])).toBe(below);
    expect(await isBelow(join(base, place), ['/no/such/folder', root])).toBe(below);
  });

  it('nothing is below no folder', async () => {
    expect(await isBelow(join(root, 'sub'), [])).toBe(false);
  });

  it('a link from outside to a model inside would have its other files looked for outside', async () => {
    expect(await isBelow(join(base, 'leads-in.pt'), [root])).toBe(true);
    expect(await isModelBelow(join(base, 'leads-in.pt'), [root])).toBe(false);
    expect(await isModelBelow(join(root, 'stays.pt'), [root])).toBe(true);
  });
});

describe('absolutePath', () => {
  it('takes relative paths from the first folder that has them', async () => {
    const folders = [join(base, 'rootless'), root];
    expect(await absolutePath('sub/a.pt', folders)).toBe(join(root, 'sub/a.pt'));
    expect(await absolutePath('absent.pt', folders)).toBe(join(base, 'rootless/absent.pt'));
    expect(await absolutePath('a.pt', [])).toBe(join(process.cwd(), 'a.pt'));
    expect(await absolutePath(join(base, 'root/../outside.pt'), folders)).toBe(join(base, 'outside.pt'));
  });
});
