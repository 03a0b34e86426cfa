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
 * @param {string} query the page's own
 */
function themedPage(pageHtml, theme, language, texts, element, query) {
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
<script nonce="${NONCE}" src="/made-up-host.js${query}"></script>
<script nonce="${NONCE}" src="/fake-host.js"></script>
`,
  });
}

/** @param {string} entry @param {import('esbuild').BuildOptions} options @returns {Promise<string>} the script */
async function bundle(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    target: 'chrome132',
    logLevel: 'warning',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

/** @param {string} source of a module @param {string} [copy] a name: each is a module of its own */
const importSource = (source, copy = '') => import(`data:text/javascript,${encodeURIComponent(source)}#${copy}`);

/** The extension's own page: what holds here holds there. @returns {Promise<typeof import('../../src/protocol/page-html').pageHtml>} */
async function importPageHtml() {
  const source = await bundle(join(root, 'src', 'protocol', 'page-html.ts'), { format: 'esm' });
  return (await importSource(source)).pageHtml;
}

/**
 * What the hosts of the scenarios say, as scripts. Made here and once: in each page it would take longer than the page itself.
 * @typedef {(language: string, element: string, scenario: string) => Promise<string>} HostScript
 * @returns {Promise<HostScript>}
 */
async function madeUpHosts() {
  const source = await bundle(join(import.meta.dirname, 'made-up-host.ts'), { format: 'esm' });
  /** @type {Map<string, Promise<import('./made-up-host').HostMaker>>} */
  const makers = new Map();
  /** @type {Map<string, string>} */
  const scripts = new Map();
  return async (language, element, scenario) => {
    const key = `${language} ${element} ${scenario}`;
    let script = scripts.get(key);
    if (script === undefined) {
      const maker =
        makers.get(language) ??
        importSource(source, language).then(async ({ hostMaker }) => hostMaker(await textsOf(language)));
      makers.set(language, maker);
      script = `window.madeUpHost = ${JSON.stringify((await maker)(element, scenario))};`;
      scripts.set(key, script);
    }
    return script;
  };
}

/**
 * Serves the pages on a port of the loopback interface.
 * @param {string} assets folder of webview.js and webview.css
 * @returns {Promise<{ server: import('node:http').Server, hostScript: HostScript }>}
 */
async function servePages(assets) {
  for (const name of ['webview.js', 'webview.css']) {
    if (!existsSync(join(assets, name)))
      throw new Error(`${join(assets, name)} is missing: run "node esbuild.mjs" first.`);
  }
  const files = {
    '/fake-host.js': {
      type: 'text/javascript',
      body: await bundle(join(import.meta.dirname, 'fake-host.mjs'), { format: 'iife' }),
    },
    '/webview.js': { type: 'text/javascript', body: await readFile(join(assets, 'webview.js')) },
    '/webview.css': { type: 'text/css', body: await readFile(join(assets, 'webview.css')) },
    '/empty.html': { type: 'text/html', body: '' },
  };
  const pageHtml = await importPageHtml();
  const hostScript = await madeUpHosts();
  const texts = { en: await textsOf('en'), de: await textsOf('de') };
  /** @param {URL} url @returns {Promise<{ type: string, body: string | Buffer } | undefined>} */
  const answer = async ({ pathname, searchParams, search }) => {
    const parameters = Object.fromEntries(searchParams);
    const { theme = 'dark', language = 'en', element = 'prunability-panel', scenario = 'complete' } = parameters;
    if (pathname === '/made-up-host.js')
      return { type: 'text/javascript', body: await hostScript(language, element, scenario) };
    if (pathname === '/')
      return { type: 'text/html', body: themedPage(pageHtml, theme, language, texts[language] ?? {}, element, search) };
    return files[pathname];
  };
  const server = createServer(async (request, response) => {
    const file = await answer(new URL(request.url ?? '/', 'http://localhost')).catch((error) => ({
      type: 'text/javascript',
      body: `throw new Error(${JSON.stringify(String(error))});`,
    }));
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', `${file.type}; charset=utf-8`);
    response.end(file.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, hostScript };
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

/**
 * One browser and one server for a run of tests. All pages are in one process of the browser, which is kept by an empty page
 * that opens the others: a process for each, and compiling the webview's script in each, takes longer than most tests.
 */
export class Harness {
  /** @type {{ page: string, text: string }[]} what pages complained about, policy violations included */
  complaints = [];

  /** @param {{ server: import('node:http').Server, hostScript: HostScript }} site @param {import('playwright-core').Page} opener */
  constructor({ server, hostScript }, opener) {
    this.server = server;
    this.hostScript = hostScript;
    this.opener = opener;
  }

  /** @param {string} [assets] folder of the built webview */
  static async start(assets = join(root, 'dist')) {
    const executablePath = await ensureChromium();
    const site = await servePages(assets);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    const context = await browser.newContext();
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    const opener = await context.newPage();
    const harness = new Harness(site, opener);
    await opener.goto(`${harness.url}/empty.html`);
    return harness;
  }

  /**
   * Opens the panel in a page of its own, with a session storage of its own.
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
    // a model of ten thousand layers takes a while, which is not the page's to wait
    await this.hostScript(language, element, scenario);
    const [page] = await Promise.all([
      this.opener.waitForEvent('popup'),
      this.opener.evaluate(() => {
        window.open('about:blank');
      }),
    ]);
    await page.setViewportSize({ width, height });
    if (reducedMotion) await page.emulateMedia({ reducedMotion: 'reduce' });
    const name = `${element} ${scenario} ${theme} ${width} ${language}`;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.complaints.push({ page: name, text: message.text() });
    });
    page.on('pageerror', (error) => this.complaints.push({ page: name, text: String(error.stack ?? error) }));
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
    await this.opener.context().browser()?.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
