/**
 * Finds the Chromium that drives the browser-hosted VS Code; on Debian and Ubuntu, as root (containers, CI),
 * installs it when there is none.
 */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMain, runMain, runProgram } from '../../scripts/run-program.mjs';

/** Names of the program, in the order of preference; Chrome last, because it updates itself. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
/** A font comes along: without one, a bare container draws every letter as a box. */
const DEBIAN_PACKAGES = ['chromium', 'fonts-dejavu-core'];
const ADVICE =
  'Install Chromium (Debian/Ubuntu: apt-get install chromium fonts-dejavu-core; Fedora: dnf install chromium; macOS: brew install --cask chromium) or name one in PRUNABILITY_CHROMIUM.';

/**
 * @returns {string | undefined} path of a Chromium (or Chrome) on this machine
 * @throws {Error} when PRUNABILITY_CHROMIUM names a file that is not there
 */
export function findChromium() {
  const named = process.env['PRUNABILITY_CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) {
      throw new Error(`PRUNABILITY_CHROMIUM names ${named}, which does not exist.`);
    }
    return named;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...onPath, ...PLACES].find((path) => existsSync(path));
}

/**
 * @param {(line: string) => void} [log]
 * @returns {Promise<string>} path of a Chromium, installed first where that is possible
 * @throws {Error} saying what to install
 */
export async function ensureChromium(log = console.error) {
  const found = findChromium();
  if (found !== undefined) {
    return found;
  }
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`No Chromium on this machine. ${ADVICE}`);
  }
  log(`Installing ${DEBIAN_PACKAGES.join(' and ')} with apt-get`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Others may be installing too (CI images do at their start): wait for dpkg's lock.
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  await runProgram('apt-get', [...patience, 'update', '-q'], { env, hint: ADVICE });
  await runProgram('apt-get', [...patience, 'install', '-q', '-y', '--no-install-recommends', ...DEBIAN_PACKAGES], {
    env,
    hint: ADVICE,
  });
  const installed = findChromium();
  if (installed === undefined) {
    throw new Error(`apt-get installed no Chromium that can be found. ${ADVICE}`);
  }
  return installed;
}

if (isMain(import.meta)) {
  await runMain(async () => {
    console.log(await ensureChromium());
  });
}
