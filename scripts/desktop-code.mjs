/** A desktop VS Code on this machine: finding it, and opening it with the extension in development. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from './run-program.mjs';

const isWindows = process.platform === 'win32';
const COMMANDS = isWindows ? ['code.cmd', 'code-insiders.cmd'] : ['code', 'code-insiders', 'codium'];

/**
 * @param {string} root of the project
 * @returns {Promise<{ code: string | undefined, reason: string }>} the command, or why there is none, in a sentence
 */
export async function findDesktopCode(root) {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => COMMANDS.map((command) => join(folder, command)))
    .filter((path) => existsSync(path));
  if (found.length === 0) {
    return none('There is no desktop VS Code ("code") on the PATH.');
  }
  // In a terminal of a remote VS Code, `code` talks to the window at the other end and knows no
  // --extensionDevelopmentPath. Its path tells.
  const desktop = found.find((path) => !/[\\/](remote-cli|code-server|\.vscode-server)[\\/]/.test(realpathSync(path)));
  if (desktop === undefined) {
    return none('The "code" of this terminal belongs to a remote VS Code.');
  }
  if (process.platform === 'linux') {
    if (/microsoft/i.test(release())) {
      return none('The "code" of WSL starts VS Code in Windows, which cannot load an extension from here.');
    }
    if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
      return none('There is a desktop VS Code, but no display.');
    }
  }
  try {
    const output = await runProgram(quoted(desktop), ['--version', ...rootFlags(tmpdir())], { shell: isWindows });
    const version = /^(\d+)\.(\d+)\.\d+/m.exec(output);
    const floor = lowestVersion(root);
    if (version === null) {
      return none(`"${desktop} --version" names no version.`);
    }
    if (Number(version[1]) < floor[0] || (Number(version[1]) === floor[0] && Number(version[2]) < floor[1])) {
      return none(`The desktop VS Code is ${version[0]}; the extension needs ${floor.join('.')}.`);
    }
    return { code: desktop, reason: '' };
  } catch (error) {
    return none(
      `"${desktop}" does not work (${error instanceof Error ? error.message.split('\n')[0] : String(error)}).`,
    );
  }
}

/**
 * Opens a window with the extension in development. The command hands over to VS Code and ends.
 * @param {string} code from {@link findDesktopCode}
 * @param {string} root of the extension
 * @param {string} folder to open
 * @returns {Promise<number>} the command's exit code
 */
export async function openInDesktopCode(code, root, folder) {
  const flags = process.getuid?.() === 0 ? rootFlags(await mkdtemp(join(tmpdir(), 'prunability-code-'))) : [];
  const args = [`--extensionDevelopmentPath=${root}`, ...flags, folder];
  const child = spawn(quoted(code), isWindows ? args.map(quoted) : args, { stdio: 'inherit', shell: isWindows });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}

/** @param {string} reason @returns {{ code: undefined, reason: string }} */
function none(reason) {
  return { code: undefined, reason };
}

/** VS Code refuses to start for root without these. @param {string} userData @returns {string[]} */
function rootFlags(userData) {
  return process.getuid?.() === 0 ? ['--no-sandbox', `--user-data-dir=${userData}`] : [];
}

/** @param {string} root @returns {[number, number]} major and minor of the oldest VS Code that package.json allows */
function lowestVersion(root) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const match = /(\d+)\.(\d+)/.exec(engines.vscode);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

/** Windows' .cmd files need a shell, and that needs quotes. @param {string} text @returns {string} */
function quoted(text) {
  return isWindows ? `"${text}"` : text;
}
