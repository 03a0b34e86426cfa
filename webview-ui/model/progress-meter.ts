/** Under this the speed is noise. */
const SHORTEST_OBSERVATION_MS = 800;

/** Where a read of `totalBytes` stands. */
export interface Progress {
  /** In [0, 1]. */
  readonly fraction: number;
  /** Estimated seconds to the end; absent until there is a speed to judge by. */
  readonly secondsLeft?: number;
}

/**
 * Estimates the time to go from what this webview has seen itself: it may have been opened in the middle of a run, so
 * neither the start of the run nor the bytes done at that time say anything about the speed.
 */
export class ProgressMeter {
  private first: { readonly bytes: number; readonly at: number } | undefined;
  private last: { readonly bytes: number; readonly at: number } | undefined;

  constructor(private readonly totalBytes: number) {}

  /** @param at milliseconds of a clock that does not jump */
  observe(bytesDone: number, at: number): void {
    this.first ??= { bytes: bytesDone, at };
    this.last = { bytes: bytesDone, at };
  }

  progress(): Progress {
    const { first, last } = this;
    if (first === undefined || last === undefined || this.totalBytes === 0) return { fraction: 0 };
    const fraction = Math.min(1, last.bytes / this.totalBytes);
    const elapsed = last.at - first.at;
    const read = last.bytes - first.bytes;
    if (elapsed < SHORTEST_OBSERVATION_MS || read <= 0) return { fraction };
    return { fraction, secondsLeft: (Math.max(0, this.totalBytes - last.bytes) / read) * (elapsed / 1000) };
  }
}
