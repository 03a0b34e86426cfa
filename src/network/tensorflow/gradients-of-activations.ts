import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';

/** Scale and slope of SELU (Klambauer et al., Self-Normalizing Neural Networks, arXiv 1706.02515, section 2). */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** dy where x is positive, dy·alpha·exp(x) elsewhere; exp never of a positive number, which may be infinite and give NaN. */
function exponentialSlope(dy: Tensor, x: Tensor, alpha: number): Tensor {
  const below = tf.mul(tf.mul(dy, alpha), tf.exp(tf.minimum(x, 0)));
  return tf.where(tf.greater(x, 0), dy, below);
}

/** The stock gradient of ELU has no gradient itself. */
const OF_ELU: GradConfig = {
  kernelName: 'Elu',
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [Tensor];
    return { x: () => exponentialSlope(dy as Tensor, x, 1) };
  },
};

/** The stock gradient of SELU takes exp of all numbers: NaN in the second derivative where it is infinite. */
const OF_SELU: GradConfig = {
  kernelName: 'Selu',
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [Tensor];
    return { x: () => exponentialSlope(tf.mul(dy as Tensor, SELU_SCALE), x, SELU_ALPHA) };
  },
};

/** Of activations whose stock gradients cannot be differentiated, to any order. */
export const GRADIENTS_OF_ACTIVATIONS: readonly GradConfig[] = [OF_ELU, OF_SELU];
