/**
 * Running other programs from the project's own scripts: one way to start them, one way to fail.
 * Node built-ins only: this is used before the dependencies are installed.
 */

import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';

/** How many of the last characters of a program's output an error quotes. */
const QUOTED_OUTPUT = 4000;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {boolean} [show] pass the output through instead of keeping it for the error message
 * @property {boolean} [shell] needed on Windows for .cmd files
 * @property {string} [hint] what the reader can do when it fails
 */

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} what it wrote (stdout and stderr); empty with `show`
 * @throws {Error} naming the command, its exit code, the end of its output, and the hint
 */
export function runProgram(command, args, options = {}) {
  const { cwd, env, show = false, shell = false, hint } = options;
  const shown = [command, ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    const advice = hint === undefined ? '' : `\n${hint}`;
    child.once('error', (error) => {
      reject(new Error(`Could not start "${shown}": ${error.message}${advice}`));
    });
    child.once('close', (code, signal) => {
      if (code === 0) {
        resolve(output);
        return;
      }
      const end = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const tail = output.slice(-QUOTED_OUTPUT).trim();
      reject(new Error(`"${shown}" failed (${end})${tail === '' ? '' : `:\n${tail}`}${advice}`));
    });
  });
}

/**
 * Runs npm: the one that runs this script when there is one, else the one on the PATH.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>}
 */
export function runNpm(args, options = {}) {
  const own = process.env['npm_execpath'];
  if (own !== undefined && /npm-cli\.[cm]?js$/.test(own)) {
    return runProgram(process.execPath, [own, ...args], options);
  }
  return runProgram('npm', args, { ...options, shell: process.platform === 'win32' });
}

/**
 * Runs a script's main function: prints an error's message (its stack only with PRUNABILITY_DEBUG) and sets the exit code.
 * @param {() => Promise<number | void>} main resolves to the exit code, 0 when it is left out
 * @returns {Promise<void>}
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const wantsStack = process.env['PRUNABILITY_DEBUG'] !== undefined;
    console.error(error instanceof Error ? (wantsStack ? error.stack : error.message) : String(error));
    process.exitCode = 1;
  }
}

/**
 * @param {ImportMeta} meta of the asking module
 * @returns {boolean} whether it is the script that was started, not one that was imported
 */
export function isMain(meta) {
  const script = process.argv[1];
  // import.meta names the file behind links, the command line what was typed.
  return script !== undefined && realpathSync(script) === meta.filename;
}
