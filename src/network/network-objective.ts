import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { inputBetween, type PreparedSamples } from '../data/dataset';
import { ComputationError, throwIfCancelled } from '../formats/errors';
import type { Evaluation, Objective, ParameterLayout } from '../measurement/objective';
import { chooseLoss, lossesOfSamples, targetRows } from './loss';
import type { Loss } from './loss';
import type { Network } from './network';
import { isOutOfMemory, outOfMemory } from './out-of-memory';
import { valueAndGradients } from './tensorflow/nested-gradients';
import { product } from '../formats/shape';

/** Samples that the events of the process (a cancellation) wait for at most where samples are computed one by one. */
const SAMPLES_BETWEEN_EVENTS = 8;

/** The loss of a network over samples, with the choice that was made of it. */
export interface NetworkObjective extends Objective {
  readonly loss: Loss;
}

/** Where the parameters of a network are in one vector, in their order. */
export function parameterLayout(network: Network): readonly ParameterLayout[] {
  let offset = 0;
  return network.parameters.map(({ name, shape, role, outputDimension, inputDimension }) => {
    const count = product(shape);
    const layout: ParameterLayout = {
      name,
      shape,
      offset,
      count,
      prunable: role === 'weight' && shape.length >= 2,
      ...(outputDimension === undefined ? {} : { outputDimension }),
      ...(inputDimension === undefined ? {} : { inputDimension }),
    };
    offset += count;
    return layout;
  });
}

/** The parameters of a network, as they are in its file, in one vector. */
export function weightsOf(network: Network): Float32Array {
  const layout = parameterLayout(network);
  const weights = new Float32Array(layout.reduce((sum, { count }) => sum + count, 0));
  network.parameters.forEach(({ values }, index) => {
    weights.set(values, layout[index]?.offset ?? 0);
  });
  return weights;
}

/**
 * The loss that fits a network and its samples.
 * @throws {@link ComputationError} if the samples do not fit the network
 */
export function lossFor(network: Network, { targets }: PreparedSamples): Loss {
  return chooseLoss(network.link, product(network.outputShape), targets);
}

/** A part of the samples on the backend. */
interface Chunk {
  readonly count: number;
  readonly inputs: readonly Tensor[];
  readonly targets: Tensor2D;
}

/**
 * The mean loss of a network over samples as a function of its parameters; the backend has to be started.
 * Samples are computed in batches, whose activations (and for H·v those of the gradient, too) are in memory at a time.
 * Numbers that are not finite are an error where derivatives are asked for, so that no analysis goes on with them.
 * @param batchSize samples at a time
 * @param loss where the samples are a share of others: the loss that was chosen for all of them
 * @throws {@link ComputationError} if the samples do not fit the network; its calls reject with it where the memory is
 *   not enough or a derivative is not finite
 */
