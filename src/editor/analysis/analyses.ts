import { basename } from 'node:path';
import {
  commands,
  EventEmitter,
  l10n,
  window,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type Uri,
} from 'vscode';
import type { ExportFormat } from '../../protocol/panel';
import { measuredReport } from '../../report/measured-report';
import { AnalysisSession } from './analysis-session';
import { CHECKPOINT_EDITOR, CheckpointEditors } from './checkpoint-editor';
import type { EngineClient } from '../engine-client';
import { exportReport } from './export-report';
import type { ModelDescriptions } from '../models/descriptions';
import type { Measurements } from '../measurement/measurements';
import type { RunningWork, WorkItem } from '../running-work';

/** All open analyses, one a file, and what commands do with them. */
export class Analyses implements Disposable {
  readonly editors: CheckpointEditors;
  /** How far analyses that run have come, by URI. */
  private readonly fractions = new Map<string, number>();
  private readonly progressEmitter = new EventEmitter<Uri>();
  /** An analysis of this file has begun, come further or ended. */
  readonly onDidProgress = this.progressEmitter.event;

  constructor(
    context: ExtensionContext,
    private readonly engine: EngineClient,
    private readonly descriptions: ModelDescriptions,
    private readonly measurements: Measurements,
    work: RunningWork,
    private readonly log: LogOutputChannel,
  ) {
    const create = (uri: Uri): AnalysisSession => {
      const session = new AnalysisSession(uri, engine, log);
      this.follow(session, work);
      return session;
    };
    this.editors = new CheckpointEditors(context.extensionUri, create, {
      export: (session, format) => this.exportSession(session, format),
      restart: (session) => void session.run('refresh'),
      measurements,
      showLog: () => {
        log.show();
      },
    });
  }

  /** Opens the model's editor, and analyses the model unless an analysis of it is running or done. Resolves when it has ended. */
  async open(uri: Uri): Promise<void> {
    this.engine.warmUp();
    const file = await this.descriptions.modelUri(uri);
    const known = this.editors.document(file);
    const again = known !== undefined && ['cancelled', 'failed'].includes(known.session.status.state);
    await commands.executeCommand('vscode.openWith', file, CHECKPOINT_EDITOR);
    if (again) await known.session.run('use');
    else await this.editors.document(file)?.firstRun;
  }

  /** The session of the editor that was used last, if it is still open. */
  active(): AnalysisSession | undefined {
    return this.editors.active()?.session;
  }

  /** The session of a file, if its editor is open. */
  session(uri: Uri): AnalysisSession | undefined {
    return this.editors.document(uri)?.session;
  }

  /** Analyses all that is open anew, where what is known does not hold any more. */
  rerun(): void {
    for (const { session } of this.editors.all()) void session.run('use');
  }

  /** How far the analysis of a file has come, in [0, 1]; null if none runs. */
  progress(uri: Uri): number | null {
    return this.fractions.get(uri.toString()) ?? null;
  }

  async exportActive(format: ExportFormat): Promise<Uri | undefined> {
    const session = this.active();
    return session === undefined ? undefined : this.exportSession(session, format);
  }

  dispose(): void {
    this.editors.dispose();
    this.progressEmitter.dispose();
  }

  /** The status bar shows that it runs; lists and decorations learn what it has found. */
  private follow(session: AnalysisSession, work: RunningWork): void {
    const { uri } = session;
    const key = uri.toString();
    let item: WorkItem | undefined;
    let totalBytes = 0;
    const advance = (fraction: number): void => {
      item?.progress(fraction);
      this.fractions.set(key, fraction);
      this.progressEmitter.fire(uri);
    };
    const end = (): void => {
      item?.end();
      item = undefined;
      this.fractions.delete(key);
      this.progressEmitter.fire(uri);
    };
    session.onReset(() => {
      end();
      item = work.start({
        title: l10n.t('Analyzing {0}', basename(uri.path)),
        cancel: () => {
          session.cancel();
        },
        show: () => void commands.executeCommand('vscode.openWith', uri, CHECKPOINT_EDITOR),
      });
      advance(0);
    });
    session.onEvent((event) => {
      if (event.type === 'opened') totalBytes = event.totalBytes;
      else advance(totalBytes === 0 ? 1 : event.bytesDone / totalBytes);
    });
    session.onStatus(() => {
      end();
      this.descriptions.changed(uri);
    });
    session.onDispose(end);
  }

  private async exportSession(session: AnalysisSession, format: ExportFormat): Promise<Uri | undefined> {
    const { report } = session;
    if (report === undefined) {
      void window.showWarningMessage(l10n.t('There is nothing to export yet: no layer has been read.'));
      return undefined;
    }
    try {
      const measurement = this.measurements.session(session.uri)?.measurementOf(session.snapshot().fingerprint);
      const told = measurement === undefined ? report : measuredReport(report, measurement);
      return await exportReport(told, format, session.uri);
    } catch (error) {
      this.log.error(error as Error);
      void window.showErrorMessage(l10n.t('The report could not be written: {0}', (error as Error).message));
      return undefined;
    }
  }
}
