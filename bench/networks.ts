import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Network, NetworkParameter } from '../src/network/network';

/** What is timed: LeCun's networks, as they are usually run for MNIST. */
export const NETWORKS = {
  'MLP 784-300-100-10, batch 256': { batch: 256, network: mlp },
  'LeNet 6-16-120-84-10, batch 128': { batch: 128, network: lenet },
} as const;

function parameters(shapes: readonly (readonly number[])[]): NetworkParameter[] {
  return shapes.map((shape, index) => {
    const count = shape.reduce((total, size) => total * size, 1);
    const inputs = shape.length > 1 ? count / (shape.at(-1) ?? 1) : 4;
    return {
      name: `p${index}`,
      shape,
      role: shape.length > 1 ? 'weight' : 'bias',
      values: Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + index) / Math.sqrt(inputs)),
    };
  });
}

const REST = { outputShape: [10], link: 'softmax', notes: [], dispose: () => undefined } as const;

function mlp(): Network {
  return {
    ...REST,
    inputs: [{ name: 'x', shape: [784], channels: 'none', whole: false }],
    parameters: parameters([[784, 300], [300], [300, 100], [100], [100, 10], [10]]),
    apply: ([input], [w1, b1, w2, b2, w3, b3]) => dense(tf.relu(dense(tf.relu(dense(input!, w1, b1)), w2, b2)), w3, b3),
  };
}

function lenet(): Network {
  const shapes = [[5, 5, 1, 6], [6], [5, 5, 6, 16], [16], [256, 120], [120], [120, 84], [84], [84, 10], [10]];
  return {
    ...REST,
    inputs: [{ name: 'x', shape: [28, 28, 1], channels: 'last', whole: false }],
    parameters: parameters(shapes),
    apply: ([input], [k1, c1, k2, c2, w1, b1, w2, b2, w3, b3]) => {
      const stage = (x: Tensor, kernel?: Tensor, bias?: Tensor): Tensor => {
        const filtered = tf.relu<tf.Tensor4D>(
          tf.add(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid'), bias!),
        );
        return tf.maxPool(filtered, 2, 2, 'valid');
      };
      const flat = tf.reshape(stage(stage(input!, k1, c1), k2, c2), [-1, 256]);
      return dense(tf.relu(dense(tf.relu(dense(flat, w1, b1)), w2, b2)), w3, b3);
    },
  };
}

function dense(x: Tensor, weight?: Tensor, bias?: Tensor): Tensor {
  return tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), bias!);
}
