// THIRD_PARTY_NOTICES.md from what the bundles really contain: `node scripts/notices.mjs [--check]`, after a build.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(root, 'THIRD_PARTY_NOTICES.md');

const text = await notices(await bundledPackages());
if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('THIRD_PARTY_NOTICES.md does not match the bundles: run "node scripts/notices.mjs".');
    process.exitCode = 1;
  }
} else {
  await writeFile(target, text);
}

/** Folders of the packages that contributed at least one byte. @returns {Promise<string[]>} */
async function bundledPackages() {
  /** @type {Record<string, import('esbuild').Metafile['outputs'][string]>} */
  const outputs = JSON.parse(await readFile(join(root, 'out', 'bundles.json'), 'utf8'));
  const folders = new Set();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
      if (match?.[1] !== undefined && bytesInOutput > 0) folders.add(match[1]);
    }
  }
  return [...folders].sort();
}

/** @param {string[]} folders */
async function notices(folders) {
  const parts = [
    '# Third-party notices',
    '',
    'Prunability is MIT-licensed (see LICENSE). Its bundles contain these packages:',
    '',
  ];
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(root, folder))).find((entry) => /^(licen[sc]e|copying)(\.\w+)?$/i.test(entry));
    const body =
      file === undefined
        ? `Licence: ${license} (the package contains no licence file)`
        : await readFile(join(root, folder, file), 'utf8');
    parts.push(`## ${name} ${version} (${license})`, '', '```text', body.trim(), '```', '');
  }
  return parts.join('\n');
}
