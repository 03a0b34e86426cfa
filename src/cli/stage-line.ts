import type { WriteStream } from 'node:tty';
import type { MeasurementEvent } from '../protocol/measurement';
import { duration } from '../report/number-text';

type Stage = Extract<MeasurementEvent, { readonly type: 'stage' }>['stage'];

/** What is being done, on a terminal; silent where the stream is none. */
export class StageLine {
  private isDrawn = false;

  constructor(
    private readonly stream: WriteStream,
    private readonly label: string,
  ) {}

  update({ stage, done, total, remaining }: Stage): void {
    if (!this.stream.isTTY) return;
    this.isDrawn = true;
    const count = total === 0 ? '' : ` ${done} / ${total}`;
    const time = remaining === undefined ? '' : `, ${duration(remaining)} left`;
    this.stream.write(`\r\u001b[K${this.label}: ${stage}${count}${time}`);
  }

  clear(): void {
    if (this.isDrawn) this.stream.write('\r\u001b[K');
  }
}
