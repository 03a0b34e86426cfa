import * as l10n from '@vscode/l10n';
import type { SortColumn } from './view-state';

/** A column of the layer table. */
export interface TableColumn {
  readonly id: SortColumn | 'distribution';
  readonly label: string;
  /** What the column shows; a tooltip. */
  readonly title: string;
  /** Pixels, room for the label of any language with its arrow; the name takes what is left over. */
  readonly width: number;
  readonly numeric: boolean;
  /** The larger, the earlier the column goes when there is no room. */
  readonly expendable: number;
}

/** Room for the names: so many pixels a character, and for a mark behind; within bounds. */
const CHARACTER_WIDTH = 7;
const NAME_PADDING = 40;
const LEAST_NAME_WIDTH = 150;
const MOST_NAME_WIDTH = 280;
/** Space at the table's edges. */
const EDGES = 28;

const COLUMNS: readonly TableColumn[] = [
  { id: 'name', label: l10n.t('Layer'), title: l10n.t('Name of the tensor'), width: 0, numeric: false, expendable: 0 },
  { id: 'shape', label: l10n.t('Shape'), title: l10n.t('Dimensions'), width: 108, numeric: false, expendable: 6 },
  { id: 'dtype', label: l10n.t('Type'), title: l10n.t('Type of the values'), width: 76, numeric: false, expendable: 9 },
  { id: 'count', label: l10n.t('Values'), title: l10n.t('Number of values'), width: 84, numeric: true, expendable: 5 },
  {
    id: 'distribution',
    label: l10n.t('Weights'),
    title: l10n.t('Distribution'),
    width: 112,
    numeric: false,
    expendable: 2,
  },
  {
    id: 'kurtosis',
    label: l10n.t('Kurtosis'),
    title: l10n.t('Pearson kurtosis: uniform 1.8, Gaussian 3, Laplace 6'),
    width: 70,
    numeric: true,
    expendable: 4,
  },
  {
    id: 'std',
    label: l10n.t('Std'),
    title: l10n.t('Population standard deviation'),
    width: 76,
    numeric: true,
    expendable: 7,
  },
  {
    id: 'zeros',
    label: l10n.t('Zeros'),
    title: l10n.t('Values that are exactly zero in the file'),
    width: 60,
    numeric: true,
    expendable: 8,
  },
  {
    id: 'limit',
    label: l10n.t('Limit'),
    title: l10n.t('Best trade-off of this layer alone'),
    width: 66,
    numeric: true,
    expendable: 3,
  },
  {
    id: 'kept',
    label: l10n.t('Kept'),
    title: l10n.t('What the global threshold leaves of this layer'),
    width: 144,
    numeric: true,
    expendable: 1,
  },
];

/**
 * The columns for which a table of this width has room, in order.
 * @param nameLength characters of a long one among the names
 */
export function fittingColumns(width: number, nameLength: number): readonly TableColumn[] {
  const wanted = nameLength * CHARACTER_WIDTH + NAME_PADDING;
  const nameWidth = Math.min(MOST_NAME_WIDTH, Math.max(LEAST_NAME_WIDTH, wanted));
  const ranked = [...COLUMNS].sort((a, b) => a.expendable - b.expendable);
  let room = width - nameWidth - EDGES;
  const fitting = new Set<TableColumn>();
  for (const column of ranked) {
    room -= column.width;
    if (room < 0 && column.expendable > 1) break;
    fitting.add(column);
  }
  return COLUMNS.filter((column) => fitting.has(column));
}

/** `grid-template-columns` for these columns. */
export function gridTemplate(columns: readonly TableColumn[]): string {
  return columns.map(({ id, width }) => (id === 'name' ? 'minmax(0, 1fr)' : `${String(width)}px`)).join(' ');
}
