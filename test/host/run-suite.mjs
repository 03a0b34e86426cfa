/**
 * Runs suite/*.test.ts inside the extension host of the browser-hosted VS Code:
 * `node test/host/run-suite.mjs [--grep PATTERN]`. The extension must have been built (`npm run build`).
 * PRUNABILITY_EXTENSION names another extension folder, PRUNABILITY_SUITE_TIMEOUT another limit (seconds).
 */

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runMain } from '../../scripts/run-program.mjs';
import { launchBrowser } from './browser.mjs';
import { buildSuite } from './build-suite.mjs';
import { startServer } from './server.mjs';
import { copyWorkspace } from './temporary.mjs';
import { grepArgument, openSuiteReport } from './suite-report.mjs';
import { openWorkbench } from './workbench.mjs';

const root = join(import.meta.dirname, '..', '..');
const TIMEOUT_S = Number(process.env['PRUNABILITY_SUITE_TIMEOUT'] ?? 300);

await runMain(async () => {
  const extension = process.env['PRUNABILITY_EXTENSION'] ?? root;
  if (extension === root && !existsSync(join(root, 'dist', 'extension.js'))) {
    throw new Error('The extension is not built: run "npm run build" first.');
  }
  const extensionTestsPath = await buildSuite();
  const report = await openSuiteReport();
  const workspace = await copyWorkspace(join(root, 'samples'));
  const server = await startServer({
    workspace: workspace.folder,
    extensionDevelopmentPath: extension,
    extensionTestsPath,
    env: report.environment(grepArgument()),
  });
  const browser = await launchBrowser();
  try {
    const { exit, workbench, log } = await openWithSuite(server, workspace.folder, browser);
    const outcome = await withTimeout(exit);
    const { finished, passed } = await report.finish();
    if (passed && outcome === 0) {
      return 0;
    }
    if (!finished) {
      const what = outcome === 'timeout' ? `did not end in ${TIMEOUT_S} s` : 'ended without a report';
      const picture = await workbench.screenshot(join(root, 'out', 'suite-failure.png'));
      const logFile = join(root, 'out', 'suite-failure.log');
      await writeFile(logFile, [await server.logTail(100), '--- window', ...log].join('\n'));
      const errors = log.filter((line) => line.startsWith('error') && !line.includes('Canceled')).slice(-5);
      console.log([`The suite ${what}.`, ...errors, `See ${picture}`, `and ${logFile}`].join('\n'));
      console.log('0 passed, 1 failed');
    }
    return 1;
  } finally {
    await browser.close();
    await server.dispose();
    await workspace.dispose();
  }
});

/**
 * VS Code runs the suite as soon as the window is open, and says how it ended through two functions of the page.
 * @param {import('./server.mjs').VSCodeServer} server
 * @param {string} folder
 * @param {import('playwright-core').Browser} browser
 */
async function openWithSuite(server, folder, browser) {
  /** @type {string[]} */
  const log = [];
  /** @type {(code: number) => void} */
  let ended = () => {};
  /** @type {Promise<number>} */
  const exit = new Promise((resolve) => (ended = resolve));
  const workbench = await openWorkbench(server, folder, {
    browser,
    beforeOpening: async (page) => {
      await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => ended(code));
      await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ values) => {
        log.push(`${type}: ${values.map(String).join(' ')}`);
      });
    },
  });
  return { exit, workbench, log };
}

/** @param {Promise<number>} exit @returns {Promise<number | 'timeout'>} */
async function withTimeout(exit) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<'timeout'>} */
  const timeout = new Promise((resolve) => (timer = setTimeout(() => resolve('timeout'), TIMEOUT_S * 1000)));
  try {
    return await Promise.race([exit, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
