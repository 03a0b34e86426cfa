import assert from 'node:assert/strict';
import { seriousFindings } from '../host/axe.mjs';

/**
 * Fails if axe finds anything serious on the page.
 * @param {import('playwright-core').Page} page
 * @param {string[]} [within] hosts of the shadow trees, from the outermost, down to the part that is looked at
 */
export async function assertAccessible(page, within) {
  assert.deepEqual(await seriousFindings(page, within), []);
}

/** Lets the page draw: what a message has changed shows with the next frame. @param {import('playwright-core').Page} page */
export const frame = (page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));

/** A text with plain blanks. @param {import('playwright-core').Page} page @param {string} selector */
export const text = async (page, selector) =>
  (await page.locator(selector).innerText()).replace(/[\u202f\s]+/g, ' ').trim();

/** What the page has asked of the host, once it has asked for `count` things. @param {import('playwright-core').Page} page @param {number} count */
export async function hostCalls(page, count) {
  await page.waitForFunction((count) => window.fakeHost.calls.length >= count, count);
  return page.evaluate(() => window.fakeHost.calls);
}
