import { describe, expect, it } from 'vitest';
import { modelEntries, type CatalogFile } from '../../../src/catalog/entries';
import { buildTree, countModels, type CatalogNode, type TreeOptions } from '../../../src/catalog/tree';
import { files } from './files';

/** The tree as indented labels. */
function drawn(nodes: readonly CatalogNode[], indent = ''): string[] {
  return nodes.flatMap((node) => [
    `${indent}${node.kind === 'model' ? '' : `${node.kind} `}${node.label}`,
    ...(node.kind === 'model' ? [] : drawn(node.children, `${indent}  `)),
  ]);
}

function tree(found: readonly CatalogFile[], options: Partial<TreeOptions> = {}): CatalogNode[] {
  return buildTree(modelEntries(found), { layout: 'folder', order: 'name', filter: '', ...options });
}

const SAMPLES = files('top.pt', 'a/b/c/epoch10.pt', 'a/b/c/epoch9.pt', 'a/b/c/best.pt', 'd/e/x.pt', 'd/f/y.pt');

describe('buildTree', () => {
  it('shows folders first, chains of folders as one, runs as one item in order of their steps', () => {
    expect(drawn(tree(SAMPLES))).toEqual([
      'folder a/b/c',
      '  best.pt',
      '  run epoch*.pt',
      '    epoch9.pt',
      '    epoch10.pt',
      'folder d',
      '  folder e',
      '    x.pt',
      '  folder f',
      '    y.pt',
      'top.pt',
    ]);
  });

  it('shows the runs without folders, and then the other models', () => {
    expect(drawn(tree(SAMPLES, { layout: 'run' }))).toEqual([
      'run epoch*.pt',
      '  epoch9.pt',
      '  epoch10.pt',
      'best.pt',
      'top.pt',
      'x.pt',
      'y.pt',
    ]);
  });

  it('shows every model in a list', () => {
    expect(drawn(tree(SAMPLES, { layout: 'flat' }))).toEqual([
      'best.pt',
      'epoch9.pt',
      'epoch10.pt',
      'top.pt',
      'x.pt',
      'y.pt',
    ]);
  });

  it('names a step that has a folder of its own with that folder', () => {
    expect(drawn(tree(files('o/checkpoint-5/model.pt', 'o/checkpoint-10/model.pt')))).toEqual([
      'folder o',
      '  run checkpoint-*/model.pt',
      '    checkpoint-5/model.pt',
      '    checkpoint-10/model.pt',
    ]);
  });

  it('sorts by size and time downwards, but never the steps of a run', () => {
    const found: CatalogFile[] = [
      { path: 'small/new.pt', size: 1, modified: 50 },
      { path: 'large/old.pt', size: 90, modified: 1 },
      { path: 'm.pt', size: 10, modified: 3 },
      { path: 'epoch1.pt', size: 6, modified: 2 },
      { path: 'epoch2.pt', size: 5, modified: 4 },
    ];
    const run = ['run epoch*.pt', '  epoch1.pt', '  epoch2.pt'];
    expect(drawn(tree(found, { order: 'size' }))).toEqual([
      'folder large',
      '  old.pt',
      'folder small',
      '  new.pt',
      ...run,
      'm.pt',
    ]);
    expect(drawn(tree(found, { order: 'modified' }))).toEqual([
      'folder small',
      '  new.pt',
      'folder large',
      '  old.pt',
      ...run,
      'm.pt',
    ]);
  });

  it('sorts by limit, what has none last', () => {
    const limits = new Map(Object.entries({ 'b.pt': 0, 'c.pt': 0.9, 'f/e.pt': 0.5, 'g/h.pt': 0.6 }));
    const entries = modelEntries(files('a.pt', 'b.pt', 'c.pt', 'd.pt', 'f/e.pt', 'g/h.pt')).map((entry) => ({
      ...entry,
      limit: limits.get(entry.path) ?? null,
    }));
    expect(drawn(buildTree(entries, { layout: 'folder', order: 'limit', filter: '' }))).toEqual([
      'folder g',
      '  h.pt',
      'folder f',
      '  e.pt',
      'c.pt',
      'b.pt',
      'a.pt',
      'd.pt',
    ]);
  });

  it('filters by all words of the path, in any case', () => {
    expect(drawn(tree(SAMPLES, { filter: ' EPOCH  a/b ' }))).toEqual([
      'folder a/b/c',
      '  run epoch*.pt',
      '    epoch9.pt',
      '    epoch10.pt',
    ]);
    expect(drawn(tree(SAMPLES, { filter: 'epoch d' }))).toEqual([]);
  });

  it('still shows a run as one of which only one step is left by the filter', () => {
    expect(drawn(tree(SAMPLES, { filter: 'epoch9' }))).toEqual(['folder a/b/c', '  run epoch*.pt', '    epoch9.pt']);
  });

  it('takes names of objects for what they are, names', () => {
    expect(drawn(tree(files('__proto__/constructor/a.pt', '__proto__/b.pt')))).toEqual([
      'folder __proto__',
      '  folder constructor',
      '    a.pt',
      '  b.pt',
    ]);
  });

  it('loses and doubles none of 20,000 models', () => {
    const paths: string[] = [];
    for (let experiment = 0; experiment < 100; experiment++) {
      for (let epoch = 1; epoch <= 100; epoch++) paths.push(`exp/${experiment % 10}/run${experiment}/epoch${epoch}.pt`);
      for (let step = 100; step <= 5000; step += 100) {
        paths.push(`exp/${experiment % 10}/run${experiment}/checkpoint-${step}/model-00001-of-00002.safetensors`);
        paths.push(`exp/${experiment % 10}/run${experiment}/checkpoint-${step}/model-00002-of-00002.safetensors`);
      }
    }
    expect(paths.length).toBe(20_000);
    // 100 runs of 100 epochs and 100 runs of 50 models of two shards each.
    const entries = modelEntries(files(...paths));
    expect(entries.length).toBe(15_000);
    for (const layout of ['folder', 'run', 'flat'] as const) {
      const nodes = buildTree(entries, { layout, order: 'size', filter: '' });
      expect(countModels(nodes)).toBe(15_000);
    }
    const [exp] = tree(files(...paths));
    const tenth = exp?.kind === 'folder' ? exp.children[9] : undefined;
    const run99 = tenth?.kind === 'folder' ? tenth.children[9] : undefined;
    expect([exp?.label, tenth?.label, run99?.label]).toEqual(['exp', '9', 'run99']);
    const runs = run99?.kind === 'folder' ? run99.children : [];
    expect(runs.map(({ label, models }) => [label, models])).toEqual([
      ['checkpoint-*/model.safetensors', 50],
      ['epoch*.pt', 100],
    ]);
    const steps = runs.flatMap((run) => (run.kind === 'run' ? [run.run.steps.map(({ step }) => step)] : []));
    expect(steps[0]).toEqual(Array.from({ length: 50 }, (_, i) => 100 * (i + 1)));
    expect(steps[1]).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });
});
