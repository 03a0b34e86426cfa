import { basename } from 'node:path';
import { Uri, ViewColumn, window, type ExtensionContext, type WebviewPanel } from 'vscode';
import { errorCodec } from '../protocol/error-codec';
import type { PanelHostMethods, PanelViewMethods } from '../protocol/panel';
import { RpcPeer } from '../protocol/rpc';
import type { AnalysisSession } from './analysis-session';
import { showPage } from './webview-page';
import { webviewPort } from './webview-port';

export const PANEL_TYPE = 'prunability.analysis';

/** What a panel asks of the rest of the extension. */
export interface PanelServices {
  export(session: AnalysisSession, format: PanelHostMethods['export']['params']['format']): Promise<unknown>;
  showLog(): void;
}

/** Shows one session in a webview. The session lives with its panel; the webview inside comes and goes. */
export class AnalysisPanel {
  private readonly disposables: { dispose(): unknown }[] = [];

  /** Makes a panel beside nothing: in the active column, as a document would open. */
  static create(context: ExtensionContext, session: AnalysisSession, services: PanelServices): AnalysisPanel {
    const panel = window.createWebviewPanel(PANEL_TYPE, basename(session.path), ViewColumn.Active, {});
    return new AnalysisPanel(panel, context, session, services);
  }

  constructor(
    readonly panel: WebviewPanel,
    context: ExtensionContext,
    readonly session: AnalysisSession,
    services: PanelServices,
  ) {
    panel.title = basename(session.path);
    panel.iconPath = Uri.joinPath(context.extensionUri, 'media', 'panel.svg');
    const peer = new RpcPeer<PanelHostMethods, PanelViewMethods>(
      webviewPort(panel.webview),
      {
        ready: () => session.snapshot(),
        cancel: () => {
          session.cancel();
          return null;
        },
        restart: () => {
          void session.run();
          return null;
        },
        export: async ({ format }) => {
          await services.export(session, format);
          return null;
        },
        showLog: () => {
          services.showLog();
          return null;
        },
      },
      errorCodec,
    );
    // A hidden webview does not exist and hears nothing: what it misses, it gets by `ready` when it is back.
    this.disposables.push(
      session.onEvent((event) => {
        peer.notify('event', event);
      }),
      session.onStatus((status) => {
        peer.notify('status', status);
      }),
      session.onReset((snapshot) => {
        peer.notify('reset', snapshot);
      }),
      peer,
      session,
    );
    panel.onDidDispose(() => {
      for (const disposable of this.disposables.splice(0)) disposable.dispose();
    });
    showPage(panel.webview, context.extensionUri, 'prunability-panel');
  }
}
