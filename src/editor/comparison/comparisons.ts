import {
  commands,
  l10n,
  ViewColumn,
  window,
  type Disposable,
  type Uri,
  type LogOutputChannel,
  type WebviewPanel,
} from 'vscode';
import { CHECKPOINT_EDITOR } from '../analysis/checkpoint-editor';
import { showComparison, type ComparisonServices } from './comparison-panel';
import { ComparisonSession } from './comparison-session';
import { decodeSubject, encodeSubject, subjectTitle, type ComparisonSubject } from './comparison-subject';
import type { ModelDescriptions } from '../models/descriptions';
import type { EngineClient } from '../engine-client';
import { exportComparison } from '../analysis/export-report';
import type { RunningWork, WorkItem } from '../running-work';

export const COMPARISON_PANEL = 'prunability.comparison';

interface Open {
  readonly panel: WebviewPanel;
  readonly session: ComparisonSession;
}

/** All open comparisons: one panel for two files, or for a run. */
export class Comparisons implements Disposable {
  private readonly open = new Map<string, Open>();
  private current: Open | undefined;
  private readonly serializer: Disposable;
  private readonly services: ComparisonServices = {
    open: (uri) => void commands.executeCommand('vscode.openWith', uri, CHECKPOINT_EDITOR),
    compare: (before, after) => void this.show({ kind: 'comparison', before, after }),
    export: (session, format) => this.export(session, format),
    showLog: () => {
      this.log.show();
    },
  };

  constructor(
    private readonly extensionUri: Uri,
    private readonly engine: EngineClient,
    private readonly descriptions: ModelDescriptions,
    private readonly work: RunningWork,
    private readonly log: LogOutputChannel,
  ) {
    this.serializer = window.registerWebviewPanelSerializer(COMPARISON_PANEL, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const subject = decodeSubject(
          typeof state === 'object' && state !== null && 'subject' in state ? state.subject : undefined,
        );
        if (subject === undefined) panel.dispose();
        else await this.adopt(panel, subject);
      },
    });
  }

  /** Shows the comparison, and makes it unless it is there. Resolves when it has ended. */
  async show(subject: ComparisonSubject): Promise<void> {
    const known = this.open.get(encodeSubject(subject));
    if (known !== undefined) {
      known.panel.reveal();
      if (['cancelled', 'failed'].includes(known.session.status.state)) await known.session.run();
      return;
    }
    const panel = window.createWebviewPanel(COMPARISON_PANEL, subjectTitle(subject), ViewColumn.Active);
    await this.adopt(panel, subject);
  }

  /** The session of the panel that was used last, if it is still open. */
  active(): ComparisonSession | undefined {
    return this.current?.session;
  }

  dispose(): void {
    this.serializer.dispose();
    for (const { panel } of [...this.open.values()]) panel.dispose();
  }

  private async adopt(panel: WebviewPanel, subject: ComparisonSubject): Promise<void> {
    const session = new ComparisonSession(subject, this.engine, this.log);
    const entry = { panel, session };
    let key = encodeSubject(subject);
    this.open.set(key, entry);
    this.current = entry;
    // After a swap it is another comparison.
    session.onReset(() => {
      if (this.open.get(key) === entry) this.open.delete(key);
      key = encodeSubject(session.subject);
      this.open.set(key, entry);
    });
    this.follow(session, panel);
    panel.onDidChangeViewState(() => {
      if (panel.active) this.current = entry;
    });
    panel.onDidDispose(() => {
      if (this.open.get(key) === entry) this.open.delete(key);
      if (this.current === entry) this.current = undefined;
      session.dispose();
    });
    showComparison(panel, this.extensionUri, session, this.services);
    await session.run();
  }

  private follow(session: ComparisonSession, panel: WebviewPanel): void {
    let item: WorkItem | undefined;
    const end = (): void => {
      item?.end();
      item = undefined;
    };
    session.onReset(() => {
      end();
      item = this.work.start({
        title: l10n.t('Comparing {0}', subjectTitle(session.subject)),
        cancel: () => {
          session.cancel();
        },
        show: () => {
          panel.reveal();
        },
      });
    });
    session.onEvent((event) => {
      if (event.type === 'progress') item?.progress(event.bytesDone / Math.max(1, event.totalBytes));
    });
    session.onFinish(() => {
      end();
      // Both sides have been analyzed by the way: lists and decorations learn what was found.
      this.descriptions.changed(...session.files);
    });
    panel.onDidDispose(end);
  }

  private async export(session: ComparisonSession, format: 'json' | 'csv'): Promise<Uri | undefined> {
    const { result, subject } = session;
    if (result === null) {
      void window.showWarningMessage(l10n.t('There is nothing to export yet: the comparison is not complete.'));
      return undefined;
    }
    try {
      return await exportComparison(result, format, subject.kind === 'run' ? subject.folder : subject.after);
    } catch (error) {
      this.log.error(error as Error);
      void window.showErrorMessage(l10n.t('The report could not be written: {0}', (error as Error).message));
      return undefined;
    }
  }
}
