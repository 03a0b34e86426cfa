/** A guess from less time is one of how long things take to get warm. */
const LEAST_MS = 2_000;

/** How long stages are still going to take, from how far they have come: their steps are alike. */
export class StageClock {
  private stage = '';
  private began = 0;
  /** Steps that were done when the stage began here: one that is gone on with has some. */
  private first = 0;

  /** @param now milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Is told each time a stage has come on.
   * @returns seconds that it still takes; undefined as long as there is nothing to guess from
   */
  remaining(stage: string, done: number, total: number): number | undefined {
    if (stage !== this.stage || done < this.first) {
      this.stage = stage;
      this.began = this.now();
      this.first = done;
    }
    const elapsed = this.now() - this.began;
    if (done === this.first || elapsed < LEAST_MS) return undefined;
    return (elapsed / 1000 / (done - this.first)) * (total - done);
  }
}
