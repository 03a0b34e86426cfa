import { basename } from 'node:path';
import {
  l10n,
  ProgressLocation,
  window,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  type Uri,
  type WebviewPanel,
} from 'vscode';
import type { ExportFormat } from '../protocol/panel';
import { AnalysisPanel, PANEL_TYPE, type PanelServices } from './analysis-panel';
import { AnalysisSession } from './analysis-session';
import type { EngineClient } from './engine-client';
import { exportReport } from './export-report';

/** All open analyses: one panel a file. */
export class Analyses implements Disposable {
  private readonly panels = new Map<string, AnalysisPanel>();
  /** The panel that the commands mean: the one used last. VS Code's own `active` is told only some time after it is. */
  private current: AnalysisPanel | undefined;
  private readonly services: PanelServices = {
    export: (session, format) => this.exportSession(session, format),
    showLog: () => {
      this.log.show();
    },
  };

  constructor(
    private readonly context: ExtensionContext,
    private readonly engine: EngineClient,
    private readonly log: LogOutputChannel,
  ) {}

  /** Shows the file's panel, and analyses the file unless an analysis of it is running or done. */
  async open(uri: Uri): Promise<void> {
    if (uri.scheme !== 'file') {
      void window.showErrorMessage(
        l10n.t('Prunability reads files of this machine; {0} is not one. Copy it here first.', uri.toString(true)),
      );
      return;
    }
    const existing = this.panels.get(uri.fsPath);
    if (existing !== undefined) {
      existing.panel.reveal();
      this.current = existing;
      if (['cancelled', 'failed'].includes(existing.session.status.state)) await this.run(existing.session);
      return;
    }
    const session = new AnalysisSession(uri.fsPath, this.engine, this.log);
    const panel = AnalysisPanel.create(this.context, session, this.services);
    this.adopt(panel);
    this.current = panel;
    await this.run(session);
  }

  /** Gives a panel that VS Code has restored with the window its analysis back. */
  async restore(panel: WebviewPanel, path: string): Promise<void> {
    const session = new AnalysisSession(path, this.engine, this.log);
    this.adopt(new AnalysisPanel(panel, this.context, session, this.services));
    await session.run();
  }

  /** The session of the panel that was used last, if it is still open. */
  active(): AnalysisSession | undefined {
    return this.current?.session;
  }

  /** The session of a file, if its panel is open. */
  session(uri: Uri): AnalysisSession | undefined {
    return this.panels.get(uri.fsPath)?.session;
  }

  async exportActive(format: ExportFormat): Promise<Uri | undefined> {
    const session = this.active();
    return session === undefined ? undefined : this.exportSession(session, format);
  }

  dispose(): void {
    for (const { panel } of [...this.panels.values()]) panel.dispose();
  }

  private adopt(panel: AnalysisPanel): void {
    const { path } = panel.session;
    this.panels.set(path, panel);
    panel.panel.onDidChangeViewState(({ webviewPanel }) => {
      if (webviewPanel.active) this.current = panel;
    });
    panel.panel.onDidDispose(() => {
      if (this.panels.get(path) === panel) this.panels.delete(path);
      if (this.current === panel) this.current = undefined;
    });
  }

  /** Progress is in the panel; the status bar tells that something runs when the panel is not in sight. */
  private async run(session: AnalysisSession): Promise<void> {
    const title = l10n.t('Analyzing {0}', basename(session.path));
    await window.withProgress({ location: ProgressLocation.Window, title }, () => session.run());
  }

  private async exportSession(session: AnalysisSession, format: ExportFormat): Promise<Uri | undefined> {
    const { report } = session;
    if (report === undefined) {
      void window.showWarningMessage(l10n.t('There is nothing to export yet: no layer has been read.'));
      return undefined;
    }
    try {
      return await exportReport(report, format);
    } catch (error) {
      this.log.error(error as Error);
      void window.showErrorMessage(l10n.t('The report could not be written: {0}', (error as Error).message));
      return undefined;
    }
  }
}

/** Brings panels back when the window is reloaded. The webview's own state names the file. */
export function registerPanelSerializer(analyses: Analyses): Disposable {
  return window.registerWebviewPanelSerializer(PANEL_TYPE, {
    deserializeWebviewPanel: async (panel, state: unknown) => {
      const path = typeof state === 'object' && state !== null && 'path' in state ? state.path : undefined;
      if (typeof path === 'string') await analyses.restore(panel, path);
      else panel.dispose();
    },
  });
}
