/** Builds the extension and packs it: `node scripts/package.mjs` writes dist/prunability.vsix. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMain, runMain, runProgram } from './run-program.mjs';

/**
 * @param {string} root of the project
 * @returns {Promise<string>} the package's path
 * @throws {Error} with vsce's or the build's output
 */
export async function packageExtension(root) {
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  if (!existsSync(vsce)) {
    throw new Error('vsce is not installed: run "npm ci" first.');
  }
  await mkdir(join(root, 'out'), { recursive: true });
  const scratch = await mkdtemp(join(root, 'out', 'package-'));
  try {
    const packed = join(scratch, 'prunability.vsix');
    // Everything that ships is bundled, so no node_modules; vsce builds first, by the script vscode:prepublish.
    await runProgram(process.execPath, [vsce, 'package', '--no-dependencies', '--out', packed], { cwd: root });
    const vsix = join(root, 'dist', 'prunability.vsix');
    await mkdir(join(root, 'dist'), { recursive: true });
    // In one step: who reads the package meanwhile sees the old one or the new one.
    await rename(packed, vsix);
    return vsix;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const vsix = await packageExtension(join(import.meta.dirname, '..'));
    const { size } = await stat(vsix);
    console.log(`${vsix} (${(size / 1e6).toFixed(2)} MB)`);
  });
}
