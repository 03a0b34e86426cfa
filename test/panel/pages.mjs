import assert from 'node:assert/strict';
import { after, afterEach, before } from 'mocha';
import { Harness } from './harness.mjs';

/**
 * The pages of the tests of one suite: closed after the test that opened them, and looked at whether they complained. Called
 * inside of `describe`.
 * @param {import('./harness.mjs').OpenOptions} [usual] of all pages
 * @returns {(options?: import('./harness.mjs').OpenOptions) => Promise<import('playwright-core').Page>} opens one
 */
export function pages(usual) {
  /** @type {Harness | undefined} */
  let harness;
  /** @type {import('playwright-core').Page[]} */
  const opened = [];
  before(async () => {
    harness = await Harness.start(process.argv[2]);
  });
  after(() => harness?.close());
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.close();
    assert.deepEqual(harness?.complaints.splice(0), [], 'the page complained (errors, policy violations)');
  });
  return async (options) => {
    assert.ok(harness !== undefined, 'pages are opened in tests');
    const page = await harness.open({ ...usual, ...options });
    opened.push(page);
    return page;
  };
}