export function createNetworkObjective(
  network: Network,
  samples: PreparedSamples,
  batchSize: number,
  loss = lossFor(network, samples),
): NetworkObjective {
  const layout = parameterLayout(network);
  const size = layout.reduce((sum, { count }) => sum + count, 0);
  if (samples.count === 0) throw new ComputationError(l10n.t('The data set has no samples.'));

  const chunkOf = (first: number, end: number): Chunk => ({
    count: end - first,
    inputs: samples.inputs.map((input) => {
      const { shape, values } = inputBetween(input, first, end);
      return tf.tensor(values, [end - first, ...shape]);
    }),
    targets: tf.tensor2d(targetRows(loss, samples.targets, first, end), [end - first, loss.width]),
  });

  /** Tensors of the parameters from a vector. Some backends keep the array they are given: it must not change in the meantime. */
  const tensorsOf = (vector: Float32Array): Tensor[] => {
    if (vector.length !== size) throw new RangeError(`A vector of ${vector.length} numbers for ${size} parameters`);
    return layout.map(({ offset, count, shape }) => tf.tensor(vector.subarray(offset, offset + count), [...shape]));
  };

  const lossesOf = ({ inputs, targets }: Chunk, parameters: readonly Tensor[]): Tensor1D =>
    lossesOfSamples(loss, network.apply(inputs, parameters), targets);

  /** The part of the mean loss that a chunk is. */
  const partOf = (chunk: Chunk, parameters: readonly Tensor[]): Scalar =>
    tf.mul(tf.sum(lossesOf(chunk, parameters)), 1 / samples.count);

  /** Runs `step` on each chunk of `length` samples; its tensors are freed but for those that the sums keep. */
  const forEachChunk = async (
    length: number,
    signal: AbortSignal,
    step: (chunk: Chunk, first: number) => Promise<void> | void,
  ): Promise<void> => {
    const betweenEvents = Math.max(length, SAMPLES_BETWEEN_EVENTS);
    for (let first = 0; first < samples.count; first += length) {
      if (first % betweenEvents === 0) await setImmediate();
      throwIfCancelled(signal);
      const chunk = chunkOf(first, Math.min(first + length, samples.count));
      try {
        await step(chunk, first);
      } finally {
        tf.dispose([...chunk.inputs, chunk.targets]);
      }
    }
  };

  /** Tensors of parameters (and of a vector to multiply with) for the time of `run`. */
  const withTensors = async <T>(
    vectors: readonly Float32Array[],
    run: (tensors: readonly (readonly Tensor[])[]) => Promise<T>,
  ): Promise<T> => {
    const tensors: Tensor[][] = [];
    try {
      for (const vector of vectors) tensors.push(tensorsOf(vector));
      return await run(tensors);
    } catch (error) {
      throw isOutOfMemory(error) ? outOfMemory(batchSize) : error;
    } finally {
      tf.dispose(tensors);
    }
  };

  /** The sum over the chunks of what `part` gives for each: one tensor a parameter, put into one vector. */
  const sumOverChunks = async (
    length: number,
    signal: AbortSignal,
    part: (chunk: Chunk) => readonly Tensor[],
  ): Promise<Float32Array> => {
    let sums: Tensor[] = [];
    try {
      await forEachChunk(length, signal, (chunk) => {
        const former = sums;
        sums = tf.tidy(() => part(chunk).map((tensor, index) => addTo(former[index], tensor)));
        tf.dispose(former);
      });
      const vector = tf.tidy(() => tf.concat(sums.map((sum) => tf.reshape(sum, [-1]))));
      sums.push(vector);
      const result = await vector.data<'float32'>();
      if (!areFinite(result)) throw notFinite();
      return result;
    } finally {
      tf.dispose(sums);
    }
  };

  return {
    size,
    samples: samples.count,
    loss,

    evaluate: (weights, signal): Promise<Evaluation> =>
      withTensors([weights], async ([parameters = []]) => {
        const losses = new Float32Array(samples.count);
        let right = 0;
        await forEachChunk(batchSize, signal, async (chunk, first) => {
          const [lossTensor, outputTensor] = tf.tidy(() => {
            const output = network.apply(chunk.inputs, parameters);
            return [lossesOfSamples(loss, output, chunk.targets), output.clone()] as const;
          });
          try {
            losses.set(await lossTensor.data(), first);
            if (samples.targets.kind === 'classes') {
              const labels = samples.targets.labels.subarray(first, first + chunk.count);
              right += countRight(await outputTensor.data<'float32'>(), labels);
            }
          } finally {
            tf.dispose([lossTensor, outputTensor]);
          }
        });
        const accuracy = samples.targets.kind === 'classes' ? right / samples.count : undefined;
        return { loss: mean(losses), losses, accuracy };
      }),

    gradient: (weights, signal): Promise<{ readonly loss: number; readonly gradient: Float32Array }> =>
      withTensors([weights], async ([parameters = []]) => {
        const losses: Scalar[] = [];
        try {
          const gradient = await sumOverChunks(batchSize, signal, (chunk) => {
            const { value, gradients } = valueAndGradients(() => partOf(chunk, parameters), parameters);
            losses.push(tf.keep(value));
            return gradients;
          });
          let total = 0;
          for (const part of losses) total += (await part.data())[0] ?? NaN;
          return { loss: total, gradient };
        } finally {
          tf.dispose(losses);
        }
      }),

    hessianTimes: (weights, vector, signal): Promise<Float32Array> =>
      withTensors([weights, vector], ([parameters = [], direction = []]) =>
        sumOverChunks(batchSize, signal, (chunk) => {
          const slope = (): Scalar => {
            const { gradients } = valueAndGradients(() => partOf(chunk, parameters), parameters);
            const products = gradients.map((gradient, index) => dot(gradient, direction[index] ?? gradient));
            return tf.addN(products);
          };
          return valueAndGradients(slope, parameters).gradients;
        }),
      ),

    squaredGradients: (weights, signal): Promise<Float32Array> =>
      withTensors([weights], ([parameters = []]) =>
        sumOverChunks(1, signal, (chunk) => {
          // The loss over √N: the squares of its gradient over N.
          const scaled = (): Scalar => tf.mul(tf.sum(lossesOf(chunk, parameters)), 1 / Math.sqrt(samples.count));
          return valueAndGradients(scaled, parameters).gradients.map((gradient) => tf.square(gradient));
        }),
      ),

    inputNorms: (weights, signal): Promise<readonly (Float32Array | undefined)[]> =>
      withTensors([weights], async ([parameters = []]) => {
        const squares: (Tensor | undefined)[] = layout.map(() => undefined);
        const places = layout.map(() => 0);
        try {
          await forEachChunk(batchSize, signal, (chunk) => {
            tf.tidy(() => {
              network.apply(chunk.inputs, parameters, (parameter, input) => {
                const inputs = input.shape[input.rank - 1] ?? 1;
                const former = squares[parameter];
                const sum = tf.sum(tf.square(tf.reshape(input, [-1, inputs])), 0);
                squares[parameter] = tf.keep(addTo(former, sum));
                former?.dispose();
                places[parameter] = (places[parameter] ?? 0) + input.size / inputs;
              });
            });
          });
          const norms: (Float32Array | undefined)[] = [];
          for (const [index, tensor] of squares.entries()) {
            const sums = await tensor?.data<'float32'>();
            norms.push(sums?.map((sum) => Math.sqrt(sum / (places[index] ?? 1))));
          }
          if (norms.some((values) => values !== undefined && !areFinite(values))) throw notFinite();
          return norms;
        } finally {
          for (const tensor of squares) tensor?.dispose();
        }
      }),
  };
}

