/** Bundles the tests that run inside the extension host: `suite/index.ts` and each `suite/*.test.ts`, into out/test/host/. */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { isMain, runMain } from '../../scripts/run-program.mjs';

const root = join(import.meta.dirname, '..', '..');
const suiteDirectory = join(root, 'test', 'host', 'suite');
const outputDirectory = join(root, 'out', 'test', 'host');

/** @returns {Promise<string>} the module whose `run()` runs the suite */
export async function buildSuite() {
  const names = await readdir(suiteDirectory);
  const tests = names.filter((name) => name.endsWith('.test.ts'));
  await rm(outputDirectory, { recursive: true, force: true });
  await mkdir(outputDirectory, { recursive: true });
  // The bundles are CommonJS, whatever the project's own package.json says.
  await writeFile(join(outputDirectory, 'package.json'), '{"type":"commonjs"}\n');
  await build({
    entryPoints: ['index.ts', ...tests].map((name) => join(suiteDirectory, name)),
    outdir: outputDirectory,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // What the oldest supported VS Code runs on.
    target: 'node20',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return join(outputDirectory, 'index.js');
}

if (isMain(import.meta)) {
  await runMain(async () => {
    console.log(await buildSuite());
  });
}
