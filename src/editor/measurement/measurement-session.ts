import { basename } from 'node:path';
import { EventEmitter, l10n, type Disposable, type LogOutputChannel, type Uri } from 'vscode';
import { CancelledError, OutOfMemoryError } from '../../formats/errors';
import type { MeasureRequest, MeasurerMethods } from '../../protocol/measurement';
import type { MeasurementState, MeasurementStatus } from '../../protocol/panel';
import { DisconnectedError } from '../../protocol/rpc';
import type { Measurement } from '../../report/measurement';
import type { ChildClient } from '../child-client';
import { failure } from '../failure';
import { fileVersion } from '../models/model-source';
import type { LastMeasurement, LastMeasurements } from './last-measurements';

/** How often what is being done is told: each time the panel gets the whole measurement. */
const TOLD_EVERY_MS = 100;

/** How often what has been found is written, for a window that ends before the measurement does. */
const WRITTEN_EVERY_MS = 2_000;

type Ended = LastMeasurement['status'];

/** The measurements of one model with data: runs one, and keeps what it has told, whatever becomes of it. */
export class MeasurementSession implements Disposable {
  private current: MeasurementState | undefined;
  private controller: AbortController | undefined;
  private last: MeasureRequest | undefined;
  /** Of the file that was measured. */
  private version = '';
  private written = -Infinity;
  private writing: Promise<void> = Promise.resolve();
  private readonly changeEmitter = new EventEmitter<MeasurementState>();
  readonly onChange = this.changeEmitter.event;

  constructor(
    readonly uri: Uri,
    private readonly measurer: ChildClient<MeasurerMethods>,
    private readonly kept: LastMeasurements,
    private readonly log: LogOutputChannel,
  ) {}

  /** Undefined until the first measurement is begun. */
  get state(): MeasurementState | undefined {
    return this.current;
  }

  /** The state, unless it is one of another version of the file. */
  stateOf(version: string): MeasurementState | undefined {
    return this.current?.status.state === 'running' || version === this.version ? this.current : undefined;
  }

  /** What was measured of this version of the file, whether it is complete or not; undefined if nothing was. */
  measurementOf(version: string): Measurement | undefined {
    return version === this.version ? this.current?.measurement : undefined;
  }

  cancel(): void {
    this.controller?.abort();
  }

  /** What was measured last, if it can be gone on with: it was stopped, or has failed. */
  get unfinished(): MeasureRequest | undefined {
    return this.current?.status.state === 'cancelled' || this.current?.status.state === 'failed'
      ? this.last
      : undefined;
  }

  /** Takes what an earlier window has measured of this version of the file for the last measurement. */
  recall({ version, measurement, status }: LastMeasurement, request: MeasureRequest): void {
    this.version = version;
    this.last = request;
    this.tell({ measurement, status });
  }

  /**
   * Measures, in place of a measurement that runs; resolves when it has ended in whichever way. A run that goes on with
   * another one shows what that has told, until it tells more.
   */
  async run(request: MeasureRequest): Promise<MeasurementStatus> {
    this.cancel();
    this.last = request;
    const controller = new AbortController();
    this.controller = controller;
    const isCurrent = (): boolean => this.controller === controller;
    let measurement = request.keep?.earlier === 'continue' ? this.current?.measurement : undefined;
    this.tell({ measurement, status: { state: 'running', stage: l10n.t('Reading'), done: 0, total: 0 } });
    const name = basename(this.uri.path);
    this.log.info(`Measuring ${name}`);
    this.version = await fileVersion(this.uri);
    if (!isCurrent()) return { state: 'cancelled' };
    let told = performance.now();
    let status: Ended;
    try {
      measurement = await this.measurer.call('measure', request, {
        signal: controller.signal,
        onProgress: (event) => {
          if (!isCurrent()) return;
          if (event.type === 'measurement') ({ measurement } = event);
          else if (event.stage.done > 0 && performance.now() - told < TOLD_EVERY_MS) return;
          told = performance.now();
          const running =
            event.type === 'stage' ? ({ state: 'running', ...event.stage } as const) : this.current?.status;
          if (running !== undefined) this.tell({ measurement, status: running });
          if (performance.now() - this.written >= WRITTEN_EVERY_MS)
            this.keep(request, measurement, { state: 'cancelled' });
        },
      });
      status = { state: 'complete' };
    } catch (error) {
      status =
        error instanceof CancelledError || controller.signal.aborted ? { state: 'cancelled' } : this.failed(error);
    }
    this.log.info(`${name}: measurement ${status.state}`);
    if (isCurrent()) {
      this.tell({ measurement, status });
      this.keep(request, measurement, status);
    }
    return status;
  }

  dispose(): void {
    this.cancel();
    this.controller = undefined;
    this.changeEmitter.dispose();
  }

  private keep({ data, backend }: MeasureRequest, measurement: Measurement | undefined, status: Ended): void {
    if (measurement === undefined) return;
    this.written = performance.now();
    const last = { version: this.version, request: { data, backend }, measurement, status };
    this.writing = this.writing.then(async () => {
      try {
        await this.kept.write(this.uri.toString(), last);
      } catch (error) {
        this.log.error(error as Error);
      }
    });
  }

  private failed(error: unknown): Ended {
    const told = failure(error, this.uri, this.log);
    if (error instanceof OutOfMemoryError) this.measurer.stop();
    if (!(error instanceof DisconnectedError)) return told;
    if (this.current?.measurement === undefined) {
      const remedy = l10n.t(
        'Run it again. If it ends so each time, the code of a native backend does not get along with this computer: set prunability.measurement.backend to "wasm".',
      );
      return { ...told, remedy };
    }
    const remedy = l10n.t(
      'What was measured until then is kept: continue, and a new process goes on. If the memory was not enough, set a smaller "batch" in .prunability.json first.',
    );
    return { ...told, remedy };
  }

  private tell(state: MeasurementState): void {
    this.current = state;
    this.changeEmitter.fire(state);
  }
}
