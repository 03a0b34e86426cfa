import type { Tensor } from '@tensorflow/tfjs-core';
import type { NetworkInput } from '../data/network-shapes';
import type { TensorRole } from '../formats/checkpoint';

/** A parameter that the loss is differentiated by and that pruning may change. */
export interface NetworkParameter {
  /** Name of the tensor in the checkpoint: the report of the weights calls it the same. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `weight`, `bias`, `norm` (affine parameters of normalisations) or `embedding`. */
  readonly role: TensorRole;
  /** As they are in the file, in C order. */
  readonly values: Float32Array;
  /** The dimension along which the outputs (rows of a matrix, filters of a convolution) run; undefined for vectors. */
  readonly outputDimension?: number;
  /** The dimension along which the inputs (columns of a matrix, channels of a convolution) run; undefined for vectors. */
  readonly inputDimension?: number;
}

/** What the network does to its logits before it gives them out; {@link Network.apply} leaves it away. */
export type OutputLink = 'softmax' | 'sigmoid' | 'none';

/** A network that can be run: its structure, with its parameters apart, so that they can be changed and differentiated by. */
export interface Network {
  /** What it takes, in this order. */
  readonly inputs: readonly [NetworkInput, ...NetworkInput[]];
  /** Shape of the output of one sample. */
  readonly outputShape: readonly number[];
  readonly link: OutputLink;
  /** What is trained; running statistics of normalisations and constants belong to the structure. */
  readonly parameters: readonly NetworkParameter[];
  /** Worth saying: layers that act differently in training (dropout is left away), parts that are not differentiated. */
  readonly notes: readonly string[];
  /**
   * The output for a batch as at inference, before the link: logits. Made of differentiable TensorFlow.js operations,
   * so that gradients of any order can be taken by `parameters`.
   * @param inputs one for each of {@link Network.inputs}: [batch, ...shape], float32
   * @param parameters in the order of {@link Network.parameters}, with their shapes
   * @param observe is told what each weight (index of the parameter) is multiplied with or slides over, its inputs
   *   (along {@link NetworkParameter.inputDimension}) as the last dimension: [batch, …, inputs]
   * @returns shape [batch, ...outputShape]
   */
  apply(
    inputs: readonly Tensor[],
    parameters: readonly Tensor[],
    observe?: (parameter: number, input: Tensor) => void,
  ): Tensor;
  dispose(): void;
}
