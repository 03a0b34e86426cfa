import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CancelledError } from '../formats/errors';
import { errorCodec } from '../protocol/error-codec';
import type { AnyBatch, FromWorker, ToWorker, Work, WorkerFile, WorkKind } from './worker-protocol';

/** More threads than this read no faster from one disk, and each costs some 15 MB. */
const MAX_WORKERS = 4;

/** Twice the processors: while one thread waits for the disk another computes. */
export function threadCount(): number {
  return 2 * availableParallelism();
}

/** Batches that wait at a worker beside the one it works on, so that it never waits for this thread. */
const QUEUED_PER_WORKER = 1;

/** A worker keeps one kernel, one buffer and its compact results; a heap above this is a leak. */
const WORKER_HEAP_MB = 96;

interface Lane {
  readonly worker: Worker;
  outstanding: number;
}

interface Job {
  readonly id: number;
  readonly work: WorkKind;
  readonly batches: Iterator<readonly Work[WorkKind]['segment'][]>;
  readonly onResult: (result: Work[WorkKind]['result']) => void;
  readonly settle: (error: Error | undefined) => void;
  readonly cancelled: Int32Array;
  outstanding: number;
  failure: Error | undefined;
  exhausted: boolean;
}

/** Threads that read segments, and sketch or compare them. Runs one job at a time; threads start with the first job and stay. */
export class WorkerPool {
  private readonly lanes: Lane[] = [];
  private readonly size: number;
  private job: Job | undefined;
  private nextJob = 1;

  /**
   * @param script the bundled worker.
   * @param threads as many as this, up to {@link MAX_WORKERS}.
   */
  constructor(
    private readonly script: string,
    threads: number,
  ) {
    this.size = Math.max(1, Math.min(MAX_WORKERS, threads));
  }

  /**
   * Reads all segments; `onResult` gets each as it comes, in no particular order. Rejects with the first error, or with
   * {@link CancelledError} once no thread reads any more.
   */
  run<K extends WorkKind>(
    work: K,
    files: readonly WorkerFile[],
    batches: Iterator<readonly Work[K]['segment'][]>,
    onResult: (result: Work[K]['result']) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.job !== undefined) throw new Error('The pool runs one job at a time');
    const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const cancelled = new Int32Array(shared);
    const id = this.nextJob++;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.fail(new CancelledError());
      };
      const settle = (error: Error | undefined): void => {
        signal.removeEventListener('abort', stop);
        this.job = undefined;
        this.send({ kind: 'end', job: id });
        if (error === undefined) resolve();
        else reject(error);
      };
      this.job = {
        id,
        work,
        batches,
        onResult,
        settle,
        cancelled,
        outstanding: 0,
        failure: undefined,
        exhausted: false,
      };
      this.warmUp();
      this.send({ kind: 'begin', job: id, files, cancelled: shared });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      else for (let round = 0; round <= QUEUED_PER_WORKER; round++) for (const lane of this.lanes) this.feed(lane);
      this.settleIfDone();
    });
  }

  /** Starts the threads, which takes them some 30 ms: worth doing while the header is read. */
  warmUp(): void {
    while (this.lanes.length < this.size) this.lanes.push(this.start());
  }

  async dispose(): Promise<void> {
    const lanes = this.lanes.splice(0);
    await Promise.all(lanes.map((lane) => lane.worker.terminate()));
  }

  private start(): Lane {
    const worker = new Worker(this.script, { resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB } });
    const lane: Lane = { worker, outstanding: 0 };
    worker.on('message', (message: FromWorker) => {
      this.receive(lane, message);
    });
    worker.on('error', (error) => {
      this.lanes.splice(this.lanes.indexOf(lane), 1);
      if (this.job !== undefined) {
        this.job.outstanding -= lane.outstanding;
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // Threads must not keep the process alive once the last job is done.
    worker.unref();
    return lane;
  }

  private send(message: ToWorker): void {
    for (const lane of this.lanes) lane.worker.postMessage(message);
  }

  private feed(lane: Lane): void {
    const job = this.job;
    if (job === undefined || job.failure !== undefined || job.exhausted) return;
    const next = job.batches.next();
    if (next.done === true) {
      job.exhausted = true;
      return;
    }
    job.outstanding++;
    lane.outstanding++;
    lane.worker.ref();
    // A job's segments are all of its kind of work.
    const batch = { kind: 'batch', job: job.id, work: job.work, segments: next.value } as AnyBatch;
    lane.worker.postMessage(batch);
  }

  private receive(lane: Lane, message: FromWorker): void {
    const job = this.job;
    lane.outstanding--;
    if (lane.outstanding === 0) lane.worker.unref();
    if (job?.id !== message.job) return;
    job.outstanding--;
    if (message.kind === 'failed') {
      this.fail(errorCodec.decode(message.error));
      return;
    }
    if (job.failure === undefined) {
      this.feed(lane);
      try {
        for (const result of message.results) job.onResult(result);
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error(String(error)));
        return;
      }
    }
    this.settleIfDone();
  }

  private fail(error: Error): void {
    const job = this.job;
    if (job === undefined) return;
    job.failure ??= error;
    Atomics.store(job.cancelled, 0, 1);
    this.settleIfDone();
  }

  private settleIfDone(): void {
    const job = this.job;
    if (job === undefined || job.outstanding > 0) return;
    if (job.failure !== undefined) job.settle(job.failure);
    else if (job.exhausted) job.settle(undefined);
  }
}
