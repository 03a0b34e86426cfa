/** bench/RESULTS.md: what `npm run bench` writes stands first, then a section for each other benchmark. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, 'RESULTS.md');
const TITLE = '# Benchmarks';

/**
 * Replaces one part of the file; the others stay.
 * @param {string | undefined} section its heading; undefined: what stands before all sections
 * @param {string} text Markdown
 * @returns {Promise<void>}
 */
export async function writeResults(section, text) {
  const [first = '', ...sections] = (await readFile(FILE, 'utf8')).split(/^(?=## )/m);
  const parts = new Map(sections.map((part) => [/^## (.*)$/m.exec(part)?.[1] ?? '', part.trim()]));
  if (section !== undefined) {
    parts.set(section, `## ${section}\n\n${text.trim()}`);
  }
  const start = section === undefined ? `${TITLE}\n\n${text.trim()}` : first.trim();
  await writeFile(FILE, `${[start, ...parts.values()].join('\n\n')}\n`);
}
