import * as l10n from '@vscode/l10n';
import type { PairStatistics, TensorComparison } from '../../src/report/comparison';
import type { TensorReport } from '../../src/report/report';

export type ComparisonColumnId =
  | 'name'
  | 'shape'
  | 'count'
  | 'cosine'
  | 'change'
  | 'kolmogorovSmirnov'
  | 'wasserstein'
  | 'kurtosis'
  | 'limit'
  | 'zeros'
  | 'maskOverlap'
  | 'layerRule';

/** A column of the table of tensors. */
export interface ComparisonColumn {
  readonly id: ComparisonColumnId;
  readonly label: string;
  /** What the column shows; a tooltip. */
  readonly title: string;
  /** Pixels; the name takes what is left over. */
  readonly width: number;
  readonly numeric: boolean;
  /** The larger, the earlier the column goes when there is no room; between checkpoints of one training, and after pruning. */
  readonly expendable: readonly [trained: number, pruned: number];
  /** What the rows are sorted by; undefined where there is none. A column that is nowhere defined is not shown. */
  readonly key: (tensor: TensorComparison) => number | string | undefined;
}

/** Room for the names: so many pixels a character, and for a badge behind; within bounds. */
const CHARACTER_WIDTH = 7;
const NAME_PADDING = 40;
const LEAST_NAME_WIDTH = 150;
const MOST_NAME_WIDTH = 260;
/** Space at the table's edges. */
const EDGES = 28;

/** Every column, in order. */
export const COMPARISON_COLUMNS: readonly ComparisonColumn[] = [
  {
    id: 'name',
    label: l10n.t('Tensor'),
    title: l10n.t('Name of the tensor'),
    width: 0,
    numeric: false,
    expendable: [0, 0],
    key: ({ name }) => name,
  },
  {
    id: 'shape',
    label: l10n.t('Shape'),
    title: l10n.t('Dimensions'),
    width: 104,
    numeric: false,
    expendable: [8, 10],
    key: (tensor) => sides(tensor)[0]?.shape.join('×'),
  },
  {
    id: 'count',
    label: l10n.t('Values'),
    title: l10n.t('Number of values'),
    width: 84,
    numeric: true,
    expendable: [9, 9],
    key: (tensor) => sides(tensor)[0]?.count,
  },
  {
    id: 'cosine',
    label: l10n.t('Cosine'),
    title: l10n.t('Cosine similarity of the two vectors of values'),
    width: 76,
    numeric: true,
    expendable: [1, 2],
    key: ({ pair }) => pair?.cosineSimilarity ?? undefined,
  },
  {
    id: 'change',
    label: l10n.t('Change'),
    title: l10n.t('Relative change: norm of the difference over the norm before'),
    width: 76,
    numeric: true,
    expendable: [2, 6],
    key: ({ pair }) => pair?.relativeChange ?? undefined,
  },
  {
    id: 'kolmogorovSmirnov',
    label: l10n.t('KS'),
    title: l10n.t(
      'Shift of the distribution: largest difference of the two distribution functions (Kolmogorov–Smirnov)',
    ),
    width: 64,
    numeric: true,
    expendable: [5, 7],
    key: ({ shift }) => shift?.kolmogorovSmirnov,
  },
  {
    id: 'wasserstein',
    label: l10n.t('W₁ ∕ σ'),
    title: l10n.t('Shift of the distribution: Wasserstein distance in standard deviations before'),
    width: 68,
    numeric: true,
    expendable: [6, 8],
    key: ({ shift }) => shift?.relativeWasserstein ?? undefined,
  },
  {
    id: 'kurtosis',
    label: l10n.t('Kurtosis'),
    title: l10n.t('Pearson kurtosis before and after, and the difference, by which it is sorted'),
    width: 160,
    numeric: true,
    expendable: [4, 5],
    key: (tensor) => differenceOf(tensor, ({ kurtosis }) => kurtosis),
  },
  {
    id: 'limit',
    label: l10n.t('Limit'),
    title: l10n.t('Predicted limit of this tensor alone before and after, and the difference, by which it is sorted'),
    width: 140,
    numeric: true,
    expendable: [3, 4],
    key: (tensor) => differenceOf(tensor, ({ limit, prunable }) => (prunable ? limit : null)),
  },
  {
    id: 'zeros',
    label: l10n.t('Zeros'),
    title: l10n.t('Share of exact zeros before and after; sorted by the difference'),
    width: 108,
    numeric: true,
    expendable: [7, 1],
    key: zerosKey,
  },
  {
    id: 'maskOverlap',
    label: l10n.t('Mask'),
    title: l10n.t('Overlap of the masks: positions that are zero on both sides over those that are zero on either'),
    width: 64,
    numeric: true,
    expendable: [10, 11],
    key: ({ pair }) => maskOverlap(pair) ?? undefined,
  },
  {
    id: 'layerRule',
    label: l10n.t('L1 rule'),
    title: l10n.t('Of the pruned positions, the share that a threshold for this tensor alone would have taken too'),
    width: 80,
    numeric: true,
    expendable: [11, 3],
    key: ({ pruning }) => pruning?.layerwiseMagnitude.interval[0],
  },
];

