import type { Uri, WebviewPanel } from 'vscode';
import { errorCodec } from '../../protocol/error-codec';
import type { ExportFormat, PanelHostMethods, PanelSnapshot, PanelViewMethods } from '../../protocol/panel';
import { RpcPeer } from '../../protocol/rpc';
import type { AnalysisSession } from './analysis-session';
import type { Measurements } from '../measurement/measurements';
import { showPage } from '../webview/webview-page';
import { webviewPort } from '../webview/webview-port';

/** What a view of an analysis asks of the rest of the extension. */
export interface AnalysisServices {
  export(session: AnalysisSession, format: ExportFormat): Promise<unknown>;
  restart(session: AnalysisSession): void;
  readonly measurements: Measurements;
  showLog(): void;
}

/** Shows a session in a webview, for as long as the webview lives. The session may outlive it, and have other views. */
export function showAnalysis(
  panel: WebviewPanel,
  extensionUri: Uri,
  session: AnalysisSession,
  services: AnalysisServices,
): void {
  const { webview } = panel;
  const { measurements } = services;
  const withMeasurement = (snapshot: PanelSnapshot): PanelSnapshot => {
    const measurement = measurements.session(session.uri)?.stateOf(snapshot.fingerprint);
    return measurement === undefined ? snapshot : { ...snapshot, measurement };
  };
  const peer = new RpcPeer<PanelHostMethods, PanelViewMethods>(
    webviewPort(webview),
    {
      ready: () => withMeasurement(session.snapshot()),
      cancel: () => {
        session.cancel();
        return null;
      },
      restart: () => {
        services.restart(session);
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
      measure: () => {
        void measurements.measure(session.uri);
        return null;
      },
      continueMeasurement: () => {
        void measurements.resume(session.uri);
        return null;
      },
      cancelMeasurement: () => {
        measurements.session(session.uri)?.cancel();
        return null;
      },
    },
    errorCodec,
  );
  // A hidden webview does not exist and hears nothing: what it misses, it gets by `ready` when it is back.
  const disposables = [
    session.onEvent((event) => {
      peer.notify('event', event);
    }),
    session.onStatus((status) => {
      peer.notify('status', status);
    }),
    session.onReset((snapshot) => {
      peer.notify('reset', withMeasurement(snapshot));
    }),
    measurements.onChange(({ uri, state }) => {
      if (uri.toString() === session.uri.toString()) peer.notify('measurement', state);
    }),
    peer,
  ];
  panel.onDidDispose(() => {
    for (const disposable of disposables) disposable.dispose();
  });
  showPage(webview, extensionUri, 'prunability-panel');
  void measurements.recall(session.uri);
}
