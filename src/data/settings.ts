import type { LossKind } from '../report/measurement';
import type { Normalisation } from './dataset';
import type { DataKind } from './loaded-data';
import type { RawLayout } from './raw-data';

/** Name of the file beside a model that says what the model is measured on. */
export const SETTINGS_NAME = '.prunability.json';

/** What a person has said about the data of a model, in {@link SETTINGS_NAME}; what is absent is guessed. */
export interface DataSettings {
  /** Absolute path of the samples: a file, or a folder. */
  readonly data?: string;
  /** Absolute path of the samples for testing, of the same kind. */
  readonly test?: string;
  /** Absolute path of the labels, where they are a file of their own. */
  readonly labels?: string;
  /** The same for the samples for testing. */
  readonly testLabels?: string;
  readonly kind?: DataKind;
  /** Of a table: name in its header, or number from 0. */
  readonly labelColumn?: string | number;
  /** Number that the labels give to the first class. */
  readonly firstLabel?: number;
  /** Where the channels of the images are in the file. */
  readonly layout?: 'last' | 'first';
  /** Height and width that images of a folder are brought to. */
  readonly imageSize?: readonly [height: number, width: number];
  readonly raw?: RawLayout;
  readonly normalisation?: Normalisation;
  readonly loss?: LossKind;
  /** Samples a batch. */
  readonly batch?: number;
  readonly seed?: number;
  /** Samples that are used at most. */
  readonly samples?: number;
}
