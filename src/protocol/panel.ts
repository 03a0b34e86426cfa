import type { AnalysisEvent } from './analysis';

/** How an analysis stands, as the panel shows it. */
export type AnalysisStatus =
  | { readonly state: 'running' }
  | { readonly state: 'complete'; readonly seconds: number }
  | { readonly state: 'cancelled' }
  | {
      readonly state: 'failed';
      /** One sentence: what went wrong. */
      readonly message: string;
      /** File, tensor and byte offset, where known. */
      readonly where?: string;
      /** What to do about it. */
      readonly remedy?: string;
    };

export type ExportFormat = 'json' | 'csv' | 'markdown';

/** Calls from the webview to the extension host. */
export interface PanelHostMethods {
  /** The webview is there (again): answers with all that has happened so far; later events follow as `event` calls. */
  readonly ready: {
    readonly params: null;
    readonly result: PanelSnapshot;
  };
  readonly cancel: { readonly params: null; readonly result: null };
  readonly restart: { readonly params: null; readonly result: null };
  readonly export: { readonly params: { readonly format: ExportFormat }; readonly result: null };
  readonly showLog: { readonly params: null; readonly result: null };
}

export interface PanelSnapshot {
  /** Absolute path of the model file. */
  readonly path: string;
  /**
   * Identifies this version of the file (path, size, time of change): what the reader has chosen (layer, sort order,
   * pruned fraction) is restored only for the same one.
   */
  readonly fingerprint: string;
  readonly status: AnalysisStatus;
  readonly events: readonly AnalysisEvent[];
}

/** Calls from the extension host to the webview. */
export interface PanelViewMethods {
  readonly event: { readonly params: AnalysisEvent; readonly result: null };
  readonly status: { readonly params: AnalysisStatus; readonly result: null };
  /** The analysis starts anew: forget all events. */
  readonly reset: { readonly params: PanelSnapshot; readonly result: null };
}
