import { expect, test } from 'vitest';
import { fittingColumns, gridTemplate } from '../../../webview-ui/model/table-columns';

const names = (width: number): string =>
  fittingColumns(width, 20)
    .map(({ id }) => id)
    .join(' ');

test('a wide table has all columns, in their order', () => {
  expect(names(1600)).toBe('name shape dtype count distribution kurtosis std zeros limit kept');
});

test('columns go one after the other as the table narrows, the name and what is kept never', () => {
  let before = fittingColumns(1600, 20).length;
  for (let width = 1600; width >= 200; width -= 10) {
    const columns = fittingColumns(width, 20);
    expect(columns.length).toBeLessThanOrEqual(before);
    expect(columns.length).toBeGreaterThanOrEqual(before - 1);
    before = columns.length;
  }
  expect(names(200)).toBe('name kept');
});

test('the name takes what is left over', () => {
  expect(gridTemplate(fittingColumns(200, 20))).toMatch(/^minmax\(0, 1fr\) \d+px$/);
});

test('long names take columns their room, to a point', () => {
  expect(fittingColumns(920, 40).length).toBeLessThan(fittingColumns(920, 20).length);
  expect(fittingColumns(920, 4000)).toEqual(fittingColumns(920, 40));
});
