import { basename } from 'node:path';
import { EventEmitter, l10n, window, workspace, type Disposable, type LogOutputChannel, type Uri } from 'vscode';
import type { DataSettings } from '../../data/settings';
import { FormatError, OutOfMemoryError } from '../../formats/errors';
import type { BackendChoice, MeasureRequest, MeasurerMethods } from '../../protocol/measurement';
import { ChildClient } from '../child-client';
import { failure } from '../failure';
import type { MeasurementState } from '../../protocol/panel';
import type { RunningWork, WorkItem } from '../running-work';
import { fileVersion } from '../models/model-source';
import type { LastMeasurements } from './last-measurements';
import { MeasurementSession } from './measurement-session';
import { pickData } from './pick-data';

/** Lanczos' vectors, weights and samples are outside of the heap; the programs of networks are inside. */
const MEASURER_HEAP_MB = 1024;

/** The measurements of all models, one at a time each. */
export class Measurements implements Disposable {
  private readonly sessions = new Map<string, MeasurementSession>();
  private readonly measurer: ChildClient<MeasurerMethods>;
  private readonly changeEmitter = new EventEmitter<{ readonly uri: Uri; readonly state: MeasurementState }>();
  /** A measurement of this model has begun, come further or ended. */
  readonly onChange = this.changeEmitter.event;

  /**
   * @param kept folder for what is measured, until the measurement is complete
   * @param last what was found, for the next time that the model is opened
   */
  constructor(
    script: string,
    private readonly places: () => MeasureRequest['places'],
    private readonly kept: string,
    private readonly last: LastMeasurements,
    private readonly show: (model: Uri) => Promise<void>,
    private readonly work: RunningWork,
    private readonly log: LogOutputChannel,
  ) {
    const ended = (how: string): string => l10n.t('The process that runs networks ended unexpectedly ({0})', how);
    const program = { name: 'Measurer', script, arguments: [], heapMegabytes: MEASURER_HEAP_MB, ended };
    this.measurer = new ChildClient(program, log);
  }

  /** Identifier of the process, while there is one. */
  get pid(): number | undefined {
    return this.measurer.pid;
  }

  session(model: Uri): MeasurementSession | undefined {
    return this.sessions.get(model.toString());
  }

  /**
   * Asks what to measure the model on, and does so. Resolves when the measurement has ended, or the person has thought better
   * of it.
   * @param given data that need no asking for
   */
  async measure(model: Uri, given?: DataSettings): Promise<void> {
    if (model.scheme !== 'file') {
      void window.showWarningMessage(
        l10n.t('{0} is not on this machine: copy it here to measure it with data.', basename(model.path)),
      );
      return;
    }
    let data: DataSettings | undefined;
    try {
      data = await pickData(model, this.measurer, given);
    } catch (error) {
      if (error instanceof OutOfMemoryError) this.measurer.stop();
      await this.tellFailure(error, model);
      return;
    }
    if (data === undefined) return;
    await this.show(model);
    const backend = workspace.getConfiguration('prunability').get<BackendChoice>('measurement.backend', 'auto');
    // Who measures again wants it measured; what an editor that was closed has left is welcome.
    const earlier = this.session(model) === undefined ? 'use' : 'forget';
    const keep = { folder: this.kept, earlier } as const;
    await this.sessionOf(model).run({ ...this.request(model, { data, backend }), keep });
  }

  /** Shows what was measured of this very file in an earlier window, unless it was measured in this one. */
  async recall(model: Uri): Promise<void> {
    if (this.session(model) !== undefined) return;
    const last = await this.last.read(model.toString());
    if (last?.version !== (await fileVersion(model)) || this.session(model) !== undefined) return;
    this.sessionOf(model).recall(last, this.request(model, last.request));
  }

  /** Goes on with the measurement of a model that was stopped or has failed; resolves when it has ended. */
  async resume(model: Uri): Promise<void> {
    const session = this.session(model);
    const request = session?.unfinished;
    if (request === undefined) return;
    await session?.run({ ...request, keep: { folder: this.kept, earlier: 'continue' } });
  }

  /** What is installed has changed: the next measurement finds it. */
  installed(): void {
    this.measurer.renew();
  }

  dispose(): void {
    for (const session of this.sessions.values()) session.dispose();
    this.changeEmitter.dispose();
    this.measurer.dispose();
  }

  private request(model: Uri, { data, backend }: Pick<MeasureRequest, 'data' | 'backend'>): MeasureRequest {
    return { model: model.fsPath, data, backend, places: this.places(), remember: true };
  }

  private sessionOf(model: Uri): MeasurementSession {
    const known = this.session(model);
    if (known !== undefined) return known;
    const session = new MeasurementSession(model, this.measurer, this.last, this.log);
    this.sessions.set(model.toString(), session);
    this.follow(session);
    return session;
  }

  private follow(session: MeasurementSession): void {
    let item: WorkItem | undefined;
    session.onChange((state) => {
      this.changeEmitter.fire({ uri: session.uri, state });
      const { status } = state;
      if (status.state !== 'running') {
        item?.end();
        item = undefined;
        return;
      }
      item ??= this.work.start({
        title: l10n.t('Measuring {0}', basename(session.uri.path)),
        cancel: () => {
          session.cancel();
        },
        show: () => void this.show(session.uri),
      });
      item.progress(status.total === 0 ? 0 : status.done / status.total);
    });
  }

  /** Before there is a measurement there is no place for it in the panel. */
  private async tellFailure(error: unknown, model: Uri): Promise<void> {
    const told = failure(error, model, this.log);
    const detail = error instanceof FormatError ? `${told.message} ${told.remedy ?? ''}` : told.message;
    const again = l10n.t('Choose Other Data…');
    if ((await window.showErrorMessage(detail, again)) === again) await this.measure(model);
  }
}
