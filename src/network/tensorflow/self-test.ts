import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { valueAndGradients } from './nested-gradients';
import { SELF_TEST_PRODUCT } from './self-test-product';

/**
 * A backend whose Hessian-vector product is further off, relative to its norm, is not used: rounding to float32 alone
 * gives about 1e-7, a derivative that is left out 1e-2 and more, arithmetic in half precision 1e-3.
 */
export const SELF_TEST_BOUND = 1e-5;

/** Shapes of the parameters of the network of the self-test: two convolutions, a bias, a matrix, a bias. */
export const SELF_TEST_SHAPES = [[3, 3, 1, 2], [2], [2, 2, 2, 2], [8, 3], [3]] as const;

/** Numbers that are neither random nor regular: the same in every environment. */
export function selfTestNumbers(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.fround(0.6 * Math.sin(step * (index + 1))));
}

/** Steps of the numbers of the input, the parameters and the direction. */
export const SELF_TEST_STEPS = { input: 0.9, parameters: 1.3, direction: 2.1 } as const;

/** Classes of the two samples. */
export const SELF_TEST_LABELS = [0, 2] as const;

type SelfTestParameters = readonly [Tensor4D, Tensor1D, Tensor4D, Tensor2D, Tensor1D];

function split(numbers: readonly number[]): SelfTestParameters {
  let offset = 0;
  return SELF_TEST_SHAPES.map((shape) => {
    const count = shape.reduce((product: number, size) => product * size, 1);
    offset += count;
    return tf.tensor(numbers.slice(offset - count, offset), [...shape]);
  }) as unknown as SelfTestParameters;
}

/** Convolution, tanh, maximum pooling, convolution, softplus, matrix, cross-entropy of the softmax. */
function lossOf(input: Tensor4D, [first, bias, second, matrix, shift]: SelfTestParameters): Scalar {
  const convolved = tf.add<Tensor4D>(tf.conv2d(input, first, 1, 'same'), bias);
  const pooled = tf.maxPool(tf.tanh(convolved), 2, 2, 'valid');
  const features = tf.softplus(tf.conv2d(pooled, second, 1, 'same'));
  const logits = tf.add(tf.matMul(tf.reshape(features, [2, 8]), matrix), shift);
  const chosen = tf.oneHot([...SELF_TEST_LABELS], 3, 1, 0, 'float32');
  return tf.neg(tf.mean(tf.sum(tf.mul(chosen, tf.logSoftmax(logits)), -1)));
}

/** ‖H·v − reference‖ / ‖reference‖ of a small network on the backend that is set. */
export async function selfTestError(): Promise<number> {
  const size = SELF_TEST_PRODUCT.length;
  const product = tf.tidy(() => {
    const input = tf.tensor4d(selfTestNumbers(50, SELF_TEST_STEPS.input), [2, 5, 5, 1]);
    const parameters = split(selfTestNumbers(size, SELF_TEST_STEPS.parameters));
    const direction = split(selfTestNumbers(size, SELF_TEST_STEPS.direction));
    const slope = (): Scalar => {
      const { gradients } = valueAndGradients(() => lossOf(input, parameters), parameters);
      return tf.addN(direction.map((part, index) => tf.sum(tf.mul(part, gradients[index] ?? part))));
    };
    return tf.concat(valueAndGradients(slope, parameters).gradients.map((part) => tf.reshape(part, [-1])));
  });
  try {
    const values = await product.data();
    let difference = 0;
    let norm = 0;
    SELF_TEST_PRODUCT.forEach((expected, index) => {
      difference += ((values[index] ?? NaN) - expected) ** 2;
      norm += expected ** 2;
    });
    return Math.sqrt(difference / norm);
  } finally {
    product.dispose();
  }
}
