import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { EventEmitter, l10n, type Disposable, type LogOutputChannel } from 'vscode';
import { CancelledError, FormatError } from '../formats/errors';
import type { AnalysisEvent } from '../protocol/analysis';
import type { AnalysisStatus, PanelSnapshot } from '../protocol/panel';
import { DisconnectedError, RemoteError } from '../protocol/rpc';
import type { ModelReport } from '../report/report';
import type { EngineClient } from './engine-client';
import { partialReport } from './partial-report';

/**
 * One model file's analysis: runs it, keeps all it has told, and can tell it again to a panel that was hidden, moved
 * or reloaded meanwhile.
 */
export class AnalysisSession implements Disposable {
  private events: AnalysisEvent[] = [];
  private fingerprint: string;
  private controller: AbortController | undefined;
  private currentStatus: AnalysisStatus = { state: 'running' };
  private completed: ModelReport | undefined;
  private started = 0;

  private readonly eventEmitter = new EventEmitter<AnalysisEvent>();
  private readonly statusEmitter = new EventEmitter<AnalysisStatus>();
  private readonly resetEmitter = new EventEmitter<PanelSnapshot>();
  readonly onEvent = this.eventEmitter.event;
  readonly onStatus = this.statusEmitter.event;
  /** The analysis starts anew. */
  readonly onReset = this.resetEmitter.event;

  constructor(
    readonly path: string,
    private readonly engine: EngineClient,
    private readonly log: LogOutputChannel,
  ) {
    this.fingerprint = fingerprint(path);
  }

  get status(): AnalysisStatus {
    return this.currentStatus;
  }

  /** The report: complete once the analysis is, partial before and if it never gets there; undefined before the first layers. */
  get report(): ModelReport | undefined {
    return this.completed ?? partialReport(this.events, (performance.now() - this.started) / 1000);
  }

  snapshot(): PanelSnapshot {
    return { path: this.path, fingerprint: this.fingerprint, status: this.currentStatus, events: this.events };
  }

  cancel(): void {
    this.controller?.abort();
  }

  /** Starts the analysis, or starts it anew; resolves when it has ended in whichever way. */
  async run(): Promise<AnalysisStatus> {
    this.cancel();
    const controller = new AbortController();
    this.controller = controller;
    this.events = [];
    this.completed = undefined;
    this.started = performance.now();
    this.currentStatus = { state: 'running' };
    this.fingerprint = fingerprint(this.path);
    this.resetEmitter.fire(this.snapshot());
    const status = await this.analyze(controller.signal);
    // A run that a newer one has replaced has nothing more to say.
    if (this.controller !== controller) return status;
    this.currentStatus = status;
    this.statusEmitter.fire(status);
    return status;
  }

  dispose(): void {
    this.cancel();
    this.controller = undefined;
    this.eventEmitter.dispose();
    this.statusEmitter.dispose();
    this.resetEmitter.dispose();
  }

  private async analyze(signal: AbortSignal): Promise<AnalysisStatus> {
    const name = basename(this.path);
    this.log.info(`Analysing ${this.path}`);
    try {
      const report = await this.engine.call(
        'analyze',
        { path: this.path, hash: false },
        {
          signal,
          onProgress: (event) => {
            // After a cancel the layers read so far still come; after a restart they belong to nobody.
            if (this.controller?.signal !== signal) return;
            this.remember(event);
            this.eventEmitter.fire(event);
          },
        },
      );
      this.completed = report;
      this.log.info(`${name}: ${report.tensors.length} tensors in ${report.seconds.toFixed(2)} s`);
      return { state: 'complete', seconds: report.seconds };
    } catch (error) {
      if (error instanceof CancelledError || signal.aborted) {
        this.log.info(`${name}: cancelled`);
        return { state: 'cancelled' };
      }
      return this.failed(error);
    }
  }

  /** A model update replaces the one before: only the last is kept, so that what is kept does not grow with time. */
  private remember(event: AnalysisEvent): void {
    if (event.type === 'model') this.events = this.events.filter(({ type }) => type !== 'model');
    this.events.push(event);
  }

  private failed(error: unknown): AnalysisStatus {
    if (error instanceof FormatError) {
      const { file, reason, offset, tensor, remedy } = error.detail;
      this.log.error(error.message);
      const where = [
        file,
        tensor === undefined ? undefined : l10n.t('tensor {0}', tensor),
        offset === undefined ? undefined : l10n.t('byte {0}', offset),
      ];
      return {
        state: 'failed',
        message: l10n.t('{0} {1}.', basename(file), reason),
        where: where.filter((part) => part !== undefined).join(' · '),
        remedy,
      };
    }
    if (error instanceof DisconnectedError) {
      this.log.error(`${this.path}: ${error.message}`);
      return {
        state: 'failed',
        message: `${error.message}.`,
        where: this.path,
        remedy: l10n.t('What was read until then is shown. Run the analysis again: it starts a new process.'),
      };
    }
    this.log.error(error instanceof RemoteError ? (error.remote.stack ?? error.message) : (error as Error));
    return {
      state: 'failed',
      message: l10n.t('Something went wrong inside Prunability: {0}', (error as Error).message),
      where: this.path,
      remedy: l10n.t('Please report it, with what the log says.'),
    };
  }
}

/** Identifies a version of a file: a panel restores what its reader has chosen only for the same one. */
function fingerprint(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? `${path}|absent` : `${path}|${stat.size}|${stat.mtimeMs}`;
}
