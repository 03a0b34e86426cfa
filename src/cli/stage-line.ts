import type { WriteStream } from 'node:tty';

/** What is being done, on a terminal; silent where the stream is none. */
export class StageLine {
  private isDrawn = false;

  constructor(
    private readonly stream: WriteStream,
    private readonly label: string,
  ) {}

  /** @param total 0 if it is not known */
  update({ stage, done, total }: { readonly stage: string; readonly done: number; readonly total: number }): void {
    if (!this.stream.isTTY) return;
    this.isDrawn = true;
    const count = total === 0 ? '' : ` ${done} / ${total}`;
    this.stream.write(`\r\u001b[K${this.label}: ${stage}${count}`);
  }

  clear(): void {
    if (this.isDrawn) this.stream.write('\r\u001b[K');
  }
}
