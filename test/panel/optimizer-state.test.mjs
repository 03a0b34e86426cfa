import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertAccessible, frame } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** @param {import('playwright-core').Page} page */
const label = (page) => page.locator('limit-ruler .label', { hasText: 'optimiser' });
/** @param {import('playwright-core').Page} page */
const dialog = (page) => page.locator('explain-popover [popover]');
/** The percentage on the ruler. @param {import('playwright-core').Page} page */
const pruned = async (page) => parseFloat(await label(page).locator('b').innerText());

describe('the limit from optimiser state', () => {
  const openPage = pages({ scenario: 'optimizerState' });

  /** Opens the explanation of the estimate. @param {import('./harness.mjs').OpenOptions} [options] */
  async function open(options) {
    const page = await openPage(options);
    await label(page).click();
    return page;
  }

  for (const theme of Object.keys(THEMES)) {
    it(`is accessible in the ${theme} theme`, async () => {
      const page = await open({ theme });
      await assertAccessible(page, ['prunability-panel', 'explain-popover']);
    });
  }

  it('says what it assumes', async () => {
    const page = await open();
    assert.match(
      await dialog(page).innerText(),
      /from optimiser state \(optimizer\.pt\)[\s\S]*Batch size: 128[\s\S]*ε = 0\.005[\s\S]*those of optimizer\.pt[\s\S]*diagonal/,
    );
  });

  it('follows batch size and tolerated loss, and goes back', async () => {
    const page = await open();
    const usual = await pruned(page);
    const batch = page.getByLabel('Batch size', { exact: true });
    await batch.fill('1024');
    await batch.press('Enter');
    await frame(page);
    const larger = await pruned(page);
    assert.ok(larger < usual - 5, `${larger} is well under ${usual}`);
    assert.match(await dialog(page).innerText(), /Batch size: 1024/);
    const epsilon = page.getByLabel('The loss may grow by ε', { exact: true });
    await epsilon.fill('0.04');
    await epsilon.press('Enter');
    await frame(page);
    assert.equal(await pruned(page), usual, 'only their quotient counts');
    await page.getByRole('button', { name: 'Back to the usual' }).click();
    await frame(page);
    assert.equal(await batch.inputValue(), '128');
    assert.equal(await pruned(page), usual);
  });

  it('takes no nonsense', async () => {
    const page = await open();
    const batch = page.getByLabel('Batch size', { exact: true });
    await batch.fill('-3');
    await batch.press('Enter');
    await frame(page);
    assert.equal(await batch.inputValue(), '128');
    assert.match(await dialog(page).innerText(), /Batch size: 128/);
  });
});
