import type { Measurement } from '../report/measurement';
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

/** How a measurement with data stands, as the panel shows it. */
export type MeasurementStatus =
  | {
      readonly state: 'running';
      /** For people: what is being done. */
      readonly stage: string;
      /** Steps of this stage; a total of 0 if it is not known. */
      readonly done: number;
      readonly total: number;
      /** Seconds that the stage still takes; undefined if it is not known. */
      readonly remaining?: number | undefined;
    }
  | Exclude<AnalysisStatus, { readonly state: 'running' | 'complete' }>
  | { readonly state: 'complete' };

/** A measurement that runs or has run: how it stands, and what it has found so far. */
export interface MeasurementState {
  /** Undefined until the first stage is done. */
  readonly measurement: Measurement | undefined;
  readonly status: MeasurementStatus;
}

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
  /** Starts "Measure with Data…": asks for the data and runs; answers when it has begun, or the reader has thought better of it. */
  readonly measure: { readonly params: null; readonly result: null };
  /** Goes on with a measurement that was stopped or has failed. */
  readonly continueMeasurement: { readonly params: null; readonly result: null };
  readonly cancelMeasurement: { readonly params: null; readonly result: null };
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
  /** Absent until the first measurement is begun. */
  readonly measurement?: MeasurementState;
}

/** Calls from the extension host to the webview. */
export interface PanelViewMethods {
  readonly event: { readonly params: AnalysisEvent; readonly result: null };
  readonly status: { readonly params: AnalysisStatus; readonly result: null };
  /** A measurement has come on, or has ended: replaces what was told of it before. */
  readonly measurement: { readonly params: MeasurementState; readonly result: null };
  /** The analysis starts anew: forget all events. */
  readonly reset: { readonly params: PanelSnapshot; readonly result: null };
}
