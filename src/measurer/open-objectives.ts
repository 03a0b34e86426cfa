import { availableParallelism, freemem } from 'node:os';
import { inputBetween, type PreparedSamples, type Targets } from '../data/dataset';
import { joinedObjective } from '../measurement/joined-objective';
import type { Objective } from '../measurement/objective';
import type { Loss } from '../network/loss';
import type { Network } from '../network/network';
import { createNetworkObjective, lossFor } from '../network/network-objective';
import { networkWork } from '../network/network-work';
import type { BackendFacts } from '../report/measurement';
import { ObjectiveThread, type ThreadObjective } from './objective-thread';
import { threadCount } from './thread-count';

/** Backends that compute in the thread that calls them. */
const SINGLE_THREADED: ReadonlySet<BackendFacts['name']> = new Set(['wasm', 'cpu']);

export interface ObjectivesRequest {
  /** The bundle that serves objectives where it runs as a thread; undefined: all is computed here. */
  readonly script: string | undefined;
  readonly backend: BackendFacts['name'];
  /** Path of the file that `network` was loaded from. */
  readonly model: string;
  readonly network: Network;
  readonly train: PreparedSamples;
  readonly test: PreparedSamples | undefined;
  /** Samples that each thread computes at a time. */
  readonly batch: number;
  /** Threads at most, this one among them; as many as the processor can run at once if not given. */
  readonly processors?: number;
}

/** What a measurement computes with. */
export interface OpenedObjectives {
  readonly objective: Objective;
  readonly test: Objective | undefined;
  readonly loss: Loss;
  /** That compute at once, this one among them. */
  readonly threads: number;
  /** The losses of other samples, one by one; shared out in the same way. */
  losses(samples: PreparedSamples, weights: Float32Array, signal: AbortSignal): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** An objective, and its shares in other threads. */
interface OpenedObjective {
  readonly objective: Objective;
  readonly there: readonly ThreadObjective[];
}

/**
 * The objectives over the samples of a measurement: in this thread, or shared out among several where the backend computes in one
 * and there is enough to do. For one number of threads the results are the same at each run, to the last bit.
 * @throws {@link ComputationError} if the samples do not fit the network, or a thread dies; CancelledError
 */
export async function openObjectives(request: ObjectivesRequest, signal: AbortSignal): Promise<OpenedObjectives> {
  const { script, backend, model, network, train, test, batch } = request;
  const loss = lossFor(network, train);
  const size = network.parameters.reduce((sum, { values }) => sum + values.length, 0);
  const countFor = (samples: PreparedSamples): number => {
    if (script === undefined || !SINGLE_THREADED.has(backend) || samples.count === 0) return 1;
    const processors = request.processors ?? availableParallelism();
    const work = networkWork(network, samples);
    // A container may be allowed less than the computer has; 0 where it is not known.
    const memory = Math.min(freemem(), process.constrainedMemory() || Infinity);
    return threadCount({ work, parameters: size, samples: samples.count, batch, processors, memory });
  };
  const counts = { train: countFor(train), test: test === undefined ? 1 : countFor(test) };
  const others = Math.max(counts.train, counts.test) - 1;
  const threads: ObjectiveThread[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.dispose()));
  };
  /** The first share is computed here. */
  const open = async (samples: PreparedSamples, count: number, chosen: Loss): Promise<OpenedObjective> => {
    const [own = samples, ...shares] = count === 1 ? [] : sharesOf(samples, count);
    const here = createNetworkObjective(network, own, batch, chosen);
    const there = await Promise.all(
      shares.map((share, index) => {
        const thread = threads[index];
        if (thread === undefined) throw new Error('There are more shares than threads');
        return thread.add(share, batch, chosen);
      }),
    );
    return { objective: there.length === 0 ? here : joinedObjective([here, ...there]), there };
  };
  try {
    if (script !== undefined && others > 0) {
      const started = await Promise.allSettled(
        Array.from({ length: others }, () => ObjectiveThread.start({ script, model, backend, size }, signal)),
      );
      for (const one of started) if (one.status === 'fulfilled') threads.push(one.value);
      for (const one of started) if (one.status === 'rejected') throw one.reason;
    }
    return {
      objective: (await open(train, counts.train, loss)).objective,
      test: test === undefined ? undefined : (await open(test, counts.test, lossFor(network, test))).objective,
      loss,
      threads: 1 + others,
      losses: async (samples, weights, raised) => {
        const { objective, there } = await open(samples, Math.min(countFor(samples), 1 + others), loss);
        try {
          return (await objective.evaluate(weights, raised)).losses;
        } finally {
          await Promise.all(there.map((share) => share.remove()));
        }
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Samples in parts that are as even as can be, in shared memory. */
function sharesOf({ count, inputs, targets }: PreparedSamples, parts: number): PreparedSamples[] {
  const shared = inputs.map(({ shape, values }) => {
    const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
    copy.set(values);
    return { shape, values: copy };
  });
  return Array.from({ length: parts }, (_, part) => {
    const first = Math.floor((part * count) / parts);
    const end = Math.floor(((part + 1) * count) / parts);
    return {
      count: end - first,
      inputs: shared.map((input) => inputBetween(input, first, end)),
      targets: targetsBetween(targets, first, end),
    };
  });
}

function targetsBetween(targets: Targets, first: number, end: number): Targets {
  return targets.kind === 'classes'
    ? { ...targets, labels: targets.labels.slice(first, end) }
    : { ...targets, values: targets.values.slice(first * targets.size, end * targets.size) };
}
