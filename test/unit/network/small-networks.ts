import type { Tensor } from '@tensorflow/tfjs-core';
import type { PreparedSamples } from '../../../src/data/dataset';
import type { Network, NetworkParameter, OutputLink } from '../../../src/network/network';
import { chooseLoss, targetRows } from '../../../src/network/loss';
import * as reference from './float64-reference';
import type { DualArray } from './float64-reference';
import { REFERENCE, TENSORS } from './operations';
import type { Operations } from './operations';

/** A network for tests: its shapes, and what it computes with any operations. */
export interface SmallNetwork {
  readonly name: string;
  readonly input: readonly number[];
  readonly outputs: number;
  readonly parameters: readonly (readonly number[])[];
  readonly link?: OutputLink;
  readonly compute: <T>(operations: Operations<T>, x: T, parameters: readonly T[]) => T;
}

/** Numbers from −1 to 1 that are the same in every run: a linear congruential generator (Numerical Recipes, section 7.1). */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Parameters of a small network: as large as keeps the variance of activations (He et al., arXiv 1502.01852). */
export function parametersOf({ parameters }: SmallNetwork): NetworkParameter[] {
  return parameters.map((shape, index) => {
    const count = reference.sizeOf(shape);
    const inputs = shape.length > 1 ? count / shape.at(-1)! : 4;
    return {
      name: `p${index}`,
      shape,
      role: shape.length > 1 ? 'weight' : 'bias',
      values: numbers(count, 17 + index).map((value) => value * Math.sqrt(3 / inputs)),
    };
  });
}

/** The network as the objective takes it. */
export function networkOf(small: SmallNetwork): Network {
  return {
    inputs: [{ name: 'x', shape: small.input, channels: 'none', whole: false }],
    outputShape: [small.outputs],
    link: small.link ?? 'none',
    parameters: parametersOf(small),
    notes: [],
    apply: ([input]: readonly Tensor[], parameters: readonly Tensor[]) => small.compute(TENSORS, input!, parameters),
    dispose: () => undefined,
  };
}

/** The mean loss, its gradient and H·v in float64. */
export function exact(
  small: SmallNetwork,
  weights: Float32Array,
  direction: Float32Array,
  samples: PreparedSamples,
): ReturnType<typeof reference.derivatives> {
  let offset = 0;
  const parameters = small.parameters.map((shape) => {
    offset += reference.sizeOf(shape);
    return { shape, values: weights.slice(offset - reference.sizeOf(shape), offset) };
  });
  const loss = chooseLoss(small.link ?? 'none', small.outputs, samples.targets);
  const targets = targetRows(loss, samples.targets, 0, samples.count);
  return reference.derivatives(
    (duals) => {
      const input = reference.constant(samples.inputs[0]!.values, [samples.count, ...small.input]);
      const shape = [samples.count, loss.width];
      const output = reference.reshape(small.compute(REFERENCE, input, duals), shape);
      return meanLoss(loss.kind, loss.link, output, reference.constant(targets, shape));
    },
    parameters,
    direction,
  );
}

/** The losses as they are defined: means over all numbers, but for the cross-entropy of a softmax, a sum over the classes. */
function meanLoss(kind: string, link: OutputLink, output: DualArray, targets: DualArray): DualArray {
  const { FUNCTIONS } = reference;
  const one = reference.constant([1], [1]);
  if (kind === 'softmax-cross-entropy') {
    const products = reference.multiply(targets, reference.logSoftmax(output));
    return reference.map(reference.mean(reference.sum(products, [1]), [0]), FUNCTIONS.negative);
  }
  if (kind === 'sigmoid-cross-entropy') {
    const chances = reference.map(output, FUNCTIONS.sigmoid);
    const others = REFERENCE.subtract(one, chances);
    const whereTrue = reference.multiply(targets, reference.map(chances, FUNCTIONS.log));
    const whereFalse = reference.multiply(REFERENCE.subtract(one, targets), reference.map(others, FUNCTIONS.log));
    return reference.map(reference.mean(reference.add(whereTrue, whereFalse), [0, 1]), FUNCTIONS.negative);
  }
  const given =
    link === 'softmax'
      ? REFERENCE.softmax(output)
      : link === 'sigmoid'
        ? reference.map(output, FUNCTIONS.sigmoid)
        : output;
  return reference.mean(reference.map(REFERENCE.subtract(given, targets), FUNCTIONS.square), [0, 1]);
}
