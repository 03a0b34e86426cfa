// `npm run limits`: writes the limits of the readers and their reasons, which stand beside the constants in the source, into
// docs/formats.md. `--check` only says whether that is up to date.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const DOCUMENT = join(root, 'docs', 'formats.md');
const [BEGIN, END] = ['<!-- limits -->', '<!-- /limits -->'];

/** @type {Map<string, { name: string, value: string, reason: string }[]>} */
const sections = new Map();
for (const folder of ['src/formats', 'src/values']) {
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(root, folder, file), 'utf8');
    const found = text.matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n(?:export )?const (MAX_\w+)(?:: number)? = ([^;]+);/g,
    );
    for (const [, comment = '', name = '', value = ''] of found) {
      const reason = comment
        .replaceAll(/\n \*/g, ' ')
        .replaceAll(/\{@link (\w+)\}/g, '`$1`')
        .replaceAll(/\s+/g, ' ')
        .replaceAll('|', '\\|')
        .trim();
      // How many names a message shows protects nobody.
      if (name === 'MAX_NAMES') continue;
      const parts = file.split('/');
      const section =
        folder === 'src/values' ? 'decoding' : parts.length > 1 ? parts.slice(0, -1).join('/') : 'all formats';
      const limits = sections.get(section) ?? [];
      limits.push({ name, value: value.replaceAll(/\s+/g, ' ').replaceAll(/(?<=\d)_(?=\d)/g, ' '), reason });
      sections.set(section, limits);
    }
  }
}
const order = ['all formats', ...[...sections.keys()].filter((name) => name !== 'all formats').sort()];
const lines = order.flatMap((section) => [
  `### ${section}`,
  '',
  '| Limit | Value | Reason |',
  '| --- | --- | --- |',
  ...(sections.get(section) ?? []).map(({ name, value, reason }) => `| \`${name}\` | ${value} | ${reason} |`),
  '',
]);
const before = readFileSync(DOCUMENT, 'utf8');
const [head = '', , tail = ''] = before.split(new RegExp(`${BEGIN}|${END}`));
const after = `${head}${BEGIN}\n\n${lines.join('\n')}\n${END}${tail}`;
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('docs/formats.md is out of date: run `npm run limits`.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(DOCUMENT, after);
}
