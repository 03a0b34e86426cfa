import assert from 'node:assert/strict';
import { after, afterEach, before } from 'mocha';
import { Harness } from './harness.mjs';

/**
 * The pages of the tests of one suite, one a test: closed after it, and looked at whether they complained. Called inside of
 * `describe`.
 * @param {import('./harness.mjs').OpenOptions} [usual] of all pages
 * @returns {(options?: import('./harness.mjs').OpenOptions) => Promise<import('playwright-core').Page>} opens one
 */
export function pages(usual) {
  /** @type {Harness | undefined} */
  let harness;
  /** @type {import('playwright-core').Page | undefined} */
  let page;
  before(async () => {
    harness = await Harness.start(process.argv[2]);
  });
  after(() => harness?.close());
  afterEach(async () => {
    await page?.context().close();
    page = undefined;
    assert.deepEqual(harness?.complaints.splice(0), [], 'the page complained (errors, policy violations)');
  });
  return async (options) => {
    assert.ok(harness !== undefined, 'pages are opened in tests');
    page = await harness.open({ ...usual, ...options });
    return page;
  };
}
