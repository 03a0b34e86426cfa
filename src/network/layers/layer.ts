import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorRole } from '../../formats/checkpoint';

/** A function of Keras' `activations`. */
export interface Activation {
  readonly name: string;
  apply(values: Tensor): Tensor;
}

/** Shape of one sample, without the batch; −1 where any size is taken. */
export type Shape = readonly number[];

/** What a layer keeps in the checkpoint. */
export interface LayerVariable {
  /** As Keras calls it: `kernel`. In front of it, what tells it from others of its kind (`forward/kernel`). */
  readonly name: string;
  /** In the checkpoint. */
  readonly shape: Shape;
  /** The shape in which it is used, of as many numbers in the same order, where it is another one: a matrix whose columns the checkpoint has apart by heads. */
  readonly usedShape?: Shape;
  /** `buffer`: belongs to the structure and is not trained. */
  readonly role: Extract<TensorRole, 'weight' | 'bias' | 'norm' | 'embedding' | 'buffer'>;
  readonly outputDimension?: number;
  readonly inputDimension?: number;
}

/** Is told what a variable (its number within the layer) is multiplied with, the inputs in the last dimension. */
export type ObserveInput = (variable: number, input: Tensor) => void;

/** A layer for inputs of a known shape, as it acts at inference. */
export interface Layer {
  readonly outputShape: Shape;
  readonly variables: readonly LayerVariable[];
  /**
   * Everything up to the activation, in operations that can be differentiated.
   * @param inputs with the batch as first dimension
   * @param variables in the order of {@link Layer.variables}
   */
  run(inputs: readonly Tensor[], variables: readonly Tensor[], observe: ObserveInput | undefined): Tensor;
  /** What is done to the result in the end; kept apart so that logits can be had. */
  readonly activation?: Activation;
}
