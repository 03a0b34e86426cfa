/**
 * What a UI test file starts from: one VS Code with the packaged extension, and one window, for all tests of a
 * `describe`; one browser for all files. Also the pictures of what went wrong.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'mocha';
import { launchBrowser } from './browser.mjs';
import { startServer } from './server.mjs';
import { copyWorkspace } from './temporary.mjs';
import { openWorkbench } from './workbench.mjs';

const root = join(import.meta.dirname, '..', '..');
const failuresDirectory = join(root, 'out', 'ui-failures');
/** Starting VS Code for a file, on a machine that does other work. */
const START_TIMEOUT_MS = 120_000;

/** @type {Set<UiSession>} */
const openSessions = new Set();
/** @type {Promise<import('playwright-core').Browser> | undefined} */
let browser;

/**
 * @typedef {object} UiOptions
 * @property {string} [workspace] folder to copy as the workspace; samples/ unless told
 * @property {Record<string, unknown>} [settings]
 * @property {NodeJS.ProcessEnv} [env] of the extension host and its children
 * @property {boolean} [workspaceTrust] true: the workspace opens in restricted mode
 * @property {Omit<import('./workbench.mjs').OpenOptions, 'browser'>} [window] viewport and the like
 * @property {(folder: string) => Promise<void>} [prepare] called with the copied workspace before VS Code starts
 */

/** The running VS Code of a `describe`; its parts exist inside its tests and hooks. */
export class UiSession {
  /** @type {import('./workbench.mjs').Workbench | undefined} */ #workbench;
  /** @type {import('./server.mjs').VSCodeServer | undefined} */ #server;
  /** @type {{ folder: string, dispose(): Promise<void> } | undefined} */ #workspace;

  /** The window. */
  get workbench() {
    return running(this.#workbench);
  }

  /** VS Code's server: log files, settings. */
  get server() {
    return running(this.#server);
  }

  /** The copied workspace folder. */
  get folder() {
    return running(this.#workspace).folder;
  }

  /** @param {UiOptions} options @returns {Promise<void>} */
  async start(options) {
    openSessions.add(this);
    this.#workspace = await copyWorkspace(options.workspace ?? join(root, 'samples'));
    await options.prepare?.(this.folder);
    this.#server = await startServer({
      workspace: this.folder,
      vsix: process.env['PRUNABILITY_VSIX'],
      settings: options.settings,
      env: options.env,
      workspaceTrust: options.workspaceTrust,
    });
    await this.openWindow(options.window);
  }

  /**
   * Opens a new window (a new browser profile) in place of the one there is.
   * @param {UiOptions['window']} [window]
   * @returns {Promise<import('./workbench.mjs').Workbench>}
   */
  async openWindow(window = {}) {
    await this.#workbench?.close();
    this.#workbench = undefined;
    browser ??= launchBrowser();
    this.#workbench = await openWorkbench(this.server, this.folder, { ...window, browser: await browser });
    return this.#workbench;
  }

  /** Keeps a picture, the console and the logs under out/ui-failures/. @param {string} title @returns {Promise<string[]>} the files */
  async keepEvidence(title) {
    const name = title.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 120);
    await mkdir(failuresDirectory, { recursive: true });
    const files = [];
    if (this.#workbench !== undefined) {
      files.push(await this.#workbench.screenshot(join(failuresDirectory, `${name}.png`)));
    }
    if (this.#server !== undefined) {
      const record = this.#workbench?.record;
      const console = record?.consoleMessages.slice(-60).map(({ type, text }) => `${type}: ${text}`) ?? [];
      const errors = record?.pageErrors.map((error) => error.stack ?? error.message) ?? [];
      const file = join(failuresDirectory, `${name}.log`);
      const parts = [await this.#server.logTail(60), '--- page errors', ...errors, '--- page console', ...console];
      await writeFile(file, parts.join('\n'));
      files.push(file);
    }
    return files;
  }

  /** @returns {Promise<void>} */
  async dispose() {
    openSessions.delete(this);
    await this.#workbench?.close();
    await this.#server?.dispose();
    await this.#workspace?.dispose();
  }
}

/**
 * To be called inside a `describe`: starts VS Code before its tests and ends it after them. Afterwards it fails
 * when the window asked for anything outside this machine.
 * @param {UiOptions} [options]
 * @returns {UiSession}
 */
export function useVSCode(options = {}) {
  const session = new UiSession();
  before('starts VS Code', async function () {
    this.timeout(START_TIMEOUT_MS);
    try {
      await session.start(options);
    } catch (error) {
      await printEvidence(session, 'start');
      throw error;
    }
  });
  after('ends VS Code', async function () {
    this.timeout(START_TIMEOUT_MS);
    /** @type {(() => void)} */
    let check = () => {};
    try {
      const { workbench } = session;
      check = () => workbench.assertOffline();
    } catch {
      // It never started, which has been reported.
    }
    await session.dispose();
    check();
  });
  return session;
}

/** Mocha's root hooks: evidence of each failure, as long as the window is open. */
export const evidenceHooks = {
  /** @this {import('mocha').Context} */
  async afterEach() {
    const test = this.currentTest;
    if (test?.state === 'failed') {
      for (const session of openSessions) {
        await printEvidence(session, test.fullTitle());
      }
    }
  },
};

/** Ends what is shared by all files. @returns {Promise<void>} */
export async function closeShared() {
  for (const session of openSessions) {
    await session.dispose();
  }
  await (await browser)?.close();
}

/** @param {UiSession} session @param {string} title @returns {Promise<void>} */
async function printEvidence(session, title) {
  try {
    for (const file of await session.keepEvidence(title)) {
      console.log(`      see ${file}`);
    }
  } catch (error) {
    // The test's own error is the one to report.
    console.log(`      no picture: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * @template T
 * @param {T | undefined} part
 * @returns {T}
 */
function running(part) {
  if (part === undefined) {
    throw new Error('VS Code is not running: use the session inside tests and hooks only.');
  }
  return part;
}
