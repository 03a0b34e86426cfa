import { randomBytes } from 'node:crypto';
import { env, l10n, Uri, type Webview } from 'vscode';
import { pageHtml, type PageElement } from '../../protocol/page-html';

/** Fills a webview with one of our pages. */
export function showPage(webview: Webview, extensionUri: Uri, element: PageElement): void {
  const assets = Uri.joinPath(extensionUri, 'dist');
  const asset = (name: string): string => webview.asWebviewUri(Uri.joinPath(assets, name)).toString();
  webview.options = { enableScripts: true, localResourceRoots: [assets] };
  webview.html = pageHtml({
    element,
    nonce: randomBytes(16).toString('base64'),
    cspSource: webview.cspSource,
    scriptUri: asset('webview.js'),
    styleUri: asset('webview.css'),
    language: env.language,
    texts: l10n.bundle ?? {},
  });
}
