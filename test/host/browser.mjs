/**
 * The Chromium that tests look through, and the record of what its pages ask for and complain about.
 */

import { chromium } from 'playwright-core';
import { ensureChromium } from './chromium.mjs';

/** Hosts that are this machine. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Schemes that reach no network. */
const LOCAL_SCHEMES = new Set(['data:', 'blob:', 'about:', 'chrome-error:', 'chrome:', 'devtools:']);
/** VS Code's made-up host for webview resources: its service worker answers, no server has that name. */
const WEBVIEW_RESOURCES = /\.vscode-resource\.vscode-cdn\.net$/;

/**
 * @param {{ headed?: boolean, args?: string[], log?: (line: string) => void }} [options] `headed` (or PRUNABILITY_HEADED=1) shows the window
 * @returns {Promise<import('playwright-core').Browser>} which can reach nothing but this machine. Playwright ends it with this process.
 */
export async function launchBrowser(options = {}) {
  const headed = options.headed ?? process.env['PRUNABILITY_HEADED'] === '1';
  return chromium.launch({
    executablePath: await ensureChromium(options.log),
    headless: !headed,
    // Chromium's sandbox does not start for root, which is what containers run as.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      // No name but localhost resolves: an accidental request fails instead of leaving the machine.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      // The same pixels on every machine.
      '--force-color-profile=srgb',
      '--font-render-hinting=none',
      // Containers have a /dev/shm of 64 MB, too little for a workbench.
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      ...(options.args ?? []),
    ],
  });
}

/** What a page asked of other machines, and its console. */
export class PageRecord {
  /** Addresses of requests that were meant for another machine. @type {string[]} */
  outsideRequests = [];
  /** @type {{ type: string, text: string, url: string }[]} */
  consoleMessages = [];
  /** Uncaught errors in the page or its frames. @type {Error[]} */
  pageErrors = [];

  /** @param {import('playwright-core').Page} page before its first navigation */
  constructor(page) {
    page.on('request', (request) => {
      void this.#recordRequest(request);
    });
    page.on('websocket', (socket) => {
      if (!LOOPBACK.has(new URL(socket.url()).hostname)) {
        this.outsideRequests.push(socket.url());
      }
    });
    page.on('console', (message) => {
      const { url } = message.location();
      this.consoleMessages.push({ type: message.type(), text: message.text(), url });
    });
    page.on('pageerror', (error) => this.pageErrors.push(error));
  }

  /** @param {import('playwright-core').Request} request @returns {Promise<void>} */
  async #recordRequest(request) {
    const url = new URL(request.url());
    if (LOCAL_SCHEMES.has(url.protocol) || LOOPBACK.has(url.hostname)) {
      return;
    }
    if (WEBVIEW_RESOURCES.test(url.hostname)) {
      // Fine when the service worker answers it; a null response is a request that was cut off by closing.
      const response = await request.response().catch(() => null);
      if (response === null || response.fromServiceWorker()) {
        return;
      }
    }
    this.outsideRequests.push(request.url());
  }

  /** Messages by which the browser reports that a content security policy refused something. @returns {string[]} */
  get policyViolations() {
    return this.consoleMessages
      .filter(({ text }) => /Content Security Policy|Refused to (load|execute|apply|connect|evaluate)/i.test(text))
      .map(({ text }) => text);
  }

  /** What extensions wrote with console.log and its like. @returns {string[]} */
  get extensionHostLines() {
    const prefix = '%c[Extension Host] %c';
    return this.consoleMessages
      .filter(({ text }) => text.startsWith(prefix))
      .map(({ text }) => text.slice(prefix.length).replace(/( color: \w*)+\s*$/, ''));
  }
}
