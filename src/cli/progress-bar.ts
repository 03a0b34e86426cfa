import type { WriteStream } from 'node:tty';
import { formatBytes } from '../report/format';

const WIDTH = 30;

/** More frames than this a second only cost time. */
const FRAME_MS = 80;

/** A progress line on a terminal; silent where the stream is none. */
export class ProgressBar {
  private drawn = 0;

  constructor(
    private readonly stream: WriteStream,
    private readonly label: string,
  ) {}

  update(done: number, total: number): void {
    const now = performance.now();
    if (!this.stream.isTTY || (now - this.drawn < FRAME_MS && done < total)) return;
    this.drawn = now;
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.stream.write(`\r\u001b[K${this.label} ${bar} ${Math.floor(100 * share)} % of ${formatBytes(total)}`);
  }

  clear(): void {
    if (this.stream.isTTY && this.drawn > 0) this.stream.write('\r\u001b[K');
  }
}
