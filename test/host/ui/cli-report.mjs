/** What the command line says of a file: another way to the same numbers, in a process of its own. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const cli = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli.js');
const run = promisify(execFile);

/** Reports of models with thousands of tensors take megabytes. */
const MAX_OUTPUT_BYTES = 2 ** 26;

/**
 * @param {string} file
 * @param {'--json' | '--csv' | '--markdown'} format
 * @returns {Promise<string>}
 */
export async function cliOutput(file, format) {
  const { stdout } = await run(process.execPath, [cli, 'analyze', file, format], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}

/** @param {string} file @returns {Promise<import('../../../src/report/report').ModelReport>} */
export async function cliReport(file) {
  return JSON.parse(await cliOutput(file, '--json'));
}

/** @param {string} before @param {string} after @returns {Promise<import('../../../src/report/comparison').ComparisonReport>} */
export async function cliComparison(before, after) {
  const { stdout } = await run(process.execPath, [cli, 'compare', before, after, '--json'], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return JSON.parse(stdout);
}
