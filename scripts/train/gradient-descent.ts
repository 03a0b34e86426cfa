import { RandomStream, shuffle } from '../../src/curvature/random-stream';
import type { ParameterLayout } from '../../src/measurement/objective';
import type { Recipe } from './recipes';

const MOMENTUM = 0.9;

/** What is left of the learning rate after so many drops. */
const LEFT = [1, 0.1, 0.01] as const;

/** What is trained. */
export interface Trainee {
  /** Parameters of matrices are [outputs, inputs]. */
  readonly layout: readonly ParameterLayout[];
  readonly samples: number;
  /** Of the mean loss over the samples with these indices. */
  gradient(weights: Float64Array, samples: Uint32Array): Promise<ArrayLike<number>>;
}

/**
 * Stochastic gradient descent with momentum on the mean loss plus the recipe's penalty on the magnitudes of all parameters,
 * whose subgradient is the sign (0 at 0). Without weight decay, dampening or augmentation; the last batch of an epoch may be
 * smaller.
 * @param seed of the initial weights and of the order of the samples
 * @param told after each epoch
 */
export async function trained(
  trainee: Trainee,
  { epochs, batch, rate, drops, penalty }: Recipe,
  seed: number,
  told: (epoch: number) => void,
): Promise<Float64Array> {
  const random = new RandomStream(seed);
  const weights = initialised(trainee.layout, random);
  const velocity = new Float64Array(weights.length);
  const order = Uint32Array.from({ length: trainee.samples }, (_, index) => index);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const step = rate * LEFT[drops.filter((drop) => epoch >= drop).length]!;
    shuffle(order, random);
    for (let first = 0; first < order.length; first += batch) {
      const gradient = await trainee.gradient(weights, order.subarray(first, first + batch));
      for (let at = 0; at < weights.length; at++) {
        const slope = gradient[at]! + penalty * Math.sign(weights[at]!);
        velocity[at] = MOMENTUM * velocity[at]! + slope;
        weights[at] = weights[at]! - step * velocity[at]!;
      }
    }
    told(epoch + 1);
  }
  return weights;
}

/** Normal with variance 2 / inputs (He et al. 2015); biases 0. */
function initialised(layout: readonly ParameterLayout[], random: RandomStream): Float64Array {
  const weights = new Float64Array(layout.reduce((sum, { count }) => sum + count, 0));
  for (const { offset, count, shape, prunable } of layout) {
    if (!prunable) continue;
    for (let at = 0; at < count; at++) {
      const radius = Math.sqrt(-2 * Math.log((random.nextUint32() + 1) / 2 ** 32));
      const angle = (2 * Math.PI * random.nextUint32()) / 2 ** 32;
      weights[offset + at] = Math.sqrt(2 / shape[1]!) * radius * Math.cos(angle);
    }
  }
  return weights;
}
