import { throwIfCancelled } from '../formats/errors';

/** Runs jobs one after the other: two at once would only take the disk and the threads from each other. */
export class JobQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** Rejects with `CancelledError`, when its turn comes, if the signal was raised while the job waited. */
  run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.last.then(() => {
      throwIfCancelled(signal);
      return job();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
