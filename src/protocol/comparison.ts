import type { ComparedModel, ComparisonReport, RunReport, RunStep, TensorComparison } from '../report/comparison';
import type { ValueCells } from '../sketch/cells';
import type { AnalysisStatus } from './panel';

export interface CompareRequest {
  /** Absolute path of the reference. */
  readonly before: string;
  readonly after: string;
}

/** A tensor's comparison with the distributions of both sides, coarse enough to send (≤ 512 cells each). */
export interface ComparedLayer {
  readonly comparison: TensorComparison;
  readonly cellsBefore: ValueCells | null;
  readonly cellsAfter: ValueCells | null;
}

/** What a comparison tells while it runs: `progress` often, `models` once both files have been read, `layers` as pairs are read. */
export type ComparisonEvent =
  | { readonly type: 'progress'; readonly bytesDone: number; readonly totalBytes: number }
  | { readonly type: 'models'; readonly before: ComparedModel; readonly after: ComparedModel }
  | { readonly type: 'layers'; readonly layers: readonly ComparedLayer[] };

export interface RunRequest {
  readonly checkpoints: readonly { readonly path: string; readonly step: number }[];
}

export type RunEvent =
  | { readonly type: 'progress'; readonly bytesDone: number; readonly totalBytes: number }
  | { readonly type: 'step'; readonly step: RunStep };

/** What a comparison's webview is told when it is there (again); later events follow. */
export interface ComparisonSnapshot {
  readonly kind: 'comparison';
  /** Opaque. The webview stores it as `subject`: with it the host opens the panel again after a reload of the window. */
  readonly subject: string;
  readonly before: string;
  readonly after: string;
  /** How the sides are called: file names, or as far of the paths as tells them apart. */
  readonly labels: readonly [before: string, after: string];
  readonly fingerprint: string;
  readonly status: AnalysisStatus;
  /** All `layers` events so far, the last `models` and `progress`. */
  readonly events: readonly ComparisonEvent[];
  /** Once complete. */
  readonly report: ComparisonReport | null;
}

export interface RunSnapshot {
  readonly kind: 'run';
  /** Opaque. The webview stores it as `subject`: with it the host opens the panel again after a reload of the window. */
  readonly subject: string;
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly status: AnalysisStatus;
  readonly events: readonly RunEvent[];
  readonly report: RunReport | null;
}

/** Calls from the webview of a comparison or a run to the extension host. */
export interface ComparisonHostMethods {
  readonly ready: { readonly params: null; readonly result: ComparisonSnapshot | RunSnapshot };
  readonly cancel: { readonly params: null; readonly result: null };
  readonly restart: { readonly params: null; readonly result: null };
  /** Compares the other way round. */
  readonly swap: { readonly params: null; readonly result: null };
  /** Opens the analysis of one file. */
  readonly open: { readonly params: { readonly path: string }; readonly result: null };
  /** Compares two steps of a run. */
  readonly compare: { readonly params: CompareRequest; readonly result: null };
  /** Writes the report as JSON or CSV where the user chooses. */
  readonly export: { readonly params: { readonly format: 'json' | 'csv' }; readonly result: null };
  readonly showLog: { readonly params: null; readonly result: null };
}

/** Calls from the extension host to that webview. */
export interface ComparisonViewMethods {
  readonly event: { readonly params: ComparisonEvent | RunEvent; readonly result: null };
  readonly finished: {
    readonly params: { readonly status: AnalysisStatus; readonly report: ComparisonReport | RunReport | null };
    readonly result: null;
  };
  /** It starts anew: forget everything. */
  readonly reset: { readonly params: ComparisonSnapshot | RunSnapshot; readonly result: null };
}
