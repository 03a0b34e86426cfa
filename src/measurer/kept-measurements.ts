import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Lanczos, type LanczosState } from '../curvature/lanczos';
import type { LanczosKeeper } from '../curvature/spectrum';
import { TEMPORARY_EXTENSION, writeAtomically } from '../files/write-atomically';
import type { KeptResult, KeptResults } from '../measurement/kept-results';

/** A killed process loses no more than was measured in this time; a state of some kilobytes is written as often. */
const WRITTEN_EVERY_MS = 2_000;

/** The basis of Lanczos' method of networks up to two million parameters and 128 steps; of larger ones the spectrum begins anew. */
const MAX_BASIS_BYTES = 2 ** 30;

/** Of all measurements together: two of the largest bases. */
const CAPACITY_BYTES = 2 ** 31;

/** Nobody goes on with a measurement after a month. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** A state has a few hundred results; a larger file is not ours. */
const MAX_STATE_BYTES = 4 * 1024 * 1024;

const STATE_EXTENSION = '.measurement';
const BASIS_EXTENSION = '.basis';

/** Numbers that JSON has no word for, or loses the sign of. */
const SPECIAL_NUMBERS: readonly number[] = [Number.NaN, Infinity, -Infinity, -0];

/** What is written; after it, the basis is in a file of its own. */
interface StoredState {
  readonly key: string;
  /** Time that was spent on the results. */
  readonly seconds: number;
  readonly results: Readonly<Record<string, KeptResult>>;
  /** Of the probes, in their order; only the last one may be unfinished, and its basis is the one in the file. */
  readonly probes: readonly LanczosState[];
}

export interface KeptMeasurementsOptions {
  readonly writtenEveryMs?: number;
  readonly maxBasisBytes?: number;
  readonly capacityBytes?: number;
}

/**
 * Measurements that have not come to their end, on disk, so that they can be gone on with after they were stopped, or their
 * process was: a file with all results, replaced as a whole, and beside it the basis of Lanczos' method, to which vectors
 * are added. A state is used only by the very same measurement ({@link open}), and removed when that is complete. The
 * oldest go when they are a month old or there are too many bytes.
 */
export class KeptMeasurements {
  /** @param folder made when there is something to be kept */
  constructor(
    private readonly folder: string,
    private readonly options: KeptMeasurementsOptions = {},
  ) {}

  /**
   * The state of a measurement.
   * @param key all that decides what is measured: a state is found by the same key only
   * @param resume whether to take what is kept; otherwise it is removed
   * @param onFailure is told once if nothing can be kept, because the disk does not take it; then all goes on without
   */
  async open(key: string, resume: boolean, onFailure: (error: unknown) => void): Promise<KeptMeasurement> {
    const path = join(this.folder, createHash('sha256').update(key).digest('hex'));
    const state = resume ? await readState(`${path}${STATE_EXTENSION}`, key) : undefined;
    if (state === undefined) await removeState(path);
    await this.prune(path);
    return new KeptMeasurement(path, key, state, this.options, onFailure);
  }

  /** @param current is not pruned */
  private async prune(current: string): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    const files = (
      await Promise.all(
        names.map(async (name) => {
          const path = join(this.folder, name);
          // Another process may have removed it meanwhile.
          const stats = await stat(path).catch(() => undefined);
          return stats === undefined ? [] : [{ path, bytes: stats.size, age: Date.now() - stats.mtimeMs }];
        }),
      )
    )
      .flat()
      .filter(({ path }) => [STATE_EXTENSION, BASIS_EXTENSION, TEMPORARY_EXTENSION].some((end) => path.endsWith(end)));
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files.sort((a, b) => b.age - a.age)) {
      if (file.path.startsWith(current)) continue;
      const isOver =
        bytes > (this.options.capacityBytes ?? CAPACITY_BYTES) - (this.options.maxBasisBytes ?? MAX_BASIS_BYTES);
      if (!isOver && file.age <= MAX_AGE_MS) continue;
      await rm(file.path, { force: true }).catch(() => undefined);
      bytes -= file.bytes;
    }
  }
}

/** What is kept of one measurement. */
export class KeptMeasurement implements KeptResults {
  private readonly results: Map<string, KeptResult>;
  private readonly earlierSeconds: number;
  private readonly probes: LanczosState[];
  private readonly opened = performance.now();
  private written = -Infinity;
  /** Vectors of the last probe's basis that are in the file. */
  private storedVectors = 0;
  private isBroken = false;
  readonly lanczos: LanczosKeeper;
  /** Results of earlier runs that were found. */
  readonly resumed: number;

