/**
 * Entry of the tests that run inside the extension host. VS Code calls `run()`, in a browser-hosted VS Code
 * (run-suite.mjs) and in a desktop one (electron.mjs) alike. Environment: TEST_OUTPUT, a file to write the
 * report to (the console otherwise); TEST_GREP, a pattern that selects tests; TEST_COLOR=1.
 */

import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';

/** An analysis starts a child process and reads a file; a busy machine may take a while over it. */
const TEST_TIMEOUT_MS = 60_000;
/** On a busy machine VS Code tells of a change of a file late, or never. What is tried again is told. */
const RETRIES = 1;

type Report = (...values: unknown[]) => void;

/**
 * Runs every *.test.js beside this file. The report's last line is "N passed, N failed".
 * @throws Error when a test failed, when none ran, or when a file could not be loaded
 */
export async function run(): Promise<void> {
  const report = reportWriter();
  let passes: number;
  let failures: number;
  try {
    ({ passes, failures } = await runTests(report));
  } catch (error) {
    report(error);
    report('0 passed, 1 failed');
    throw error;
  }
  report(`${passes} passed, ${failures} failed`);
  if (failures > 0 || passes === 0) {
    throw new Error(`${passes} tests passed, ${failures} failed`);
  }
}

async function runTests(report: Report): Promise<Mocha.Stats> {
  // Not `require`: mocha is an ES module, which the extension hosts of older VS Codes cannot require.
  const { default: Mocha } = await import('mocha');
  Mocha.reporters.Base.consoleLog = report;
  const grep = process.env.TEST_GREP;
  const mocha = new Mocha({
    ui: 'tdd',
    reporter: 'spec',
    timeout: TEST_TIMEOUT_MS,
    retries: RETRIES,
    color: process.env.TEST_COLOR === '1',
    forbidOnly: process.env.CI !== undefined,
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  });
  const tests = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
  for (const name of tests.sort()) {
    mocha.addFile(join(__dirname, name));
  }
  return new Promise((resolve, reject) => {
    const runner = mocha.run(() => {
      if (runner.stats === undefined) {
        reject(new Error('mocha gave no statistics'));
      } else {
        resolve(runner.stats);
      }
    });
    const tell =
      (how: string) =>
      (test: Mocha.Runnable, error: Error): void => {
        report(`${how}: ${test.fullTitle()}: ${error.message.split('\n')[0]}`);
      };
    runner.on('retry', tell('tried again'));
    runner.on('fail', tell('failed'));
  });
}

function reportWriter(): Report {
  const file = process.env.TEST_OUTPUT;
  if (file === undefined) {
    // eslint-disable-next-line no-console -- what a desktop VS Code's console shows is the launcher's output
    return console.log;
  }
  return (...values) => {
    appendFileSync(file, `${format(...values)}\n`);
  };
}
