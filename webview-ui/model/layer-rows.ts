import type { TensorFacts, TensorStatistics } from '../../src/report/report';
import { shapeText } from '../../src/report/number-text';
import { roleText } from './role-text';
import type { SortColumn, SortOrder } from './view-state';

/** What a tensor is to the limits: pruned in both scopes, in one, or never. */
export type RowGroup = 'weights' | 'vectors' | 'others';

/** @returns `weights` for prunable tensors of ≥ 2 dimensions, `vectors` for the other prunable ones. */
export function rowGroup(tensor: TensorFacts): RowGroup {
  if (!tensor.prunable) return 'others';
  return tensor.shape.length >= 2 ? 'weights' : 'vectors';
}

/** What the table knows of its rows. */
export interface RowSource {
  readonly tensors: readonly TensorFacts[];
  statistics(index: number): TensorStatistics | undefined;
  /** Fraction that stays at the present threshold. */
  survivingFraction(index: number): number | undefined;
}

/** Indices of the tensors to show, in order. */
export function orderedRows(
  source: RowSource,
  shown: ReadonlySet<RowGroup>,
  filter: string,
  sort: SortOrder | undefined,
): readonly number[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const rows: number[] = [];
  source.tensors.forEach((tensor, index) => {
    if (shown.has(rowGroup(tensor)) && matches(tensor, words)) rows.push(index);
  });
  return sort === undefined ? rows : sorted(source, rows, sort);
}

/** Every word is in the name, the shape (64x3 or 64×3), the type or the role (as it is shown, or its identifier). */
function matches(tensor: TensorFacts, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const shape = shapeText(tensor.shape);
  const text =
    `${tensor.name} ${shape} ${shape.replaceAll('×', 'x')} ${tensor.dtype} ${tensor.role} ${roleText(tensor.role)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function sorted(source: RowSource, rows: readonly number[], sort: SortOrder): readonly number[] {
  const sign = sort.descending ? -1 : 1;
  const keyed = rows.map((index) => ({ index, key: sortKey(source, index, sort.column) }));
  keyed.sort((a, b) => {
    // rows without a value stay at the end in both directions: they are not yet, or never, comparable
    if (a.key === undefined || b.key === undefined) {
      return Number(a.key === undefined) - Number(b.key === undefined) || a.index - b.index;
    }
    const order =
      typeof a.key === 'string' && typeof b.key === 'string'
        ? compareNames(a.key, b.key)
        : Number(a.key) - Number(b.key);
    return order * sign || a.index - b.index;
  });
  return keyed.map(({ index }) => index);
}

const collator = new Intl.Collator('en', { numeric: true });

/** `layer2` before `layer10`. */
function compareNames(a: string, b: string): number {
  return collator.compare(a, b);
}

function sortKey(source: RowSource, index: number, column: SortColumn): string | number | undefined {
  const tensor = source.tensors[index];
  if (tensor === undefined) return undefined;
  const statistics = source.statistics(index);
  switch (column) {
    case 'name':
      return tensor.name;
    case 'shape':
      return shapeText(tensor.shape);
    case 'dtype':
      return tensor.dtype;
    case 'count':
      return tensor.count;
    case 'kurtosis':
      return statistics?.kurtosis ?? undefined;
    case 'std':
      return statistics?.std ?? undefined;
    case 'zeros':
      return statistics === undefined || tensor.count === 0 ? undefined : statistics.zeroCount / tensor.count;
    case 'limit':
      return tensor.prunable ? (statistics?.limit ?? undefined) : undefined;
    case 'kept':
      return source.survivingFraction(index);
  }
}
