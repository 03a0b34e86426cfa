import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { writeAtomically } from '../../files/write-atomically';
import type { MeasureRequest } from '../../protocol/measurement';
import type { MeasurementStatus } from '../../protocol/panel';
import type { Measurement } from '../../report/measurement';

/** What was measured last of a model, and how that ended. */
export interface LastMeasurement {
  /** Of the model file that was measured. */
  readonly version: string;
  /** What it was measured on, to go on with it. Where native code may be is asked anew: trust may have been taken back. */
  readonly request: Pick<MeasureRequest, 'data' | 'backend'>;
  readonly measurement: Measurement;
  readonly status: Exclude<MeasurementStatus, { readonly state: 'running' }>;
}

/** A measurement takes some hundred kilobytes; a larger file is not ours. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Of all together: those of some hundred models. The oldest go. */
const CAPACITY_BYTES = 64 * 1024 * 1024;

const EXTENSION = '.measured';
const CHECKSUM_BYTES = 32;

/**
 * The last measurement of each model on disk, one file a model, so that it is there when the model is opened again: SHA-256, then
 * the entry in V8's format, which knows typed arrays and numbers that are not finite.
 */
export class LastMeasurements {
  /**
   * @param folder made when there is something to keep
   * @param program what others have written is not read
   */
  constructor(
    private readonly folder: string,
    private readonly program: string,
    private readonly capacityBytes = CAPACITY_BYTES,
  ) {}

  /** Undefined if there is none that can be read. Never rejects. */
  async read(model: string): Promise<LastMeasurement | undefined> {
    try {
      const file = this.file(model);
      if ((await stat(file)).size > MAX_BYTES) return undefined;
      const content = await readFile(file);
      const body = content.subarray(CHECKSUM_BYTES);
      if (!content.subarray(0, CHECKSUM_BYTES).equals(sha256(body))) return undefined;
      return deserialize(body) as LastMeasurement;
    } catch {
      return undefined;
    }
  }

  /** Replaces what was known of the model. Rejects if the disk does not take it; what was there is still there then. */
  async write(model: string, last: LastMeasurement): Promise<void> {
    const body = serialize(last);
    await mkdir(this.folder, { recursive: true });
    await writeAtomically(this.file(model), Buffer.concat([sha256(body), body]));
    await this.evict();
  }

  private file(model: string): string {
    return join(this.folder, `${sha256(Buffer.from(`${this.program}\n${model}`)).toString('hex')}${EXTENSION}`);
  }

  private async evict(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith(EXTENSION));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        // Another window may have removed it meanwhile.
        const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
        return { path, size, mtimeMs };
      }),
    );
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= this.capacityBytes) return;
      await rm(path, { force: true });
      bytes -= size;
    }
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
