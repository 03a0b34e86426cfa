import { RUN_METRICS, type RunMetric } from './run-metrics';
import { scrollPosition, storedFields } from './comparison-view-state';

/** What the reader of a run has chosen: all that outlives the webview. */
export interface RunViewState {
  readonly version: 1;
  readonly kind: 'run';
  /** What the host opens the run with again after a reload of the window. */
  readonly subject: string;
  readonly fingerprint: string;
  /** What the map of layers and steps shows. */
  readonly metric: RunMetric;
  readonly filter: string;
  /** Paths of the checkpoints chosen to be compared, at most two. */
  readonly chosen: readonly string[];
  readonly scrollTop: number;
}

/** The stored state if it is of this layout and about these versions of the files, else the initial one. */
export function restoreRunView(
  stored: unknown,
  { subject, fingerprint }: Pick<RunViewState, 'subject' | 'fingerprint'>,
): RunViewState {
  const initial: RunViewState = {
    version: 1,
    kind: 'run',
    subject,
    fingerprint,
    metric: 'kurtosis',
    filter: '',
    chosen: [],
    scrollTop: 0,
  };
  const from = storedFields(stored, 'run', fingerprint);
  if (from === undefined) return initial;
  const chosen: readonly unknown[] = Array.isArray(from.chosen) ? from.chosen : [];
  return {
    ...initial,
    metric: RUN_METRICS.find(({ id }) => id === from.metric)?.id ?? 'kurtosis',
    filter: typeof from.filter === 'string' ? from.filter : '',
    chosen: chosen.filter((path) => typeof path === 'string').slice(0, 2),
    scrollTop: scrollPosition(from.scrollTop),
  };
}
