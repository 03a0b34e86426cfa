import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The engine's threads and the command line run from their bundles: builds these before the tests, if a source is newer. */
export function setup(): void {
  const built = statSync(join(root, 'dist', 'cli.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['src', 'webview-ui'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
  );
  if (sources.every((path) => statSync(path).mtimeMs <= built)) return;
  execFileSync(process.execPath, [join(root, 'esbuild.mjs')], { stdio: 'inherit' });
}
