/** The report of a suite that runs in another process: shown while it is written, judged at the end. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INTERVAL_MS = 150;

export class SuiteReport {
  /** @type {string} */ #text = '';
  /** @type {NodeJS.Timeout} */ #timer;

  /** @param {string} directory @internal use {@link openSuiteReport} */
  constructor(directory) {
    this.directory = directory;
    this.file = join(directory, 'report.txt');
    this.#timer = setInterval(() => void this.#show(), INTERVAL_MS);
    // A suite that could not even begin has no end that would stop it.
    this.#timer.unref();
  }

  /** Environment by which the suite finds the file, and its options. @param {string | undefined} grep @returns {NodeJS.ProcessEnv} */
  environment(grep) {
    return {
      TEST_OUTPUT: this.file,
      TEST_COLOR: process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? '1' : '0',
      ...(grep === undefined ? {} : { TEST_GREP: grep }),
    };
  }

  /** Whether the suite came to its end and all of it passed. @returns {Promise<{ finished: boolean, passed: boolean }>} */
  async finish() {
    clearInterval(this.#timer);
    await this.#show();
    await rm(this.directory, { recursive: true, force: true });
    const end = /^(\d+) passed, (\d+) failed\s*$/m.exec(this.#text);
    return { finished: end !== null, passed: end !== null && Number(end[1]) > 0 && Number(end[2]) === 0 };
  }

  /** @returns {Promise<void>} */
  async #show() {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    // Taken before anything is awaited again: two calls must not show the same text twice.
    const news = text.slice(this.#text.length);
    this.#text = text.length > this.#text.length ? text : this.#text;
    process.stdout.write(news);
  }
}

/** @returns {Promise<SuiteReport>} */
export async function openSuiteReport() {
  return new SuiteReport(await mkdtemp(join(tmpdir(), 'prunability-suite-')));
}

/** @returns {string | undefined} the pattern after --grep (or -g) on the command line */
export function grepArgument() {
  const at = process.argv.findIndex((argument) => argument === '--grep' || argument === '-g');
  return at === -1 ? undefined : process.argv[at + 1];
}
