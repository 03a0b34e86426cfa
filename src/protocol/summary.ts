import type { DescriptionResult } from './description';

/** What the compact view in the side bar shows: nothing, or the selected model. */
export type SummaryState =
  | { readonly state: 'none' }
  | {
      readonly state: 'model';
      /** Absolute path. */
      readonly path: string;
      /** What the model is called: the file's name, or the folder's. */
      readonly name: string;
      /** Null while the header is being read. */
      readonly description: DescriptionResult | null;
      /** How far an analysis of this model has come, in [0, 1]; null if none runs. */
      readonly progress: number | null;
    };

/** Calls from the compact view to the extension host; all about the model that is shown. */
export interface SummaryHostMethods {
  /** The view is there (again). */
  readonly ready: { readonly params: null; readonly result: SummaryState };
  readonly analyze: { readonly params: { readonly path: string }; readonly result: null };
  readonly cancel: { readonly params: { readonly path: string }; readonly result: null };
  /** Opens the analysis in the editor area. */
  readonly open: { readonly params: { readonly path: string }; readonly result: null };
  /** Asks for a second checkpoint and compares. */
  readonly compare: { readonly params: { readonly path: string }; readonly result: null };
}

/** Calls from the extension host to the compact view. */
export interface SummaryViewMethods {
  /** Another model, or news of the same one. */
  readonly show: { readonly params: SummaryState; readonly result: null };
}
