import { basename } from 'node:path';
import { EventEmitter, workspace, type Disposable, type LogOutputChannel, type Uri } from 'vscode';
import { CancelledError } from '../../formats/errors';
import type { ComparisonEvent, ComparisonSnapshot, RunEvent, RunSnapshot } from '../../protocol/comparison';
import type { AnalysisStatus } from '../../protocol/panel';
import type { ComparisonReport, RunReport } from '../../report/comparison';
import { encodeSubject, sideLabels, subjectTitle, type ComparisonSubject } from './comparison-subject';
import type { EngineClient } from '../engine-client';
import { failure } from '../failure';
import { displayPath, fileVersion, localModel, type LocalModel } from '../models/model-source';

type Told = ComparisonEvent | RunEvent;
type Report = ComparisonReport | RunReport;

/** One comparison, of two checkpoints or along a run: runs it, and can tell again what it has told. */
export class ComparisonSession implements Disposable {
  private events: Told[] = [];
  private report: Report | null = null;
  private fingerprint = '';
  private controller: AbortController | undefined;
  private currentStatus: AnalysisStatus = { state: 'running' };

  private readonly eventEmitter = new EventEmitter<Told>();
  private readonly finishEmitter = new EventEmitter<{ status: AnalysisStatus; report: Report | null }>();
  private readonly resetEmitter = new EventEmitter<ComparisonSnapshot | RunSnapshot>();
  readonly onEvent = this.eventEmitter.event;
  readonly onFinish = this.finishEmitter.event;
  readonly onReset = this.resetEmitter.event;

  constructor(
    private currentSubject: ComparisonSubject,
    private readonly engine: EngineClient,
    private readonly log: LogOutputChannel,
  ) {}

  get subject(): ComparisonSubject {
    return this.currentSubject;
  }

  get status(): AnalysisStatus {
    return this.currentStatus;
  }

  /** Null until it is complete. */
  get result(): Report | null {
    return this.report;
  }

  snapshot(): ComparisonSnapshot | RunSnapshot {
    const { subject, fingerprint, status } = this;
    const common = { subject: encodeSubject(subject), fingerprint, status };
    if (subject.kind === 'comparison') {
      return {
        ...common,
        kind: 'comparison',
        before: displayPath(subject.before),
        after: displayPath(subject.after),
        labels: sideLabels(subject.before, subject.after),
        events: this.events as ComparisonEvent[],
        report: this.report as ComparisonReport | null,
      };
    }
    return {
      ...common,
      kind: 'run',
      folder: displayPath(subject.folder),
      name: basename(subject.folder.path),
      events: this.events as RunEvent[],
      report: this.report as RunReport | null,
    };
  }

  /** What is compared: both sides, or all steps. */
  get files(): readonly Uri[] {
    const { subject } = this;
    return subject.kind === 'comparison' ? [subject.before, subject.after] : subject.checkpoints.map(({ uri }) => uri);
  }

  cancel(): void {
    this.controller?.abort();
  }

  /** Compares the other way round. */
  swap(): Promise<AnalysisStatus> {
    const { subject } = this;
    if (subject.kind === 'comparison') {
      this.currentSubject = { kind: 'comparison', before: subject.after, after: subject.before };
    }
    return this.run();
  }

  /** Starts, or starts anew; resolves when it has ended in whichever way. */
  async run(): Promise<AnalysisStatus> {
    this.cancel();
    const controller = new AbortController();
    this.controller = controller;
    this.events = [];
    this.report = null;
    this.currentStatus = { state: 'running' };
    this.fingerprint = (await Promise.all(this.files.map(fileVersion))).join('\n');
    if (this.controller !== controller) return { state: 'cancelled' };
    this.resetEmitter.fire(this.snapshot());
    const status = await this.compare(controller.signal);
    if (this.controller !== controller) return status;
    this.currentStatus = status;
    this.finishEmitter.fire({ status, report: this.report });
    return status;
  }

  dispose(): void {
    this.cancel();
    this.controller = undefined;
    this.eventEmitter.dispose();
    this.finishEmitter.dispose();
    this.resetEmitter.dispose();
  }

  private async compare(signal: AbortSignal): Promise<AnalysisStatus> {
    const { subject } = this;
    const title = subjectTitle(subject);
    this.log.info(`Comparing ${title}`);
    const uris = this.files;
    const models: LocalModel[] = [];
    try {
      for (const uri of uris) models.push(await localModel(uri));
      const named = renaming(models, uris);
      const options = {
        signal,
        onProgress: (event: Told) => {
          if (this.controller?.signal !== signal) return;
          const told = named(event);
          this.remember(told);
          this.eventEmitter.fire(told);
        },
      };
      const paths = models.map(({ path }) => path);
      const report =
        subject.kind === 'comparison'
          ? await this.engine.call('compare', { before: paths[0] ?? '', after: paths[1] ?? '' }, options)
          : await this.engine.call(
              'compareRun',
              { checkpoints: subject.checkpoints.map(({ step }, i) => ({ path: paths[i] ?? '', step })) },
              options,
            );
      if (this.controller?.signal === signal) this.report = named(report);
      this.log.info(`${title}: compared in ${report.seconds.toFixed(2)} s`);
      return { state: 'complete', seconds: report.seconds };
    } catch (error) {
      if (error instanceof CancelledError || signal.aborted) return { state: 'cancelled' };
      return failure(error, uris[0] ?? workspace.workspaceFolders?.[0]?.uri ?? uriOf(subject), this.log);
    } finally {
      await Promise.all(models.map((model) => model.dispose()));
    }
  }

  /** Of what replaces what was told before, only the last is kept. */
  private remember(event: Told): void {
    if (event.type === 'progress' || event.type === 'models') {
      this.events = this.events.filter(({ type }) => type !== event.type);
    }
    this.events.push(event);
  }
}

function uriOf(subject: ComparisonSubject): Uri {
  return subject.kind === 'comparison' ? subject.after : subject.folder;
}

/** Copies of models have places that mean nothing: where such a path stands, what it is a copy of is put. */
function renaming(models: readonly LocalModel[], uris: readonly Uri[]): <T>(value: T) => T {
  const shown = new Map(
    models.flatMap(({ path, isCopy }, i): [string, string][] => {
      const uri = uris[i];
      return isCopy && uri !== undefined ? [[path, displayPath(uri)]] : [];
    }),
  );
  const rename = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map(rename);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        key === 'path' && typeof entry === 'string' ? (shown.get(entry) ?? entry) : rename(entry),
      ]),
    );
  };
  return <T>(value: T): T => (shown.size === 0 ? value : (rename(value) as T));
}
