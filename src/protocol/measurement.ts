import type { DataSettings } from '../data/settings';
import type { Measurement } from '../report/measurement';

/** Formats whose files may say how the network computes; of the others there are only weights. */
export const RUNNABLE_FORMATS: readonly string[] = ['onnx', 'keras', 'tfjs'];

/** What numbers are computed with; `auto`: the fastest that is right. */
export type BackendChoice = 'auto' | Measurement['backend']['name'];

/** What is to be measured: a model, on data. */
export interface MeasureRequest {
  /** Absolute path of the model file. */
  readonly model: string;
  /** What the person has chosen; the rest is guessed. */
  readonly data: DataSettings;
  readonly backend: BackendChoice;
  /** Where packages with native code may be, and whether what is there may be run. */
  readonly places: readonly { readonly folder: string; readonly trusted: boolean }[];
  /** Writes the settings to `.prunability.json` beside the model. */
  readonly remember: boolean;
  /** Keeps what is measured until the measurement is complete; without it, one that is stopped begins anew. */
  readonly keep?: {
    readonly folder: string;
    /**
     * What to do with results of the very same measurement that are kept there: to go on with them (and to say so if there
     * are none), to use them if there are any, or to begin anew.
     */
    readonly earlier: 'continue' | 'use' | 'forget';
  };
}

/** What a measurement tells while it runs. */
export type MeasurementEvent =
  | {
      readonly type: 'stage';
      /**
       * For people: what is being done, how far it has come, and how many seconds it still takes; a total of 0, and no time, if
       * that is not known.
       */
      readonly stage: {
        readonly stage: string;
        readonly done: number;
        readonly total: number;
        readonly remaining?: number | undefined;
      };
    }
  /** All that is known so far: replaces what was told before. */
  | { readonly type: 'measurement'; readonly measurement: Measurement };

/** One of the samples, for people. */
export interface SamplePreview {
  /** Its class or its target values. */
  readonly label: string;
  /** Its numbers, where it is no picture. */
  readonly text?: string;
  readonly picture?: {
    readonly width: number;
    readonly height: number;
    readonly channels: 1 | 3;
    /** 0 to 255, row by row from the top, the channels of a pixel side by side. */
    readonly pixels: Uint8Array;
  };
}

/** What was guessed of a data set, for a person who has to say whether it is right. */
export interface DataPreview {
  /** One line a fact: samples, shape, classes, labels. */
  readonly facts: readonly { readonly title: string; readonly detail: string }[];
  /** What should be looked at before going on. */
  readonly warnings: readonly string[];
  /** Ways in which the values may have been prepared for training, the likeliest first. */
  readonly normalisations: readonly {
    readonly label: string;
    readonly normalisation: NonNullable<DataSettings['normalisation']>;
  }[];
  readonly samples: readonly SamplePreview[];
}

export interface PreviewRequest {
  readonly model: string;
  readonly data: DataSettings;
}

/** Calls from the extension host to the process that runs networks. */
export interface MeasurerMethods {
  readonly measure: {
    readonly params: MeasureRequest;
    readonly result: Measurement;
    readonly progress: MeasurementEvent;
  };
  /** Reads the data, and fits them to the network. */
  readonly preview: { readonly params: PreviewRequest; readonly result: DataPreview };
  /** What is said in the `.prunability.json` beside a model; undefined if there is none. */
  readonly remembered: { readonly params: { readonly model: string }; readonly result: DataSettings | undefined };
}
