/**
 * The panel outside of VS Code: the built webview in a plain Chromium page, under the extension's content security
 * policy, with a stand-in for the host that plays scenarios.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { ensureChromium } from '../host/chromium.mjs';
import { THEMES } from './themes.mjs';

const root = join(import.meta.dirname, '..', '..');
const NONCE = 'harness';

/** The states that the stand-in for the host can play (scenarios.ts). */
export const SCENARIOS = [
  'complete',
  'waiting',
  'opened',
  'running',
  'streaming',
  'cancelled',
  'failed',
  'refused',
  'initial',
  'optimizerState',
  'hostile',
  'broken',
  'buffersOnly',
  'mixed',
  'thousand',
  'tenThousand',
  'measurable',
  'measured',
  'measuredDisagrees',
  'measuring',
  'measuringFirst',
  'measurementCancelled',
  'measurementFailed',
];

/** The states of a comparison or a run (comparison-scenarios.ts). */
export const COMPARISON_SCENARIOS = [
  'tuned',
  'pruned',
  'prunedLayerwise',
  'prunedTuned',
  'identical',
  'unrelated',
  'nothing',
  'changedHead',
  'broken',
  'hostile',
  'opening',
  'running',
  'streaming',
  'cancelled',
  'failed',
  'refused',
  'tenThousand',
  'run',
  'runShort',
  'runLong',
  'runRunning',
  'runUnreadable',
];

/** The states of the compact view (summary-scenarios.ts). */
export const SUMMARY_SCENARIOS = [
  'none',
  'analyzed',
  'untrained',
  'warnings',
  'fresh',
  'mixedTypes',
  'reading',
  'running',
  'unreadable',
  'nothing',
  'hostile',
];

/** What is there once a page has drawn what its host has answered. @type {Readonly<Record<string, string>>} */
const DRAWN = {
  'prunability-panel': 'panel-header h1',
  'prunability-comparison': 'comparison-header .sides, comparison-header h1.run',
  'prunability-summary': 'prunability-summary main > *',
};

/** The translations of a language; English is what the texts are written in. @param {string} language */
async function textsOf(language) {
  if (language === 'en') return {};
  return JSON.parse(await readFile(join(root, 'l10n', `bundle.l10n.${language}.json`), 'utf8'));
}

/**
 * @param {typeof import('../../src/protocol/page-html').pageHtml} pageHtml
 * @param {string} theme
 * @param {string} language
 * @param {Record<string, string>} texts
 * @param {import('../../src/protocol/page-html').PageElement} element
 */
function themedPage(pageHtml, theme, language, texts, element) {
  const { bodyClass, variables } = THEMES[theme] ?? THEMES['dark'] ?? { bodyClass: '', variables: {} };
  // as VS Code does it: variables on <html> through the CSSOM, the theme's kind as a class of <body>
  const applyTheme = `(function () {
    const variables = ${JSON.stringify(variables)};
    for (const name in variables) document.documentElement.style.setProperty('--vscode-' + name, variables[name]);
    document.body.className = ${JSON.stringify(bodyClass)};
  })();`;
  return pageHtml({
    element,
    nonce: NONCE,
    cspSource: "'self'",
    scriptUri: '/webview.js',
    styleUri: '/webview.css',
    language,
    texts,
    scriptsBefore: `<script nonce="${NONCE}">${applyTheme}</script>
<script nonce="${NONCE}" src="/fake-host.js"></script>
`,
  });
}

/** The extension's own page: what holds here holds there. @returns {Promise<typeof import('../../src/protocol/page-html').pageHtml>} */
async function importPageHtml() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src', 'protocol', 'page-html.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'warning',
  });
  const source = outputFiles[0]?.text ?? '';
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).pageHtml;
}

/**
 * Serves the pages on a port of the loopback interface.
 * @param {string} assets folder of webview.js and webview.css
 */
async function servePages(assets) {
  for (const name of ['webview.js', 'webview.css']) {
    if (!existsSync(join(assets, name)))
      throw new Error(`${join(assets, name)} is missing: run "node esbuild.mjs" first.`);
  }
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'fake-host.mjs')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'chrome132',
    logLevel: 'warning',
  });
  const files = {
    '/fake-host.js': { type: 'text/javascript', body: outputFiles[0]?.text ?? '' },
    '/webview.js': { type: 'text/javascript', body: await readFile(join(assets, 'webview.js')) },
    '/webview.css': { type: 'text/css', body: await readFile(join(assets, 'webview.css')) },
  };
  const pageHtml = await importPageHtml();
  const texts = { en: await textsOf('en'), de: await textsOf('de') };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const file = files[url.pathname];
    if (file === undefined && url.pathname !== '/') {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', `${file?.type ?? 'text/html'}; charset=utf-8`);
    const { theme = 'dark', language = 'en', element = 'prunability-panel' } = Object.fromEntries(url.searchParams);
    response.end(file?.body ?? themedPage(pageHtml, theme, language, texts[language] ?? {}, element));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/**
 * @typedef {object} OpenOptions
 * @property {import('../../src/protocol/page-html').PageElement} [element]
 * @property {string} [scenario]
 * @property {string} [theme]
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [pause] milliseconds between the events that follow
 * @property {boolean} [reducedMotion]
 * @property {'en' | 'de'} [language]
 */

/** One browser and one server for a run of tests. */
export class Harness {
  /** @type {{ page: string, text: string }[]} what pages complained about, policy violations included */
  complaints = [];

  /** @param {import('node:http').Server} server @param {import('playwright-core').Browser} browser */
  constructor(server, browser) {
    this.server = server;
    this.browser = browser;
  }

  /** @param {string} [assets] folder of the built webview */
  static async start(assets = join(root, 'dist')) {
    const executablePath = await ensureChromium();
    const server = await servePages(assets);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    return new Harness(server, browser);
  }

  /**
   * Opens the panel in a page of its own.
   * @param {OpenOptions} [options]
   */
  async open(options = {}) {
    const {
      element = 'prunability-panel',
      scenario = 'complete',
      theme = 'dark',
      width = 1280,
      height = 900,
      pause = 30,
      reducedMotion = false,
      language = 'en',
    } = options;
    const context = await this.browser.newContext({
      viewport: { width, height },
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      ...(theme.startsWith('contrast') ? { forcedColors: 'none' } : {}),
    });
    const page = await context.newPage();
    const name = `${element} ${scenario} ${theme} ${width} ${language}`;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.complaints.push({ page: name, text: message.text() });
    });
    page.on('pageerror', (error) => this.complaints.push({ page: name, text: String(error.stack ?? error) }));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    const url = new URL(this.url);
    for (const [key, value] of Object.entries({ element, scenario, theme, language, pause: String(pause) })) {
      url.searchParams.set(key, value);
    }
    await page.goto(url.href);
    await page.waitForSelector(DRAWN[element] ?? element, { state: 'attached' });
    return page;
  }

  get url() {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async close() {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
