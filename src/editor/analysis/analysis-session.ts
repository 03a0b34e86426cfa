import { basename } from 'node:path';
import { EventEmitter, type Disposable, type LogOutputChannel, type Uri } from 'vscode';
import { CancelledError } from '../../formats/errors';
import type { AnalysisEvent } from '../../protocol/analysis';
import type { AnalysisStatus, PanelSnapshot } from '../../protocol/panel';
import type { ModelReport } from '../../report/report';
import type { EngineClient } from '../engine-client';
import { failure } from '../failure';
import { displayPath, fileVersion, localModel } from '../models/model-source';
import { partialReport } from './partial-report';

/**
 * One model file's analysis: runs it, keeps all it has told, and can tell it again to an editor that was hidden, moved
 * or reloaded meanwhile.
 */
export class AnalysisSession implements Disposable {
  private events: AnalysisEvent[] = [];
  private fingerprint = '';
  private controller: AbortController | undefined;
  private currentStatus: AnalysisStatus = { state: 'running' };
  private completed: ModelReport | undefined;
  private started = 0;

  private readonly eventEmitter = new EventEmitter<AnalysisEvent>();
  private readonly statusEmitter = new EventEmitter<AnalysisStatus>();
  private readonly resetEmitter = new EventEmitter<PanelSnapshot>();
  private readonly disposeEmitter = new EventEmitter<void>();
  readonly onEvent = this.eventEmitter.event;
  readonly onStatus = this.statusEmitter.event;
  /** The analysis starts anew. */
  readonly onReset = this.resetEmitter.event;
  readonly onDispose = this.disposeEmitter.event;

  constructor(
    readonly uri: Uri,
    private readonly engine: EngineClient,
    private readonly log: LogOutputChannel,
  ) {}

  get status(): AnalysisStatus {
    return this.currentStatus;
  }

  /** The report: complete once the analysis is, partial before and if it never gets there; undefined before the first layers. */
  get report(): ModelReport | undefined {
    return this.completed ?? partialReport(this.events, (performance.now() - this.started) / 1000);
  }

  snapshot(): PanelSnapshot {
    const { uri, fingerprint, currentStatus: status, events } = this;
    return { path: displayPath(uri), fingerprint, status, events };
  }

  cancel(): void {
    this.controller?.abort();
  }

  /**
   * Starts the analysis, or starts it anew; resolves when it has ended in whichever way.
   * @param cache `use`: if the file is known, its result is told again; `refresh`: it is read in any case.
   */
  async run(cache: 'use' | 'refresh'): Promise<AnalysisStatus> {
    this.cancel();
    const controller = new AbortController();
    this.controller = controller;
    this.events = [];
    this.completed = undefined;
    this.started = performance.now();
    this.currentStatus = { state: 'running' };
    this.fingerprint = await fileVersion(this.uri);
    if (this.controller !== controller) return { state: 'cancelled' };
    this.resetEmitter.fire(this.snapshot());
    const status = await this.analyze(controller.signal, cache);
    // A run that a newer one has replaced has nothing more to say.
    if (this.controller !== controller) return status;
    this.currentStatus = status;
    this.statusEmitter.fire(status);
    return status;
  }

  /** Runs again if the file is not the one that was read. */
  async runIfChanged(): Promise<void> {
    const read = this.fingerprint;
    const now = await fileVersion(this.uri);
    // Nothing was read yet, or a run that began meanwhile reads what there is now.
    if (read === '' || read !== this.fingerprint) return;
    if (now !== read) await this.run('use');
  }

  dispose(): void {
    this.cancel();
    this.controller = undefined;
    this.disposeEmitter.fire();
    this.disposeEmitter.dispose();
    this.eventEmitter.dispose();
    this.statusEmitter.dispose();
    this.resetEmitter.dispose();
  }

  private async analyze(signal: AbortSignal, cache: 'use' | 'refresh'): Promise<AnalysisStatus> {
    const shown = displayPath(this.uri);
    const name = basename(this.uri.path);
    this.log.info(`Analyzing ${shown}`);
    try {
      const model = await localModel(this.uri);
      const named = <T extends { readonly path: string }>(file: T): T => ({ ...file, path: shown });
      try {
        const report = await this.engine.call(
          'analyze',
          { path: model.path, hash: false, cache: model.isCopy ? 'none' : cache },
          {
            signal,
            onProgress: (event) => {
              // After a cancel the layers read so far still come; after a restart they belong to nobody.
              if (this.controller?.signal !== signal) return;
              const told = event.type === 'opened' ? { ...event, file: named(event.file) } : event;
              this.remember(told);
              this.eventEmitter.fire(told);
            },
          },
        );
        this.completed = { ...report, file: named(report.file) };
        this.log.info(`${name}: ${report.tensors.length} tensors in ${report.seconds.toFixed(2)} s`);
        return { state: 'complete', seconds: report.seconds };
      } finally {
        await model.dispose();
      }
    } catch (error) {
      if (error instanceof CancelledError || signal.aborted) {
        this.log.info(`${name}: cancelled`);
        return { state: 'cancelled' };
      }
      return failure(error, this.uri, this.log);
    }
  }

  /** A model update replaces the one before: only the last is kept, so that what is kept does not grow with time. */
  private remember(event: AnalysisEvent): void {
    if (event.type === 'model') this.events = this.events.filter(({ type }) => type !== 'model');
    this.events.push(event);
  }
}
