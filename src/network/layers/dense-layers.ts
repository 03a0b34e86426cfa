import * as tf from '@tensorflow/tfjs-core';
import { activationOf } from './activations';
import type { LayerVariable } from './layer';
import { type LayerKind, MASKS_PADDING } from './layer-settings';

/** y = x W + b, along the last dimension. */
export const dense: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const size = settings.known(shape, shape.length - 1);
  const units = settings.size('units');
  const hasBias = settings.flag('use_bias', true);
  settings.only('lora_rank', []);
  const activation = activationOf(settings, 'activation');
  return {
    outputShape: [...shape.slice(0, -1), units],
    variables: [
      { name: 'kernel', shape: [size, units], role: 'weight', inputDimension: 0, outputDimension: 1 },
      ...(hasBias ? [bias(units)] : []),
    ],
    run([x], [kernel, offset], observe) {
      if (x === undefined || kernel === undefined) throw new Error('Dense: an input is missing');
      observe?.(0, x);
      const product = tf.matMul(tf.reshape(x, [-1, size]), kernel);
      const result = x.rank === 2 ? product : tf.reshape(product, [...x.shape.slice(0, -1), units]);
      return offset === undefined ? result : tf.add(result, offset);
    },
    ...(activation === undefined ? {} : { activation }),
  };
};

/** Rows of a table, by number. */
export const embedding: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const rows = settings.size('input_dim');
  const columns = settings.size('output_dim');
  settings.only('lora_rank', []);
  if (settings.flag('mask_zero', false)) throw settings.refused(MASKS_PADDING);
  return {
    outputShape: [...shape, columns],
    variables: [{ name: 'embeddings', shape: [rows, columns], role: 'embedding', outputDimension: 1 }],
    run([x], [table]) {
      if (x === undefined || table === undefined) throw new Error('Embedding: an input is missing');
      return tf.gather(table, tf.cast(x, 'int32'));
    },
  };
};

/** One number for each output. */
export function bias(size: number): LayerVariable {
  return { name: 'bias', shape: [size], role: 'bias' };
}
