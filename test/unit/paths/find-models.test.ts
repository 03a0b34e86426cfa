import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findModels, type FoundModel, type NameCertainty, type PathFiles } from '../../../src/paths/find-models';
import type { PathContext } from '../../../src/paths/places';

const CONTEXT: PathContext = { rules: posix, home: '/home', folder: '/repo/src', roots: ['/repo'] };

function certainty(name: string): NameCertainty {
  if (/\.(pt|npz|safetensors)$/.test(name)) return 'model';
  return /\.(bin|json)$/.test(name) ? 'ambiguous' : 'no';
}

function opensFolder(path: string): boolean {
  return path.endsWith('.mlpackage/Manifest.json');
}

/** A file system of these files, that remembers what it was asked. */
class MemoryFiles implements PathFiles {
  readonly stats: string[] = [];
  readonly listed: string[] = [];

  constructor(private readonly paths: readonly string[]) {}

  readonly kind = (path: string): Promise<'file' | 'folder' | undefined> => {
    this.stats.push(path);
    if (this.paths.includes(path)) return Promise.resolve('file');
    return Promise.resolve(this.paths.some((file) => file.startsWith(`${path}/`)) ? 'folder' : undefined);
  };

  readonly names = (folder: string, atMost: number): Promise<readonly string[]> => {
    this.listed.push(folder);
    const inside = this.paths
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
    return Promise.resolve(inside.slice(0, atMost));
  };
}

async function found(text: string, files: PathFiles, signal?: AbortSignal): Promise<readonly FoundModel[]> {
  return findModels(text, CONTEXT, files, { certainty, opensFolder }, signal);
}

describe('the models that a text means', () => {
  it('are the files of that path, the nearest first', async () => {
    const files = new MemoryFiles(['/repo/src/a.pt', '/repo/a.pt']);
    expect(await found('a.pt', files)).toEqual([
      { path: '/repo/src/a.pt', kind: 'file', certainty: 'model' },
      { path: '/repo/a.pt', kind: 'file', certainty: 'model' },
    ]);
    expect(files.listed).toEqual([]);
  });

  it('are told by their names', async () => {
    const files = new MemoryFiles(['/repo/a.bin', '/repo/a.txt']);
    expect(await found('a.bin', files)).toEqual([{ path: '/repo/a.bin', kind: 'file', certainty: 'ambiguous' }]);
    expect(await found('a.txt', files)).toEqual([]);
  });

  it('are folders that hold one', async () => {
    const files = new MemoryFiles(['/repo/bert/model.safetensors', '/repo/texts/a.txt', '/repo/maybe/config.json']);
    expect(await found('./bert', files)).toEqual([{ path: '/repo/bert', kind: 'folder', certainty: 'model' }]);
    expect(await found('texts', files)).toEqual([]);
    expect(await found('maybe', files)).toEqual([]);
  });

  it('are folders that a file in them makes a model', async () => {
    const files = new MemoryFiles(['/repo/a.mlpackage/Manifest.json', '/repo/b/Manifest.json']);
    expect(await found('a.mlpackage', files)).toEqual([
      { path: '/repo/a.mlpackage', kind: 'folder', certainty: 'model' },
    ]);
    expect(await found('b', files)).toEqual([]);
  });

  it('may lack the extension that a program adds, if they are plainly paths', async () => {
    const files = new MemoryFiles(['/repo/runs/weights.npz', '/repo/weights.npz', '/repo/runs/epoch-1.5.pt']);
    expect((await found('runs/weights', files)).map(({ path }) => path)).toEqual(['/repo/runs/weights.npz']);
    expect((await found('runs/epoch-1.5', files)).map(({ path }) => path)).toEqual(['/repo/runs/epoch-1.5.pt']);
    expect(await found('weights', files)).toEqual([]);
    expect(await found('runs/weights.txt', files)).toEqual([]);
  });

  it('cost one look a place for a word, and none for what is no path', async () => {
    const files = new MemoryFiles([]);
    await found('bert-base-uncased', files);
    expect(files.stats).toEqual(['/repo/src/bert-base-uncased', '/repo/bert-base-uncased']);
    const none = new MemoryFiles([]);
    await found('https://example.org/model.pt', none);
    await found('   ', none);
    expect([...none.stats, ...none.listed]).toEqual([]);
  });

  it('are no more than three', async () => {
    const roots = Array.from({ length: 10 }, (_, i) => `/root${i}`);
    const files = new MemoryFiles(roots.map((root) => `${root}/a.pt`));
    expect(await findModels('a.pt', { ...CONTEXT, roots }, files, { certainty, opensFolder })).toHaveLength(3);
  });

  it('looks at the first names of a folder only', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `/repo/data/${i}.txt`);
    expect(await found('data', new MemoryFiles([...many, '/repo/data/z.pt']))).toEqual([]);
    expect(await found('data', new MemoryFiles([...many.slice(1), '/repo/data/z.pt']))).toHaveLength(1);
  });

  it('are looked for no longer once nobody waits for them', async () => {
    const files = new MemoryFiles(['/repo/bert/model.safetensors']);
    expect(await found('bert', files, AbortSignal.abort())).toEqual([]);
    expect(files.listed).toEqual([]);
  });
});
