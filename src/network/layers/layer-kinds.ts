import * as l10n from '@vscode/l10n';
import type { KerasLayer } from '../../formats/keras/keras-config';
import { activation, eluLayer, leakyReluLayer, prelu, relu, softmax } from './activation-layers';
import {
  conv1d,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
} from './convolution-layers';
import { multiHeadAttention } from './attention-layer';
import { dense, embedding } from './dense-layers';
import type { Layer, Shape } from './layer';
import { type LayerKind, LayerSettings, type LayerSurroundings } from './layer-settings';
import { add, average, concatenate, dot, maximum, minimum, multiply, subtract } from './merging-layers';
import { batchNormalization, layerNormalization, normalization, rescaling } from './normalisation-layers';
import {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling1d,
  maxPooling2d,
} from './pooling-layers';
import { bidirectional, gru, lstm, simpleRnn, timeDistributed } from './recurrent-layers';
import {
  cropping1d,
  cropping2d,
  flatten,
  identity,
  permute,
  repeatVector,
  reshape,
  sizeOf,
  upSampling1d,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from './shape-layers';

/**
 * Numbers that one layer gives for one sample: 256 MB. The largest layers of networks for images of 512 × 512 give
 * 16 million.
 */
const MAX_LAYER_VALUES = 1 << 26;

/** Layers that act in training only. */
const TRAINING_ONLY: ReadonlySet<string> = new Set([
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
  'RandomBrightness',
  'RandomContrast',
  'RandomFlip',
  'RandomRotation',
  'RandomTranslation',
  'RandomZoom',
]);

const KINDS: ReadonlyMap<string, LayerKind> = new Map<string, LayerKind>([
  ['Identity', identity],
  ['Dense', dense],
  ['Embedding', embedding],
  ['Conv1D', conv1d],
  ['Conv2D', conv2d],
  ['Convolution1D', conv1d],
  ['Convolution2D', conv2d],
  ['DepthwiseConv2D', depthwiseConv2d],
  ['SeparableConv1D', separableConv1d],
  ['SeparableConv2D', separableConv2d],
  ['Conv2DTranspose', conv2dTranspose],
  ['Convolution2DTranspose', conv2dTranspose],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],
  ['Rescaling', rescaling],
  ['Normalization', normalization],
  ['Activation', activation],
  ['ReLU', relu],
  ['LeakyReLU', leakyReluLayer],
  ['PReLU', prelu],
  ['ELU', eluLayer],
  ['Softmax', softmax],
  ['Flatten', flatten],
  ['Reshape', reshape],
  ['Permute', permute],
  ['RepeatVector', repeatVector],
  ['ZeroPadding1D', zeroPadding1d],
  ['ZeroPadding2D', zeroPadding2d],
  ['Cropping1D', cropping1d],
  ['Cropping2D', cropping2d],
  ['UpSampling1D', upSampling1d],
  ['UpSampling2D', upSampling2d],
  ['MaxPooling1D', maxPooling1d],
  ['MaxPooling2D', maxPooling2d],
  ['AveragePooling1D', averagePooling1d],
  ['AveragePooling2D', averagePooling2d],
  ['GlobalMaxPooling1D', globalMaxPooling1d],
  ['GlobalMaxPooling2D', globalMaxPooling2d],
  ['GlobalAveragePooling1D', globalAveragePooling1d],
  ['GlobalAveragePooling2D', globalAveragePooling2d],
  ['Add', add],
  ['Subtract', subtract],
  ['Multiply', multiply],
  ['Average', average],
  ['Maximum', maximum],
  ['Minimum', minimum],
  ['Concatenate', concatenate],
  ['Dot', dot],
  ['MultiHeadAttention', multiHeadAttention],
  ['SimpleRNN', simpleRnn],
  ['LSTM', lstm],
  ['GRU', gru],
  ['Bidirectional', bidirectional],
  ['TimeDistributed', timeDistributed],
  ...[...TRAINING_ONLY].map((name) => [name, identity] as const),
]);

/** Flags that layers are called with, and that they know what to do with. */
const CALL_FLAGS: ReadonlyMap<string, readonly string[]> = new Map([['MultiHeadAttention', ['use_causal_mask']]]);

/** Whether a layer of this class is left away outside training. */
export function actsInTrainingOnly(className: string): boolean {
  return TRAINING_ONLY.has(className);
}

/**
 * Makes a layer of a configuration that can be run.
 * @param inputs Shapes of its inputs.
 * @throws {FormatError} that names the layer, if it cannot be run
 */
export function buildLayer(
  layer: KerasLayer,
  surroundings: Omit<LayerSurroundings, 'build'>,
  inputs: readonly [Shape, ...Shape[]],
): Layer {
  const settings = new LayerSettings(layer, { ...surroundings, build: buildLayer });
  const kind = KINDS.get(layer.className);
  if (layer.isCustom) throw settings.refused(l10n.t('is not one of Keras itself: its code is not in the file'));
  if (layer.className === 'Lambda') {
    throw settings.refused(l10n.t('holds program code of the model, which is never run'));
  }
  if (kind === undefined) throw settings.refused(l10n.t('is not among the layers that are known here'));
  if (quantizes(layer)) throw settings.refused(l10n.t('computes with quantised numbers'));
  settings.onlyCalled(CALL_FLAGS.get(layer.className) ?? []);
  const built = kind(settings, inputs);
  if (sizeOf(built.outputShape) > MAX_LAYER_VALUES) throw settings.unfit(inputs[0]);
  return built;
}

/** Keras 3 says in the policy of a layer's types that it is quantised. */
function quantizes({ config }: KerasLayer): boolean {
  const policy = config.dtype;
  if (typeof policy !== 'object' || policy === null) return false;
  const { class_name: className, config: inner } = policy as Readonly<Record<string, unknown>>;
  return className !== 'DTypePolicy' && typeof inner === 'object';
}
