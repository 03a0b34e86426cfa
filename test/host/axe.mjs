import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const SOURCE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/**
 * Looks at a document from inside: of what is around it, in a window with frames, nothing is looked at.
 * @param {import('playwright-core').Page | import('playwright-core').Frame} document
 * @param {string[]} [within] the part to look at, after the hosts of the shadow trees that it is in, from the outermost; all
 *   of it unless told
 * @returns {Promise<string[]>} what axe finds serious or critical, one line a rule
 * @throws {Error} if there was nothing to look at
 */
export async function seriousFindings(document, within) {
  if (!(await document.evaluate(() => 'axe' in window))) await document.evaluate(SOURCE);
  const { passes, violations } = await document.evaluate(
    // Of what passes, one place a rule is enough.
    (selectors) => {
      const part = selectors === undefined ? window.document : { fromShadowDom: selectors };
      return window.axe.run(part, { resultTypes: ['violations'] });
    },
    within,
  );
  assert.ok(passes.length > 0, 'a rule that passes shows that axe has looked at something');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const places = nodes.map(({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary}`);
      return `${id}: ${places.join('; ')}`;
    });
}