function addTo(sum: Tensor | undefined, part: Tensor): Tensor {
  return sum === undefined ? part.clone() : tf.add(sum, part);
}

function dot(a: Tensor, b: Tensor): Scalar {
  return tf.sum(tf.mul(a, b));
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** How many rows of outputs have their greatest number at the label; one output alone says class 1 where it is above 0. */
function countRight(outputs: Float32Array, labels: Int32Array): number {
  const width = outputs.length / labels.length;
  let right = 0;
  for (const [row, label] of labels.entries()) {
    const scores = outputs.subarray(row * width, (row + 1) * width);
    if (scores.some(Number.isNaN)) continue;
    const best = width === 1 ? Number((scores[0] ?? 0) > 0) : scores.indexOf(Math.max(...scores));
    if (best === label) right++;
  }
  return right;
}

/** Zero times a number is zero only if it is finite: ten times as fast as asking for each, which was a tenth of a gradient. */
function areFinite(values: Float32Array): boolean {
  let zeros = 0;
  // By index: an iterator takes ten times as long.
  for (let index = values.length - 1; index >= 0; index--) zeros += 0 * (values[index] ?? 0);
  return zeros === 0;
}

function notFinite(): ComputationError {
  return new ComputationError(
    l10n.t('The network gives numbers that are not finite (NaN or infinite) on these samples.'),
  );
}
