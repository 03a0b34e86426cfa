import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { LossKind } from '../report/measurement';
import { MAX_COLUMNS } from './csv-rows';
import { MAX_CLASSES, MAX_IMAGE_SIDE, MAX_SAMPLE_DIMENSIONS, MAX_SAMPLES } from './data-limits';
import type { Normalisation } from './dataset';
import { DATA_KINDS } from './loaded-data';
import { RAW_TYPES, type RawLayout } from './raw-data';
import type { DataSettings } from './settings';
import type { SettingReader } from './settings-json';

const LOSSES: readonly LossKind[] = ['softmax-cross-entropy', 'sigmoid-cross-entropy', 'mean-squared-error'];

/** Largest seed: seeds are 32 bits. */
const MAX_SEED = 2 ** 32 - 1;

/** Means and deviations: one a channel, or one a number of a vector. */
const MAX_STATISTICS = 65_536;

/** Elements of one sample of a raw file: an image of 8,192 x 8,192 pixels in 3 channels has fewer. */
const MAX_RAW_SIDE = 2 ** 28;

/**
 * What the keys of a settings file mean. Paths are relative to its folder.
 * @throws {SettingError} if a known key has a value that it cannot have; unknown keys are nobody's business
 */
export function parseSettings(reader: SettingReader, folder: string): DataSettings {
  const at = (key: string): string => path.resolve(folder, reader.text(key));
  const settings: { -readonly [K in keyof DataSettings]: DataSettings[K] } = {};
  if (reader.has('data')) settings.data = at('data');
  if (reader.has('test')) settings.test = at('test');
  if (reader.has('labels')) settings.labels = at('labels');
  if (reader.has('testLabels')) settings.testLabels = at('testLabels');
  if (reader.has('kind')) settings.kind = reader.oneOf('kind', DATA_KINDS);
  if (reader.has('labelColumn')) settings.labelColumn = reader.textOrWhole('labelColumn', MAX_COLUMNS);
  if (reader.has('firstLabel')) settings.firstLabel = reader.whole('firstLabel', -MAX_CLASSES, MAX_CLASSES);
  if (reader.has('layout')) {
    settings.layout =
      reader.oneOf('layout', ['channels-last', 'channels-first']) === 'channels-last' ? 'last' : 'first';
  }
  if (reader.has('imageSize')) {
    const [height, width, ...rest] = reader.wholes('imageSize', MAX_IMAGE_SIDE, 2);
    if (height === undefined || width === undefined || rest.length > 0) {
      throw reader.error('imageSize', l10n.t('has to be height and width'));
    }
    settings.imageSize = [height, width];
  }
  if (reader.has('raw')) settings.raw = rawLayout(reader.inner('raw'));
  if (reader.has('normalization')) settings.normalisation = normalisation(reader.inner('normalization'));
  if (reader.has('loss')) settings.loss = reader.oneOf('loss', LOSSES);
  if (reader.has('batch')) settings.batch = reader.whole('batch', 1, MAX_SAMPLES);
  if (reader.has('seed')) settings.seed = reader.whole('seed', 0, MAX_SEED);
  if (reader.has('samples')) settings.samples = reader.whole('samples', 1, MAX_SAMPLES);
  return settings;
}

function rawLayout(reader: SettingReader): RawLayout {
  return {
    shape: reader.wholes('shape', MAX_RAW_SIDE, MAX_SAMPLE_DIMENSIONS),
    type: reader.oneOf('type', RAW_TYPES),
    labelType: reader.has('labelType') ? reader.oneOf('labelType', RAW_TYPES) : 'uint8',
    labelSize: reader.has('labelSize') ? reader.whole('labelSize', 1, MAX_CLASSES) : 1,
  };
}

function normalisation(reader: SettingReader): Normalisation {
  const std = reader.has('std') ? reader.numbers('std', MAX_STATISTICS) : [1];
  if (std.some((each) => each <= 0)) throw reader.error('std', l10n.t('has to be above 0'));
  return {
    scale: reader.has('scale') ? reader.number('scale') : 1,
    mean: reader.has('mean') ? reader.numbers('mean', MAX_STATISTICS) : [0],
    std,
  };
}
