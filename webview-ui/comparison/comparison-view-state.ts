import { COMPARISON_COLUMNS, type ComparisonColumnId } from './comparison-columns';

export interface ComparisonOrder {
  readonly column: ComparisonColumnId;
  readonly descending: boolean;
}

/** Which tensors the table shows: all, those with any difference, or those that are not on both sides in one shape. */
export const SHOWN_TENSORS = ['all', 'changed', 'structure'] as const;
export type ShownTensors = (typeof SHOWN_TENSORS)[number];

/** What the reader of a comparison has chosen: all that outlives the webview. */
export interface ComparisonViewState {
  readonly version: 1;
  readonly kind: 'comparison';
  /** What the host opens the comparison with again after a reload of the window. */
  readonly subject: string;
  readonly fingerprint: string;
  /** Name of the selected tensor. */
  readonly selected?: string;
  /** Absent: the order of the files. */
  readonly order?: ComparisonOrder | undefined;
  readonly filter: string;
  readonly shown: ShownTensors;
  readonly logarithmic: boolean;
  readonly scrollTop: number;
}

/**
 * The stored state if it is of this layout and about these versions of the files, else the initial one. The stored value
 * may be from another version of the extension, so every field is checked.
 */
export function restoreComparisonView(
  stored: unknown,
  { subject, fingerprint }: Pick<ComparisonViewState, 'subject' | 'fingerprint'>,
): ComparisonViewState {
  const initial: ComparisonViewState = {
    version: 1,
    kind: 'comparison',
    subject,
    fingerprint,
    filter: '',
    shown: 'all',
    logarithmic: false,
    scrollTop: 0,
  };
  const from = storedFields(stored, 'comparison', fingerprint);
  if (from === undefined) return initial;
  const order = comparisonOrder(from.order);
  return {
    ...initial,
    ...(typeof from.selected === 'string' ? { selected: from.selected } : {}),
    ...(order === undefined ? {} : { order }),
    filter: typeof from.filter === 'string' ? from.filter : '',
    shown: SHOWN_TENSORS.find((name) => name === from.shown) ?? 'all',
    logarithmic: from.logarithmic === true,
    scrollTop: scrollPosition(from.scrollTop),
  };
}

/** The fields of a stored state of this kind about these very files; undefined if it is anything else. */
export function storedFields(
  stored: unknown,
  kind: 'comparison' | 'run',
  fingerprint: string,
): Readonly<Record<string, unknown>> | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const from = stored as Readonly<Record<string, unknown>>;
  return from.version === 1 && from.kind === kind && from.fingerprint === fingerprint ? from : undefined;
}

/** A stored scroll position, 0 if it is none. */
export function scrollPosition(stored: unknown): number {
  return typeof stored === 'number' && stored >= 0 && Number.isFinite(stored) ? stored : 0;
}

function comparisonOrder(stored: unknown): ComparisonOrder | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { column, descending } = stored as Readonly<Record<string, unknown>>;
  const known = COMPARISON_COLUMNS.find(({ id }) => id === column)?.id;
  return known === undefined ? undefined : { column: known, descending: descending === true };
}
