import type { SortColumn } from './view-state';

/** A column of the layer table. */
export interface TableColumn {
  readonly id: SortColumn | 'distribution';
  readonly label: string;
  /** What the column shows; a tooltip. */
  readonly title: string;
  /** Pixels; the name takes what is left over. */
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
  { id: 'name', label: 'Layer', title: 'Name of the tensor', width: 0, numeric: false, expendable: 0 },
  { id: 'shape', label: 'Shape', title: 'Dimensions', width: 108, numeric: false, expendable: 6 },
  { id: 'dtype', label: 'Type', title: 'Type of the values', width: 76, numeric: false, expendable: 9 },
  { id: 'count', label: 'Values', title: 'Number of values', width: 84, numeric: true, expendable: 5 },
  { id: 'distribution', label: 'Weights', title: 'Distribution', width: 112, numeric: false, expendable: 2 },
  {
    id: 'kurtosis',
    label: 'Kurtosis',
    title: 'Pearson kurtosis: uniform 1.8, Gaussian 3, Laplace 6',
    width: 70,
    numeric: true,
    expendable: 4,
  },
  { id: 'std', label: 'Std', title: 'Population standard deviation', width: 76, numeric: true, expendable: 7 },
  {
    id: 'zeros',
    label: 'Zeros',
    title: 'Values that are exactly zero in the file',
    width: 60,
    numeric: true,
    expendable: 8,
  },
  { id: 'limit', label: 'Limit', title: 'Best trade-off of this layer alone', width: 58, numeric: true, expendable: 3 },
  {
    id: 'kept',
    label: 'Kept',
    title: 'What the global threshold leaves of this layer',
    width: 128,
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