/** Both sides' reports, the reference first; one where the tensor was added or removed. */
function sides({ before, after }: TensorComparison): readonly TensorReport[] {
  return [before, after].filter((side) => side !== null);
}

/** After − before; undefined unless both are known. */
export function differenceOf(
  { before, after }: TensorComparison,
  figure: (side: TensorReport) => number | null,
): number | undefined {
  const [from, to] = [before, after].map((side) => (side === null ? null : figure(side)));
  return from === null || from === undefined || to === null || to === undefined ? undefined : to - from;
}

/** The overlap of the masks where there was one before: without, it is 0 and tells nothing. */
export function maskOverlap(pair: PairStatistics | null): number | null {
  return pair === null || pair.zerosBefore === 0 ? null : pair.maskOverlap;
}

/** Zeros as a fraction of a tensor's values. */
export function zeroFraction({ zeroCount, count }: TensorReport): number | null {
  return count === 0 ? null : zeroCount / count;
}

/** No zeros on either side are nothing to show. */
function zerosKey(tensor: TensorComparison): number | undefined {
  if (sides(tensor).every(({ zeroCount }) => zeroCount === 0)) return undefined;
  return differenceOf(tensor, zeroFraction);
}

/** The columns that any of the tensors has a figure for. */
export function definedColumns(tensors: readonly TensorComparison[]): ReadonlySet<ComparisonColumnId> {
  const defined = new Set<ComparisonColumnId>(['name']);
  let open = COMPARISON_COLUMNS.filter(({ id }) => id !== 'name');
  for (const tensor of tensors) {
    if (open.length === 0) break;
    const found = open.filter(({ key }) => key(tensor) !== undefined);
    for (const { id } of found) defined.add(id);
    if (found.length > 0) open = open.filter((column) => !found.includes(column));
  }
  return defined;
}

/**
 * The defined columns for which a table of this width has room, in order.
 * @param nameLength characters of a long one among the names
 * @param pruned weights were pruned between the two: then masks tell more than movements
 */
export function fittingComparisonColumns(
  width: number,
  nameLength: number,
  defined: ReadonlySet<ComparisonColumnId>,
  pruned: boolean,
): readonly ComparisonColumn[] {
  const wanted = nameLength * CHARACTER_WIDTH + NAME_PADDING;
  const rank = (column: ComparisonColumn): number => column.expendable[pruned ? 1 : 0];
  const ranked = COMPARISON_COLUMNS.filter(({ id }) => defined.has(id)).sort((a, b) => rank(a) - rank(b));
  let room = width - Math.min(MOST_NAME_WIDTH, Math.max(LEAST_NAME_WIDTH, wanted)) - EDGES;
  const fitting = new Set<ComparisonColumn>();
  for (const column of ranked) {
    room -= column.width;
    // the name and one figure stay, however narrow it gets
    if (room < 0 && fitting.size > 1) break;
    fitting.add(column);
  }
  return COMPARISON_COLUMNS.filter((column) => fitting.has(column));
}

/** `grid-template-columns` for these columns. */
export function comparisonGridTemplate(columns: readonly ComparisonColumn[]): string {
  return columns.map(({ id, width }) => (id === 'name' ? 'minmax(0, 1fr)' : `${String(width)}px`)).join(' ');
}
