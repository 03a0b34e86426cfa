import type { TensorRole } from '../checkpoint';
import { isFloatingPoint, type DType } from '../dtype';
import { tensorRole } from '../roles';
import type { JsonObject } from './keras-config';

/**
 * Keras 3 numbers the variables of a layer; these are their names, in that order, by the layer's class as its group is
 * named. Trainable variables come first.
 */
const VARIABLES: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...['dense', 'einsum_dense', 'conv1d', 'conv2d', 'conv3d'].map((name) => [name, ['kernel', 'bias']] as const),
  ...['conv1d_transpose', 'conv2d_transpose', 'conv3d_transpose', 'depthwise_conv1d', 'depthwise_conv2d'].map(
    (name) => [name, ['kernel', 'bias']] as const,
  ),
  ...['separable_conv1d', 'separable_conv2d'].map(
    (name) => [name, ['depthwise_kernel', 'pointwise_kernel', 'bias']] as const,
  ),
  ...['lstm_cell', 'gru_cell', 'simple_rnn_cell', 'conv_lstm_cell'].map(
    (name) => [name, ['kernel', 'recurrent_kernel', 'bias']] as const,
  ),
  ['batch_normalization', ['gamma', 'beta', 'moving_mean', 'moving_variance']],
  ...['layer_normalization', 'group_normalization'].map((name) => [name, ['gamma', 'beta']] as const),
  ['rms_normalization', ['scale']],
  ['embedding', ['embeddings']],
  ['reversible_embedding', ['embeddings', 'reverse_embeddings']],
  ['p_re_lu', ['alpha']],
  ['seed_generator', ['seed_generator_state']],
]);

/** Whether {@link variableNames} knows layers of a class. */
export function hasKnownVariables(layerClass: string): boolean {
  return VARIABLES.has(layerClass);
}

/** After the variables of a layer whose weights are quantised to 8 bits comes their scale. */
const SCALE_OF: ReadonlyMap<string, string> = new Map([
  ['kernel', 'kernel_scale'],
  ['embeddings', 'embeddings_scale'],
]);

/** Which argument leaves a variable out. */
const SWITCHES: ReadonlyMap<string, string> = new Map([
  ['bias', 'use_bias'],
  ['gamma', 'scale'],
  ['beta', 'center'],
]);

/**
 * Names of a layer's variables; undefined if they are not known.
 * @param layerClass As its group is named, without a number.
 * @param config Its arguments, if they are known.
 * @param dtypes Types of the variables.
 */
export function variableNames(
  layerClass: string,
  config: JsonObject | undefined,
  dtypes: readonly DType[],
): readonly string[] | undefined {
  const all = VARIABLES.get(layerClass);
  if (all === undefined) return undefined;
  const names = all.filter((name) => {
    const option = SWITCHES.get(name);
    return option === undefined || config?.[option] !== false;
  });
  const first = names[0] ?? '';
  const scale = SCALE_OF.get(first);
  const isQuantized = dtypes[0] === 'int8' && scale !== undefined;
  const count = dtypes.length - (isQuantized ? 1 : 0);
  // Only a bias, which comes last but for statistics, may be missing without a word.
  const without = names.at(-1) === 'bias' && count === names.length - 1 ? names.slice(0, -1) : names;
  if (count !== without.length) return undefined;
  return isQuantized ? [...without, scale] : without;
}

/** What a variable of a layer is for; biases of attention and of recurrent layers have two dimensions. */
export function variableRole(name: string, shape: readonly number[], dtype: DType): TensorRole {
  if (isFloatingPoint(dtype) && shape.length > 0) {
    const variable = name.slice(name.lastIndexOf('/') + 1);
    if (variable === 'bias') return 'bias';
    if (variable === 'gamma' || variable === 'beta') return 'norm';
    if (/^(?:kernel|embeddings|pointwise_kernel|reverse_embeddings)_scale$/.test(variable)) return 'quantization';
  }
  return tensorRole(name, shape, dtype);
}
