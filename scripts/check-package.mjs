// Budgets of the bundles, and what the VSIX holds. After a build and `npm run package`. Ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const root = join(import.meta.dirname, '..');
const KB = 1000;

/** Bytes that each file may have: what loads on activation, in a webview, and over the network is kept small. */
const BUDGETS = {
  'dist/extension.js': 170 * KB,
  'dist/webview.js': 700 * KB,
  'dist/engine.js': 600 * KB,
  'dist/worker.js': 400 * KB,
  'dist/cli.js': 650 * KB,
  'dist/mcp.js': 200 * KB,
  'dist/measurer.js': 2000 * KB,
  'dist/prunability.vsix': 4000 * KB,
};

/** Everything that ships; what is not named here must not be in the package. */
const CONTENT = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/THIRD_PARTY_NOTICES.md',
  'extension/changelog.md',
  'extension/dist/cli.js',
  'extension/dist/engine.js',
  'extension/dist/extension.js',
  'extension/dist/mcp.js',
  'extension/dist/measurer.js',
  'extension/dist/prunability-json.schema.json',
  'extension/dist/tfjs-backend-wasm-simd.wasm',
  'extension/dist/webview.css',
  'extension/dist/webview.js',
  'extension/dist/worker.js',
  'extension/l10n/bundle.l10n.de.json',
  'extension/l10n/bundle.l10n.json',
  'extension/media/icon.png',
  'extension/media/activity.svg',
  'extension/media/panel.svg',
  'extension/media/walkthrough/agents.md',
  ...['analyze', 'compare', 'hover', 'models'].flatMap((step) =>
    ['dark', 'light'].map((kind) => `extension/media/walkthrough/${step}-${kind}.png`),
  ),
  'extension/package.json',
  'extension/package.nls.de.json',
  'extension/package.nls.json',
  'extension/readme.md',
  'extension/samples/fashion-mnist/epoch1.pt',
  'extension/samples/fashion-mnist/epoch2.pt',
  'extension/samples/fashion-mnist/epoch3.pt',
];

let passed = 0;
let failed = 0;

/** @param {string} what @param {boolean} holds @param {string} detail */
function check(what, holds, detail) {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${detail}`);
  if (holds) passed++;
  else failed++;
}

for (const [file, budget] of Object.entries(BUDGETS)) {
  const size = await stat(join(root, file)).then(
    (entry) => entry.size,
    () => Number.NaN,
  );
  check(file, size <= budget, `${(size / KB).toFixed(1)} kB of ${(budget / KB).toFixed(0)} kB`);
}

const names = await zipNames(join(root, 'dist', 'prunability.vsix'));
const extra = names.filter((name) => !CONTENT.includes(name));
const missing = CONTENT.filter((name) => !names.includes(name));
check(
  'content of the VSIX',
  extra.length + missing.length === 0,
  extra.length + missing.length === 0
    ? `${names.length} files`
    : `not expected: ${extra.join(', ') || 'none'}; missing: ${missing.join(', ') || 'none'}`,
);

const notices = spawnSync(process.execPath, [join(root, 'scripts', 'notices.mjs'), '--check'], { encoding: 'utf8' });
check('third-party notices', notices.status === 0, notices.status === 0 ? 'as bundled' : notices.stderr.trim());

const lock = await readFile(join(root, 'package-lock.json'), 'utf8');
check('lock file', !lock.includes('"resolved": "http'), 'names no registry');

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {string} path @returns {Promise<string[]>} */
async function zipNames(path) {
  /** @type {import('yauzl').ZipFile} */
  const zip = await promisify(yauzl.open)(path, { lazyEntries: true });
  return new Promise((resolve, reject) => {
    /** @type {string[]} */
    const found = [];
    zip.on('entry', (entry) => {
      found.push(entry.fileName);
      zip.readEntry();
    });
    zip.on('end', () => {
      resolve(found.sort());
    });
    zip.on('error', reject);
    zip.readEntry();
  });
}
