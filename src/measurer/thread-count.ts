import type { NetworkWork } from '../network/network-work';

/**
 * Multiplications that a thread is given at least in one pass over the samples: some 2 ms of a gradient. Handing a call over and
 * adding up what comes back takes a tenth of that, and the half second that a thread takes to start is saved within the
 * several hundred calls of a measurement. Networks as small as those of the digits stay in one thread.
 */
const LEAST_WORK = 10_000_000;

/** Memory that a thread takes before it has a network: the bundle, a heap of JavaScript and one of the backend. */
const THREAD_BYTES = 120e6;

/** Vectors as long as the parameters in each thread: three that are shared, tensors of two of them, gradients and their sums. */
const VECTORS = 10;

/** Copies of the activations that a Hessian-vector product keeps on its tapes, with what is computed from them. */
const COPIES = 16;

/** Of the memory that is free, how much threads may take. */
const MEMORY_PART = 0.5;

export interface ThreadChoice {
  readonly work: NetworkWork;
  readonly parameters: number;
  readonly samples: number;
  readonly batch: number;
  /** That can compute at once. */
  readonly processors: number;
  /** Bytes that are free. */
  readonly memory: number;
}

/** In how many threads samples are worth computing, this one among them. */
export function threadCount({ work, parameters, samples, batch, processors, memory }: ThreadChoice): number {
  const worth = Math.floor((work.multiplications * samples) / LEAST_WORK);
  const values = VECTORS * parameters + COPIES * work.activations * Math.min(batch, samples);
  const room = Math.floor((MEMORY_PART * memory) / (THREAD_BYTES + Float32Array.BYTES_PER_ELEMENT * values));
  return Math.max(1, Math.min(worth, processors, samples, 1 + room));
}
