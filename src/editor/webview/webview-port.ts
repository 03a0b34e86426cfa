import type { Webview } from 'vscode';
import { packArrays } from '../../protocol/packed-arrays';
import type { Port } from '../../protocol/rpc';

/** The messages of a webview. */
export function webviewPort(webview: Webview): Port {
  return {
    post: (message) => {
      void webview.postMessage(packArrays(message));
    },
    onMessage: (listener) => {
      const subscription = webview.onDidReceiveMessage(listener);
      return () => {
        subscription.dispose();
      };
    },
  };
}
