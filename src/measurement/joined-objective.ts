import { CancelledError, throwIfCancelled } from '../formats/errors';
import type { Evaluation, Objective } from './objective';

/**
 * The objective over all samples, from objectives over shares of them (the same network, the samples in their order). The shares
 * work side by side; what they give is added up in their order, so that the result does not depend on which is done first.
 * A share that fails stops the others.
 * @throws RangeError if there are no shares, or they are not of one network
 */
export function joinedObjective(shares: readonly Objective[]): Objective {
  const [first, ...others] = shares;
  if (first === undefined) throw new RangeError('There are no shares');
  const { size } = first;
  if (others.some((share) => share.size !== size)) throw new RangeError('The shares differ in their parameters');
  const samples = shares.reduce((sum, share) => sum + share.samples, 0);
  const parts = shares.map((share) => share.samples / samples);

  /** The means of vectors over the samples of their shares as that over all samples, in the memory of the first. */
  const meanOf = (vectors: readonly Float32Array[]): Float32Array => {
    const [result = new Float32Array(0), ...rest] = vectors;
    const [part = 1, ...restParts] = parts;
    for (let index = 0; index < result.length; index++) result[index] = part * (result[index] ?? 0);
    rest.forEach((vector, share) => {
      addTimes(result, restParts[share] ?? 0, vector);
    });
    return result;
  };

  return {
    size,
    samples,

    evaluate: async (weights, signal): Promise<Evaluation> => {
      const found = await together(shares, signal, (share, stopped) => share.evaluate(weights, stopped));
      const losses = new Float32Array(samples);
      let done = 0;
      let right: number | undefined = 0;
      for (const { losses: own, accuracy } of found) {
        losses.set(own, done);
        done += own.length;
        // Fractions of whole numbers of samples.
        right = accuracy === undefined || right === undefined ? undefined : right + Math.round(accuracy * own.length);
      }
      const loss = losses.reduce((sum, value) => sum + value, 0) / samples;
      return { loss, losses, accuracy: right === undefined ? undefined : right / samples };
    },

    gradient: async (weights, signal) => {
      const found = await together(shares, signal, (share, stopped) => share.gradient(weights, stopped));
      const loss = found.reduce((sum, { loss: own }, share) => sum + (parts[share] ?? 0) * own, 0);
      return { loss, gradient: meanOf(found.map(({ gradient }) => gradient)) };
    },

    hessianTimes: async (weights, vector, signal) =>
      meanOf(await together(shares, signal, (share, stopped) => share.hessianTimes(weights, vector, stopped))),

    squaredGradients: async (weights, signal) =>
      meanOf(await together(shares, signal, (share, stopped) => share.squaredGradients(weights, stopped))),

    inputNorms: async (weights, signal) => {
      const found = await together(shares, signal, (share, stopped) => share.inputNorms(weights, stopped));
      return (found[0] ?? []).map((norms, parameter) => {
        if (norms === undefined) return undefined;
        const squares = found.map((own) => (own[parameter] ?? norms).map((norm) => norm ** 2));
        return meanOf(squares).map(Math.sqrt);
      });
    },
  };
}

function addTimes(sum: Float32Array, factor: number, vector: Float32Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) + factor * (vector[index] ?? 0);
}

/** Runs a call on all shares at once and waits until none works any more; rejects with what went wrong first. */
async function together<T>(
  shares: readonly Objective[],
  signal: AbortSignal,
  call: (share: Objective, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const failed = new AbortController();
  const stopped = AbortSignal.any([signal, failed.signal]);
  let failure: unknown;
  const results = await Promise.all(
    shares.map(async (share) => {
      try {
        return { value: await call(share, stopped) };
      } catch (error) {
        if (failure === undefined || failure instanceof CancelledError) failure = error;
        failed.abort();
        return undefined;
      }
    }),
  );
  throwIfCancelled(signal);
  const found = results.filter((result) => result !== undefined);
  if (found.length < shares.length) throw failure;
  return found.map(({ value }) => value);
}