  /** @param path without the extension */
  constructor(
    private readonly path: string,
    private readonly key: string,
    state: StoredState | undefined,
    private readonly options: KeptMeasurementsOptions,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.results = new Map(Object.entries(state?.results ?? {}));
    this.earlierSeconds = state?.seconds ?? 0;
    this.probes = [...(state?.probes ?? [])];
    this.resumed = this.results.size + this.probes.reduce((sum, { diagonal }) => sum + diagonal.length, 0);
    this.lanczos = {
      state: (probe) => this.probes[probe],
      restore: (probe) => this.restore(probe),
      keep: (probe, run, isLast) => this.keepRun(probe, run, isLast),
    };
  }

  /** Time that was spent on the measurement, in all runs. */
  get seconds(): number {
    return this.earlierSeconds + (performance.now() - this.opened) / 1000;
  }

  get(name: string): KeptResult | undefined {
    return this.results.get(name);
  }

  async add(name: string, result: KeptResult): Promise<void> {
    this.results.set(name, result);
    if (this.isDue) await this.write();
  }

  /** Writes what is not written yet: when the measurement ends before its end. */
  async flush(): Promise<void> {
    if (this.results.size > 0) await this.write();
  }

  /** There is nothing to go on with any more. */
  async remove(): Promise<void> {
    await removeState(this.path);
  }

  private get isDue(): boolean {
    return performance.now() - this.written >= (this.options.writtenEveryMs ?? WRITTEN_EVERY_MS);
  }

  private get basis(): string {
    return `${this.path}${BASIS_EXTENSION}`;
  }

  private async restore(probe: number): Promise<Lanczos | undefined> {
    const state = this.probes[probe];
    if (state === undefined) return undefined;
    try {
      const run = await Lanczos.restore(state, this.basis);
      this.storedVectors = run.vectors;
      return run;
    } catch {
      // Damaged or gone: this probe begins anew.
      this.probes.length = probe;
      return undefined;
    }
  }

  private async keepRun(probe: number, run: Lanczos, isLast: boolean): Promise<void> {
    const { state, vectors } = run;
    const bytes = vectors * state.size * Float32Array.BYTES_PER_ELEMENT;
    if (this.isBroken || run.steps === 0 || !(isLast || this.isDue)) return;
    if (bytes > (this.options.maxBasisBytes ?? MAX_BASIS_BYTES)) {
      this.probes.length = probe;
      await rm(this.basis, { force: true }).catch(() => undefined);
      return;
    }
    try {
      await mkdir(join(this.path, '..'), { recursive: true });
      // A probe that begins has a basis of its own.
      const from = this.probes.length > probe ? this.storedVectors : 0;
      this.probes[probe] = await run.save(this.basis, from);
      this.storedVectors = vectors;
    } catch (error) {
      await this.fail(error);
    }
    await this.write();
  }

  private async write(): Promise<void> {
    if (this.isBroken) return;
    this.written = performance.now();
    const { key, seconds, probes } = this;
    const state: StoredState = { key, seconds, results: Object.fromEntries(this.results), probes };
    const text = JSON.stringify(state, (_key, value: unknown) =>
      typeof value === 'number' && SPECIAL_NUMBERS.some((number) => Object.is(number, value))
        ? numberText(value)
        : value,
    );
    try {
      await mkdir(join(this.path, '..'), { recursive: true });
      await writeAtomically(`${this.path}${STATE_EXTENSION}`, `${checksum(text)}\n${text}`);
    } catch (error) {
      await this.fail(error);
    }
  }

  /** What cannot be written whole is no use. */
  private async fail(error: unknown): Promise<void> {
    if (this.isBroken) return;
    this.isBroken = true;
    await removeState(this.path);
    this.onFailure(error);
  }
}

/** Undefined if there is none, or it is not what was written. */
async function readState(path: string, key: string): Promise<StoredState | undefined> {
  try {
    if ((await stat(path)).size > MAX_STATE_BYTES) return undefined;
    const content = await readFile(path, 'utf8');
    const end = content.indexOf('\n');
    const text = content.slice(end + 1);
    if (content.slice(0, end) !== checksum(text)) return undefined;
    const numbers = new Map(SPECIAL_NUMBERS.map((number) => [numberText(number), number]));
    const state = JSON.parse(text, (name, value: unknown) =>
      typeof value === 'string' && name !== 'key' ? numbers.get(value) : value,
    ) as StoredState;
    return state.key === key ? state : undefined;
  } catch {
    return undefined;
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

async function removeState(path: string): Promise<void> {
  // The state first: a basis without one is not looked at.
  for (const extension of [STATE_EXTENSION, BASIS_EXTENSION]) {
    await rm(`${path}${extension}`, { force: true }).catch(() => undefined);
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
