/**
 * Installs the VS Code that tests and `npm start` use where no desktop VS Code is at hand: the server inside
 * the npm package code-server, and a Node of the version that it needs. Runs on Node 20 and later, with
 * built-ins only. A second run finds the stamp of the first and returns at once.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMain, runMain, runNpm, runProgram } from '../../scripts/run-program.mjs';

const hostDirectory = import.meta.dirname;
const modules = join(hostDirectory, 'node_modules');
const serverDirectory = join(modules, 'code-server', 'lib', 'vscode');
/** Inside node_modules, so that whoever deletes that folder deletes the claim with it. */
const stampFile = join(modules, '.prunability-installed');

/** Raise this when the steps below change, so that finished installs are done again. */
const STEPS_VERSION = 1;
/** The major version of Node that this VS Code's server loads on. */
const NODE_MAJOR = 24;
/** How long to wait for another process that is installing before giving up. */
const LOCK_PATIENCE_MS = 15 * 60_000;
/** The two native modules that the server looks for at its start (log files; ending with its parent). */
const NATIVE_MODULES = ['@vscode/spdlog', '@vscode/native-watchdog'];

/**
 * @typedef {object} HostInstallation
 * @property {string} node the Node that runs the server
 * @property {string} serverMain VS Code's server
 * @property {string} version of VS Code, e.g. "1.139.1"
 */

/**
 * Installs the host where it is missing or out of date.
 * @param {(line: string) => void} [log]
 * @returns {Promise<HostInstallation>}
 * @throws {Error} saying which step failed and what to do
 */
export async function ensureHost(log = console.error) {
  const stamp = await expectedStamp();
  if (!(await isInstalled(stamp))) {
    const unlock = await lock(log);
    try {
      // Another process may have finished while this one waited.
      if (!(await isInstalled(stamp))) {
        await install(stamp, log);
      }
    } finally {
      await unlock();
    }
  }
  return locate();
}

/** @returns {Promise<string>} */
async function expectedStamp() {
  const lockText = await readFile(join(hostDirectory, 'package-lock.json'));
  const hash = createHash('sha256').update(lockText).digest('hex');
  return `${STEPS_VERSION} ${process.platform}-${process.arch} ${hash}\n`;
}

/** @param {string} stamp @returns {Promise<boolean>} */
async function isInstalled(stamp) {
  try {
    return (await readFile(stampFile, 'utf8')) === stamp;
  } catch {
    return false;
  }
}

/**
 * @param {string} stamp
 * @param {(line: string) => void} log
 * @returns {Promise<void>}
 */
async function install(stamp, log) {
  if (process.platform === 'win32') {
    throw new Error(
      'The VS Code server used for tests does not run on Windows. Use WSL, or a desktop VS Code: npm start, npm run test:electron.',
    );
  }
  const started = Date.now();
  const advice =
    'Run it again. If it says the same, check that npm reaches its registry ("npm ping") and that the disk has room.';
  // First of all: from here on, until the last line, the folder is not an installation.
  await rm(stampFile, { force: true });

  log('Installing VS Code for tests, once (about 250 MB to download, 800 MB on disk)');
  log('  1/3 code-server and its Node');
  await runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: hostDirectory,
    hint: advice,
  });

  log("  2/3 the VS Code server's own dependencies");
  // --legacy-peer-deps: the shrinkwrap was written with it and does not pass `npm ci` without.
  const flags = ['--omit=dev', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  await runNpm(['ci', ...flags], { cwd: serverDirectory, hint: advice });

  log('  3/3 two small native modules');
  try {
    await buildNativeModules();
  } catch (error) {
    // Without them the server runs all the same, but writes no log files.
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    log(`      skipped (needs python3, make and g++): ${reason}`);
  }

  const { node, serverMain, version } = locate();
  await runProgram(node, [serverMain, '--version'], {
    hint: `The installed VS Code does not start. Delete ${modules} and run it again.`,
  });
  await writeFile(stampFile, stamp);
  log(`VS Code ${version} is installed (${Math.round((Date.now() - started) / 1000)} s)`);
}

/** @returns {Promise<void>} */
async function buildNativeModules() {
  const bundled = bundledNode();
  // The headers come with the bundled Node; otherwise node-gyp looks for, or downloads, those of the Node in use.
  const env = bundled === undefined ? {} : { npm_config_nodedir: bundled.directory };
  await runNpm(['rebuild', '--ignore-scripts=false', ...NATIVE_MODULES], {
    cwd: serverDirectory,
    env,
  });
}

/** @returns {{ directory: string, node: string } | undefined} the Node among the dependencies, where there is one for this machine */
function bundledNode() {
  const directory = join(modules, `node-${process.platform}-${process.arch}`);
  const node = join(directory, 'bin', 'node');
  return existsSync(node) ? { directory, node } : undefined;
}

/** @returns {HostInstallation} */
function locate() {
  const bundled = bundledNode();
  if (bundled === undefined && Number(process.versions.node.split('.')[0]) !== NODE_MAJOR) {
    throw new Error(
      `VS Code's server needs Node ${NODE_MAJOR}, which is not among the packages for ${process.platform}-${process.arch}: run this with Node ${NODE_MAJOR} (now ${process.versions.node}).`,
    );
  }
  /** @type {{ version: string }} */
  const product = JSON.parse(readFileSync(join(serverDirectory, 'package.json'), 'utf8'));
  return {
    node: bundled?.node ?? process.execPath,
    serverMain: join(serverDirectory, 'out', 'server-main.js'),
    version: product.version,
  };
}

/**
 * Keeps two installs out of each other's way. The lock is a folder (made or refused in one step) that names
 * its owner; the lock of a dead owner is taken over.
 * @param {(line: string) => void} log
 * @returns {Promise<() => Promise<void>>} releases the lock
 */
async function lock(log) {
  const key = createHash('sha256').update(hostDirectory).digest('hex').slice(0, 16);
  const directory = join(tmpdir(), `prunability-host-install-${key}.lock`);
  const ownerFile = join(directory, 'pid');
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  let announced = false;
  for (;;) {
    try {
      await mkdir(directory);
      await writeFile(ownerFile, String(process.pid));
      return () => rm(directory, { recursive: true, force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') {
        throw error;
      }
    }
    const owner = Number(await readFile(ownerFile, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) {
      await rm(directory, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `Another process${owner > 0 ? ` (${owner})` : ''} has been installing VS Code for too long. If none is, delete ${directory} and run it again.`,
      );
    }
    if (!announced) {
      log(`Waiting for process ${owner || '?'}, which is installing VS Code`);
      announced = true;
    }
    await delay(500);
  }
}

/** @param {number} pid @returns {boolean} */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const { version, node, serverMain } = await ensureHost();
    console.log(`VS Code ${version}\n  ${serverMain}\n  ${node}`);
  });
}
