import { chosenCurvature } from '../../src/limits/optimizer-curvature';
import type { CurvatureChoice, LimitScope } from '../../src/report/report';
import { INITIAL_CHOICES, restoreChoices, type MeasurementChoices } from '../measurement/measurement-choices';

/** Columns that the table can be sorted by. */
export const SORT_COLUMNS = ['name', 'shape', 'dtype', 'count', 'kurtosis', 'std', 'zeros', 'limit', 'kept'] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export interface SortOrder {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/**
 * What the reader has chosen. It is all that outlives the webview: hidden, moved or reloaded, the analysis itself comes
 * from the host again. Absent means "not chosen": the panel's own default holds.
 */
export interface ViewState {
  readonly version: 1;
  readonly fingerprint: string;
  /** Name of the selected tensor. */
  readonly selected?: string;
  /** Absent: file order. */
  readonly sort?: SortOrder | undefined;
  readonly filter: string;
  readonly prunedFraction?: number | undefined;
  readonly scope?: LimitScope;
  readonly logarithmic: boolean;
  readonly scrollTop: number;
  /** Rows shown although the scope leaves them out: biases and normalisation; buffers and optimiser state. */
  readonly showVectors: boolean;
  readonly showOthers: boolean;
  readonly detail: 'layer' | 'model';
  readonly measured: MeasurementChoices;
  /** What the limit from optimiser state is computed with; absent: the usual. */
  readonly curvature?: CurvatureChoice | undefined;
}

/** The state of a panel nobody has touched. */
export function initialViewState(fingerprint: string): ViewState {
  return {
    version: 1,
    fingerprint,
    filter: '',
    logarithmic: false,
    scrollTop: 0,
    showVectors: false,
    showOthers: false,
    detail: 'layer',
    measured: INITIAL_CHOICES,
  };
}

/**
 * The stored state if it is of this layout and of this version of the file, else the initial one. The stored value may
 * be from another version of the extension, so every field is checked.
 */
export function restoreViewState(stored: unknown, fingerprint: string): ViewState {
  const initial = initialViewState(fingerprint);
  if (typeof stored !== 'object' || stored === null) return initial;
  const from = stored as Readonly<Record<string, unknown>>;
  if (from.version !== 1 || from.fingerprint !== fingerprint) return initial;
  const { selected, filter, prunedFraction, scope, scrollTop } = from;
  const sort = sortOrder(from.sort);
  const curvature = chosenCurvature(from.curvature);
  return {
    ...initial,
    ...(typeof selected === 'string' ? { selected } : {}),
    ...(sort === undefined ? {} : { sort }),
    ...(typeof filter === 'string' ? { filter } : {}),
    ...(typeof prunedFraction === 'number' && prunedFraction >= 0 && prunedFraction <= 1 ? { prunedFraction } : {}),
    ...(scope === 'weights' || scope === 'parameters' ? { scope } : {}),
    ...(typeof scrollTop === 'number' && scrollTop >= 0 && Number.isFinite(scrollTop) ? { scrollTop } : {}),
    ...(curvature === undefined ? {} : { curvature }),
    logarithmic: from.logarithmic === true,
    showVectors: from.showVectors === true,
    showOthers: from.showOthers === true,
    detail: from.detail === 'model' ? 'model' : 'layer',
    measured: restoreChoices(from.measured),
  };
}

function sortOrder(stored: unknown): SortOrder | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { column, descending } = stored as Readonly<Record<string, unknown>>;
  const known = SORT_COLUMNS.find((name) => name === column);
  return known === undefined ? undefined : { column: known, descending: descending === true };
}
