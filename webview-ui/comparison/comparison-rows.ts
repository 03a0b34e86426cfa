import * as l10n from '@vscode/l10n';
import type { TensorChange, TensorComparison } from '../../src/report/comparison';
import { shapeText } from '../../src/report/number-text';
import { COMPARISON_COLUMNS } from './comparison-columns';
import type { ComparisonOrder, ShownTensors } from './comparison-view-state';

/** What became of a tensor, in a word. */
export function changeName(change: TensorChange): string {
  switch (change) {
    case 'common':
      return l10n.t('common');
    case 'added':
      return l10n.t('added');
    case 'removed':
      return l10n.t('removed');
    case 'reshaped':
      return l10n.t('reshaped');
  }
}

/** The tensor differs between the two: in any value, in its type, or altogether. */
export function isChanged({ change, pair, before, after }: TensorComparison): boolean {
  if (change !== 'common') return true;
  if (pair === null) return false;
  return pair.equalCount < pair.count || notFinite(before) !== notFinite(after) || before?.dtype !== after?.dtype;
}

function notFinite(side: TensorComparison['before']): number {
  return side === null ? 0 : side.nanCount + side.infCount;
}

/** How many tensors each choice shows. */
export function shownCounts(tensors: readonly TensorComparison[]): Readonly<Record<ShownTensors, number>> {
  return {
    all: tensors.length,
    changed: tensors.filter(isChanged).length,
    structure: tensors.filter(({ change }) => change !== 'common').length,
  };
}

/** Both shapes of a tensor; one where it has only one. */
export function shapesText({ before, after, change }: TensorComparison): string {
  if (change === 'reshaped' && before !== null && after !== null) {
    return `${shapeText(before.shape)} → ${shapeText(after.shape)}`;
  }
  return shapeText((before ?? after)?.shape ?? []);
}

/** Indices of the tensors to show, in order. */
export function comparedRows(
  tensors: readonly TensorComparison[],
  shown: ShownTensors,
  filter: string,
  order: ComparisonOrder | undefined,
): readonly number[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const rows: number[] = [];
  tensors.forEach((tensor, index) => {
    if (shown === 'changed' && !isChanged(tensor)) return;
    if (shown === 'structure' && tensor.change === 'common') return;
    if (matches(tensor, words)) rows.push(index);
  });
  return order === undefined ? rows : sorted(tensors, rows, order);
}

/** Every word is in the name, a shape (64x3 or 64×3), a type, the role or what became of it. */
function matches(tensor: TensorComparison, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { name, before, after, change } = tensor;
  const shapes = shapesText(tensor);
  const facts = [before?.dtype, after?.dtype, (after ?? before)?.role, changeName(change)].join(' ');
  const text = `${name} ${shapes} ${shapes.replaceAll('×', 'x')} ${facts}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const collator = new Intl.Collator('en', { numeric: true });

function sorted(
  tensors: readonly TensorComparison[],
  rows: readonly number[],
  { column, descending }: ComparisonOrder,
): readonly number[] {
  const key = COMPARISON_COLUMNS.find(({ id }) => id === column)?.key;
  if (key === undefined) return rows;
  const sign = descending ? -1 : 1;
  const keyed = rows.flatMap((index) => {
    const tensor = tensors[index];
    return tensor === undefined ? [] : [{ index, key: key(tensor) }];
  });
  keyed.sort((a, b) => {
    // rows without a figure stay at the end in both directions
    if (a.key === undefined || b.key === undefined) {
      return Number(a.key === undefined) - Number(b.key === undefined) || a.index - b.index;
    }
    const order =
      typeof a.key === 'string' && typeof b.key === 'string'
        ? collator.compare(a.key, b.key)
        : Number(a.key) - Number(b.key);
    return order * sign || a.index - b.index;
  });
  return keyed.map(({ index }) => index);
}
