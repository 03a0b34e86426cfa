import { Worker } from 'node:worker_threads';
import * as l10n from '@vscode/l10n';
import type { PreparedSamples } from '../data/dataset';
import { ComputationError, FormatError } from '../formats/errors';
import type { Objective } from '../measurement/objective';
import type { Loss } from '../network/loss';
import { errorCodec } from '../protocol/error-codec';
import { RpcPeer, type NoMethods } from '../protocol/rpc';
import type { BackendFacts } from '../report/measurement';
import { JobQueue } from '../engine/job-queue';
import type { ObjectiveMethods, SharedVectors } from './objective-protocol';
import { threadPort } from './thread-port';

/** What a thread loads. */
export interface ThreadedNetwork {
  /** The bundle that serves objectives where it runs as a thread. */
  readonly script: string;
  readonly model: string;
  readonly backend: BackendFacts['name'];
  /** Number of parameters. */
  readonly size: number;
}

/** An objective whose samples are in a thread, until it is removed. */
export interface ThreadObjective extends Objective {
  remove(): Promise<void>;
}

/** A thread with a backend and a network of its own, which computes objectives over the samples that it is given. */
export class ObjectiveThread {
  private readonly worker: Worker;
  private readonly peer: RpcPeer<NoMethods, ObjectiveMethods>;
  private readonly vectors: SharedVectors;
  /** Calls share the memory of the vectors. */
  private readonly queue = new JobQueue();
  private objectives = 0;

  private constructor(private readonly network: ThreadedNetwork) {
    const { script, size } = network;
    this.vectors = { weights: sharedVector(size), direction: sharedVector(size), result: sharedVector(size) };
    const worker = new Worker(script);
    this.worker = worker;
    this.peer = new RpcPeer<NoMethods, ObjectiveMethods>(threadPort(worker), {}, errorCodec);
    worker.on('error', (error) => {
      this.peer.dispose(ended(error instanceof Error ? error.message : String(error)));
    });
    worker.on('exit', (code) => {
      this.peer.dispose(ended(l10n.t('it ended with code {0}', code)));
    });
  }

  /**
   * Starts a thread and loads the network in it.
   * @throws {@link ComputationError} if the thread dies, {@link FormatError} if the model file is not what it was,
   *   CancelledError
   */
  static async start(network: ThreadedNetwork, signal: AbortSignal): Promise<ObjectiveThread> {
    const thread = new ObjectiveThread(network);
    try {
      const { model, backend, size } = network;
      const found = await thread.peer.call('load', { model, backend, vectors: thread.vectors }, { signal });
      if (found !== size) throw changed(model);
      return thread;
    } catch (error) {
      await thread.dispose();
      throw error;
    }
  }

  /**
   * An objective over samples, computed in the thread.
   * @param samples best in shared memory: else they are copied
   * @param loss that was chosen for all samples that these are a share of
   */
  async add(samples: PreparedSamples, batch: number, loss: Loss): Promise<ThreadObjective> {
    const { peer, queue, vectors } = this;
    const objective = this.objectives++;
    await peer.call('add', { objective, samples, batch, loss });
    const call = <T>(weights: Float32Array, signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
      queue.run(() => {
        vectors.weights.set(weights);
        return run();
      }, signal);
    return {
      size: this.network.size,
      samples: samples.count,
      evaluate: (weights, signal) => call(weights, signal, () => peer.call('evaluate', { objective }, { signal })),
      gradient: (weights, signal) =>
        call(weights, signal, async () => {
          const loss = await peer.call('gradient', { objective }, { signal });
          return { loss, gradient: vectors.result.slice() };
        }),
      hessianTimes: (weights, vector, signal) =>
        call(weights, signal, async () => {
          vectors.direction.set(vector);
          await peer.call('hessianTimes', { objective }, { signal });
          return vectors.result.slice();
        }),
      squaredGradients: (weights, signal) =>
        call(weights, signal, async () => {
          await peer.call('squaredGradients', { objective }, { signal });
          return vectors.result.slice();
        }),
      inputNorms: (weights, signal) => call(weights, signal, () => peer.call('inputNorms', { objective }, { signal })),
      remove: () => peer.call('remove', { objective }),
    };
  }

  /** Ends the thread, whatever it is doing; calls that are open reject. */
  async dispose(): Promise<void> {
    this.peer.dispose();
    await this.worker.terminate();
  }
}

function sharedVector(size: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT));
}

function ended(why: string): ComputationError {
  return new ComputationError(
    l10n.t('A thread of the computation has ended: {0}. With smaller batches it needs less memory.', why),
  );
}

function changed(model: string): FormatError {
  return new FormatError({
    file: model,
    reason: l10n.t('was changed while it was read'),
    remedy: l10n.t('Measure again once nothing writes to it any more.'),
  });
}
