import { Uri, type WebviewPanel } from 'vscode';
import type { ComparisonHostMethods, ComparisonViewMethods } from '../../protocol/comparison';
import { errorCodec } from '../../protocol/error-codec';
import { RpcPeer } from '../../protocol/rpc';
import type { ComparisonSession } from './comparison-session';
import { subjectTitle } from './comparison-subject';
import { displayPath } from '../models/model-source';
import { showPage } from '../webview/webview-page';
import { webviewPort } from '../webview/webview-port';

/** What a comparison's panel asks of the rest of the extension. */
export interface ComparisonServices {
  open(uri: Uri): void;
  compare(before: Uri, after: Uri): void;
  export(session: ComparisonSession, format: 'json' | 'csv'): Promise<unknown>;
  showLog(): void;
}

/** Shows a session in a webview, for as long as the webview lives. */
export function showComparison(
  panel: WebviewPanel,
  extensionUri: Uri,
  session: ComparisonSession,
  services: ComparisonServices,
): void {
  const peer = new RpcPeer<ComparisonHostMethods, ComparisonViewMethods>(
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
      swap: () => {
        void session.swap();
        panel.title = subjectTitle(session.subject);
        return null;
      },
      open: ({ path }) => {
        const uri = named(session.files, path);
        if (uri !== undefined) services.open(uri);
        return null;
      },
      compare: ({ before, after }) => {
        const left = named(session.files, before);
        const right = named(session.files, after);
        if (left !== undefined && right !== undefined) services.compare(left, right);
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
  const disposables = [
    session.onEvent((event) => {
      peer.notify('event', event);
    }),
    session.onFinish((end) => {
      peer.notify('finished', end);
    }),
    session.onReset((snapshot) => {
      peer.notify('reset', snapshot);
    }),
    peer,
  ];
  panel.onDidDispose(() => {
    for (const disposable of disposables) disposable.dispose();
  });
  panel.iconPath = Uri.joinPath(extensionUri, 'media', 'panel.svg');
  panel.title = subjectTitle(session.subject);
  showPage(panel.webview, extensionUri, 'prunability-comparison');
}

/** A webview may only name the files that it is about. */
function named(files: readonly Uri[], path: string): Uri | undefined {
  return files.find((uri) => displayPath(uri) === path);
}
