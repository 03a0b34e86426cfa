/** What tests of the panel do with any page. */

import assert from 'node:assert/strict';
import axe from '@axe-core/playwright';

const AxeBuilder = axe.default ?? axe;

/** Lets the panel draw: what a message has changed shows with the next frame. @param {import('playwright-core').Page} page */
export const frame = (page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));

/** @param {import('playwright-core').Page} page */
export async function assertAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join('; ')}`);
  assert.deepEqual(found, []);
}
