/**
 * Gets the project's dependencies in place. Used by `npm start` and `npm test`, so that both work right after a
 * checkout; Node built-ins only, because it runs before anything is installed.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runNpm } from './run-program.mjs';

const NEEDED_NODE = 20;

/**
 * Runs `npm ci` when node_modules is missing, unfinished or not what package-lock.json says.
 * @param {string} root of the project
 * @param {(line: string) => void} [log]
 * @returns {Promise<void>}
 * @throws {Error} saying what failed and what to do
 */
export async function ensureDependencies(root, log = console.error) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  // 20.11 is the first with import.meta.dirname.
  if (major < NEEDED_NODE || (major === NEEDED_NODE && minor < 11)) {
    throw new Error(`Node ${NEEDED_NODE}.11 or later is needed; this is ${process.versions.node}.`);
  }
  if (await isUpToDate(root)) {
    return;
  }
  log('Installing dependencies (npm ci)');
  const started = Date.now();
  // Also under `npm test --silent` its errors must be seen.
  await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    hint: 'Run it again. If it says the same, check that npm reaches its registry ("npm ping").',
  });
  log(`Dependencies are installed (${Math.round((Date.now() - started) / 1000)} s)`);
}

/**
 * Compares what npm says it installed (its hidden lock file, written last) with what the lock asks for. Better
 * than a stamp of our own: it also knows an `npm ci` or `npm install` that was run by hand.
 * @param {string} root
 * @returns {Promise<boolean>}
 */
async function isUpToDate(root) {
  const [wanted, present] = await Promise.all([
    readPackages(join(root, 'package-lock.json')),
    readPackages(join(root, 'node_modules', '.package-lock.json')),
  ]);
  if (wanted === undefined || present === undefined) {
    return false;
  }
  for (const [path, entry] of Object.entries(wanted)) {
    const installed = present[path];
    if (path === '' || entry.link === true) {
      continue;
    }
    if (installed === undefined) {
      // Packages for other platforms, and optional ones that did not install, are not there.
      if (entry.optional !== true && entry.devOptional !== true && entry.peer !== true) {
        return false;
      }
    } else if (installed.version !== entry.version || installed.integrity !== entry.integrity) {
      return false;
    }
  }
  return true;
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }} LockEntry
 * @param {string} file
 * @returns {Promise<Record<string, LockEntry> | undefined>} by path in the project; undefined when there is no such file
 */
async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
