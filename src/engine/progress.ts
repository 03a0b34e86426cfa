/** Progress is told no more often. */
const EVERY_MS = 40;

/** Adds up the bytes of work that is done in parts, one after the other. */
export class Progress {
  private expected = 0;
  private finished = 0;
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly report: (bytesDone: number, totalBytes: number) => void) {}

  /** There will be so much work beside what is done, as far as is known now. */
  expectFurther(bytes: number): void {
    this.expected = this.finished + bytes;
  }

  /** Begins the next part, of so many bytes; the part before is taken to be done. Give the result what is done of it. */
  part(bytes: number): (bytesDone: number) => void {
    const start = this.finished;
    this.finished += bytes;
    this.expected = Math.max(this.expected, this.finished);
    return (bytesDone) => {
      const now = performance.now();
      if (now - this.last < EVERY_MS) return;
      this.last = now;
      this.report(start + Math.min(bytes, bytesDone), this.expected);
    };
  }

  /** All parts are done. */
  finish(): void {
    this.report(this.finished, this.finished);
  }
}
