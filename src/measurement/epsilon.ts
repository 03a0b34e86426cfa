import { RandomStream, shuffle } from '../curvature/random-stream';

/** Size of the batches whose losses the authors compare. */
export const EPSILON_BATCH = 128;

/**
 * Shuffles that the tolerance is averaged over, so that it is no accident of one order: with ten batches the deviation
 * of one shuffle is off by a quarter, the mean of these by some hundredths. Nothing is run for them but sums.
 */
export const EPSILON_SHUFFLES = 50;

/**
 * ε, by how much the loss may grow: population standard deviation of the mean losses of shuffled batches (Zhang et al.,
 * arXiv 2306.05857: the noise that training sees anyway), averaged over some shuffles. The samples that are left over after
 * the last whole batch are left out: their mean is noisier. With fewer than two whole batches it is what independent
 * batches would give, σ / √batch, σ the standard deviation over the samples.
 * @param losses of single samples
 */
export function toleratedLoss(
  losses: Float32Array,
  seed: number,
  batch = EPSILON_BATCH,
  shuffles = EPSILON_SHUFFLES,
): number {
  const batches = Math.floor(losses.length / batch);
  if (batches < 2) return deviation(losses) / Math.sqrt(batch);
  const random = new RandomStream(seed);
  const order = Uint32Array.from(losses.keys());
  let sum = 0;
  for (let round = 0; round < shuffles; round++) {
    shuffle(order, random);
    const means = new Float64Array(batches);
    for (let index = 0; index < batches * batch; index++) {
      means[Math.floor(index / batch)]! += losses[order[index]!]! / batch;
    }
    sum += deviation(means);
  }
  return sum / shuffles;
}

/** Population standard deviation; 0 of no numbers. */
function deviation(numbers: Float32Array | Float64Array): number {
  const count = Math.max(1, numbers.length);
  let mean = 0;
  for (const number of numbers) mean += number / count;
  let square = 0;
  for (const number of numbers) square += (number - mean) ** 2 / count;
  return Math.sqrt(square);
}
