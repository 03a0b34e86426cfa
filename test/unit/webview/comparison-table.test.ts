import { describe, expect, test } from 'vitest';
import {
  COMPARISON_COLUMNS,
  comparisonGridTemplate,
  definedColumns,
  fittingComparisonColumns,
} from '../../../webview-ui/comparison/comparison-columns';
import { comparedRows, isChanged, shapesText, shownCounts } from '../../../webview-ui/comparison/comparison-rows';
import { gridMove, HEADER_ROW } from '../../../webview-ui/grid/grid-moves';
import { makeComparison } from '../../panel/comparison-scenarios';

function tensorsOf(scenario: string) {
  const { snapshot } = makeComparison(scenario);
  if (snapshot.kind !== 'comparison' || snapshot.report === null) throw new Error(`${scenario} has no report`);
  return snapshot.report.tensors;
}

const HEAD = tensorsOf('changedHead');
const TUNED = tensorsOf('tuned');
const names = (rows: readonly number[]): readonly string[] => rows.map((row) => HEAD[row]?.name ?? '');

describe('rows', () => {
  test('by what became of the tensor', () => {
    expect(shownCounts(HEAD)).toEqual({ all: 34, changed: 27, structure: 4 });
    expect(names(comparedRows(HEAD, 'structure', '', undefined))).toEqual([
      'layer2.0.downsample.bias',
      'fc2.weight',
      'adapter.down.weight',
      'adapter.up.weight',
    ]);
    expect(tensorsOf('identical').some(isChanged)).toBe(false);
  });

  test('by every word of the filter: name, both shapes, role, change', () => {
    expect(names(comparedRows(HEAD, 'all', 'adapter ADDED', undefined))).toEqual([
      'adapter.down.weight',
      'adapter.up.weight',
    ]);
    expect(names(comparedRows(HEAD, 'all', '100x128', undefined))).toEqual(['fc2.weight']);
    expect(comparedRows(HEAD, 'all', 'no such', undefined)).toEqual([]);
  });

  test('a reshaped tensor has both shapes', () => {
    const fc2 = HEAD.find(({ name }) => name === 'fc2.weight');
    expect(fc2 === undefined ? '' : shapesText(fc2)).toBe('10×128 → 100×128');
  });

  test('sorted both ways, those without a figure last', () => {
    const up = comparedRows(HEAD, 'all', '', { column: 'cosine', descending: false });
    const down = comparedRows(HEAD, 'all', '', { column: 'cosine', descending: true });
    const cosines = (rows: readonly number[]) => rows.map((row) => HEAD[row]?.pair?.cosineSimilarity ?? undefined);
    const known = cosines(up).filter((cosine) => cosine !== undefined);
    expect(known).toEqual([...known].sort((a, b) => a - b));
    expect(cosines(up).slice(known.length)).toEqual(new Array(HEAD.length - known.length).fill(undefined));
    expect(cosines(down).slice(0, known.length)).toEqual([...known].reverse());
    expect(
      cosines(down)
        .slice(known.length)
        .every((cosine) => cosine === undefined),
    ).toBe(true);
  });
});

describe('columns', () => {
  test('that are nowhere defined are hidden', () => {
    const defined = definedColumns(TUNED);
    expect([...defined]).not.toContain('maskOverlap');
    expect([...defined]).not.toContain('layerRule');
    expect([...defined]).not.toContain('zeros');
    expect([...defined]).toContain('cosine');
    expect([...definedColumns(tensorsOf('pruned'))]).toEqual(expect.arrayContaining(['zeros', 'layerRule']));
    expect([...definedColumns(tensorsOf('nothing'))].sort()).toEqual(['count', 'name', 'shape']);
  });

  test('go one after the other as the table narrows; after pruning, zeros stay longest', () => {
    const all = new Set(COMPARISON_COLUMNS.map(({ id }) => id));
    for (const pruned of [false, true]) {
      let before = COMPARISON_COLUMNS.length;
      for (let width = 2000; width >= 200; width -= 10) {
        const count = fittingComparisonColumns(width, 20, all, pruned).length;
        expect(count).toBeLessThanOrEqual(before);
        before = count;
      }
    }
    const ids = (pruned: boolean) => fittingComparisonColumns(200, 20, all, pruned).map(({ id }) => id);
    expect(ids(false)).toEqual(['name', 'cosine']);
    expect(ids(true)).toEqual(['name', 'zeros']);
    expect(comparisonGridTemplate(fittingComparisonColumns(200, 20, all, false))).toBe('minmax(0, 1fr) 76px');
  });

  test('have ranks of their own', () => {
    for (const kind of [0, 1] as const) {
      const ranks = COMPARISON_COLUMNS.map(({ expendable }) => expendable[kind]);
      expect(new Set(ranks).size).toBe(ranks.length);
    }
  });
});

describe('keys of a grid', () => {
  const size = { rows: 100, columns: 5 };
  const move = (key: string, row: number, column: number) => gridMove(key, { row, column }, size, 20);

  test('walk it and stop at its edges', () => {
    expect(move('ArrowDown', 0, 2)).toEqual({ row: 1, column: 2 });
    expect(move('ArrowUp', 0, 2)).toEqual({ row: HEADER_ROW, column: 2 });
    expect(move('ArrowUp', HEADER_ROW, 2)).toEqual({ row: HEADER_ROW, column: 2 });
    expect(move('ArrowLeft', 3, 0)).toEqual({ row: 3, column: 0 });
    expect(move('ArrowRight', 3, 4)).toEqual({ row: 3, column: 4 });
    expect(move('PageUp', 5, 1)).toEqual({ row: 0, column: 1 });
    expect(move('PageDown', 95, 1)).toEqual({ row: 99, column: 1 });
    expect(move('End', 3, 1)).toEqual({ row: 99, column: 1 });
    expect(gridMove('ArrowDown', { row: HEADER_ROW, column: 0 }, { rows: 0, columns: 2 }, 5)).toEqual({
      row: HEADER_ROW,
      column: 0,
    });
  });

  test('others are none of its business', () => {
    expect(move('a', 3, 1)).toBeUndefined();
    expect(move('constructor', 3, 1)).toBeUndefined();
  });
});
