import type { Samples } from './dataset';

/** What a data set is stored as. */
export const DATA_KINDS = ['idx', 'npz', 'npy', 'csv', 'images', 'raw'] as const;

export type DataKind = (typeof DATA_KINDS)[number];

/** Where the channels of an image are; `unknown` if the file does not say, `none` if the samples are no images. */
export type ChannelLayout = 'last' | 'first' | 'none' | 'unknown';

/** Samples of one part of a data set, and where they are from. */
export interface LoadedSamples {
  readonly samples: Samples;
  /** Absolute paths of the files, or of the one folder, that were read; the one with the samples first. */
  readonly paths: readonly string[];
}

/** A data set in memory. */
export interface LoadedData {
  readonly kind: DataKind;
  readonly layout: ChannelLayout;
  readonly train: LoadedSamples;
  /** Samples that come with the data for testing. */
  readonly test?: LoadedSamples;
  /** Names of the classes, where the data has them; in the order of their numbers. */
  readonly classNames?: readonly string[];
  /** The column that the targets were taken from, by its name or its number from 0. */
  readonly labelColumn?: string | number;
  /** Worth saying: what was guessed, and what was left out. */
  readonly notes: readonly string[];
}
