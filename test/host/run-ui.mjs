/**
 * Runs ui/*.test.mjs: a person's way through the packaged extension in a VS Code window, driven by playwright.
 * `node test/host/run-ui.mjs [--grep PATTERN] [FILE …]`. Tests the package named by PRUNABILITY_VSIX, else one
 * that it builds first (dist/prunability.vsix). PRUNABILITY_HEADED=1 shows the browser.
 */

import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import Mocha from 'mocha';
import { packageExtension } from '../../scripts/package.mjs';
import { runMain } from '../../scripts/run-program.mjs';
import { grepArgument } from './suite-report.mjs';
import { closeShared, evidenceHooks } from './ui-session.mjs';

const root = join(import.meta.dirname, '..', '..');
const TEST_TIMEOUT_MS = 120_000;
/** A window of VS Code on a busy machine loses a key or a click now and then. What is tried again is told. */
const RETRIES = 1;

await runMain(async () => {
  const vsix = process.env['PRUNABILITY_VSIX'];
  process.env['PRUNABILITY_VSIX'] = vsix === undefined || vsix === '' ? await packageExtension(root) : resolve(vsix);
  await rm(join(root, 'out', 'ui-failures'), { recursive: true, force: true });

  const grep = grepArgument();
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    timeout: TEST_TIMEOUT_MS,
    retries: RETRIES,
    slow: 10_000,
    forbidOnly: process.env['CI'] !== undefined,
    rootHooks: evidenceHooks,
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  });
  for (const file of await testFiles()) {
    mocha.addFile(file);
  }
  await mocha.loadFilesAsync();
  try {
    /** @type {(how: string) => (test: Mocha.Runnable, error: Error) => void} */
    const tell = (how) => (test, error) => {
      console.log(`${how}: ${test.fullTitle()}: ${error.message.split('\n')[0]}`);
    };
    const stats = await new Promise((done) => {
      const runner = mocha.run(() => done(runner.stats));
      runner.on('retry', tell('tried again')).on('fail', tell('failed'));
    });
    console.log(`${stats.passes} passed, ${stats.failures} failed`);
    return stats.failures === 0 && stats.passes > 0 ? 0 : 1;
  } finally {
    await closeShared();
  }
});

/** @returns {Promise<string[]>} those named on the command line, else all */
async function testFiles() {
  const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.mjs'));
  if (named.length > 0) {
    return named.map((file) => resolve(file));
  }
  const directory = join(root, 'test', 'host', 'ui');
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => join(directory, name));
}
