import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, KernelFunc, Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { coverage, type Pooling } from './gradients-of-pooling';

const BACKEND = 'tensorflow';

/** An attribute of an operation of TensorFlow. */
interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What is used of the backend of @tensorflow/tfjs-node. */
interface Backend {
  readonly binding: Readonly<Record<string, number>>;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): TensorInfo[];
}

/** Maximum pooling that also tells where in the input each maximum was, which the package has no kernel for. */
const maxPoolWithArgmax: KernelFunc = ({ inputs, backend, attrs }) => {
  const x = inputs.x as Tensor4D;
  const { filterSize, strides, pad, includeBatchInIndex } = attrs as unknown as {
    filterSize: number | [number, number];
    strides: number | [number, number];
    pad: 'same' | 'valid' | number;
    includeBatchInIndex: boolean;
  };
  const tensorflow = backend as unknown as Backend;
  const { binding } = tensorflow;
  const pooling = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad);
  const attribute = (name: string, type: string, value: unknown): Attribute => ({
    name,
    type: binding[`TF_ATTR_${type}`] ?? NaN,
    value,
  });
  return tensorflow.executeMultipleOutputs(
    'MaxPoolWithArgmax',
    [
      attribute('ksize', 'INT', [1, pooling.filterHeight, pooling.filterWidth, 1]),
      attribute('strides', 'INT', [1, pooling.strideHeight, pooling.strideWidth, 1]),
      attribute('padding', 'STRING', pooling.padInfo.type),
      attribute('include_batch_in_index', 'BOOL', includeBatchInIndex),
      attribute('T', 'TYPE', binding.TF_FLOAT),
      attribute('Targmax', 'TYPE', binding.TF_INT32),
    ],
    [x],
    2,
  );
};

/** The package's own takes for granted that tensors have methods for operations, which ours have not. */
const prelu: KernelFunc = ({ inputs }) => {
  const [x, alpha] = [inputs.x as Tensor, inputs.alpha as Tensor];
  return tf.tidy(() => tf.sub(tf.relu(x), tf.mul(alpha, tf.relu(tf.neg(x)))));
};

/**
 * TensorFlow divides by the places that a window covers, all other backends by the size of the window; our gradient of average
 * pooling is made for the latter.
 */
function averageByInput(stock: KernelConfig): KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const [dy, input] = [inputs.dy as Tensor, inputs.input as Tensor4D];
    return tf.tidy(() => {
      const covered = coverage(input.shape, attrs as unknown as Pooling);
      const slope = covered === undefined ? dy : tf.mul(dy, covered);
      return stock.kernelFunc({ inputs: { dy: slope, input }, backend, attrs: attrs ?? {} }) as Tensor;
    });
  };
}

function put(kernelName: string, made: (stock: KernelConfig) => KernelFunc): void {
  const stock = tf.getKernel(kernelName, BACKEND) as KernelConfig | undefined;
  if (stock === undefined) throw new Error(`The tensorflow backend has no kernel ${kernelName}`);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({ ...stock, kernelFunc: made(stock) });
}

/** Gives TensorFlow, once its kernels are registered, the one that the gradients need and it lacks, and two that are otherwise. */
export function installTensorflowKernels(): void {
  tf.registerKernel({ kernelName: 'MaxPoolWithArgmax', backendName: BACKEND, kernelFunc: maxPoolWithArgmax });
  put('Prelu', () => prelu);
  put('AvgPoolGrad', averageByInput);
}
