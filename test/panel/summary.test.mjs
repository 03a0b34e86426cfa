import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SUMMARY_SCENARIOS } from './harness.mjs';
import { assertAccessible, frame, hostCalls, text } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** @param {import('playwright-core').Page} page */
const main = (page) => text(page, 'prunability-summary main');

describe('summary', () => {
  const open = pages({ element: 'prunability-summary', scenario: 'analyzed', width: 300 });

  describe('is accessible and keeps to its policy', () => {
    for (const theme of Object.keys(THEMES)) {
      for (const scenario of ['analyzed', 'untrained', 'unreadable']) {
        it(`in the ${theme} theme, ${scenario}`, async () => assertAccessible(await open({ theme, scenario })));
      }
    }
    for (const scenario of SUMMARY_SCENARIOS.filter(
      (name) => !['analyzed', 'untrained', 'unreadable'].includes(name),
    )) {
      it(`with ${scenario}`, async () => assertAccessible(await open({ scenario })));
    }
    it('without scrolling sideways at 180 pixels', async () => {
      const page = await open({ scenario: 'hostile', width: 180 });
      const overflow = await page
        .locator('prunability-summary')
        .evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.equal(overflow, 0);
    });
  });

  it('says what to do where nothing is selected', async () => {
    assert.match(await main(await open({ scenario: 'none' })), /^Select a model/);
  });

  it('answers in a sentence, with both limits on a ruler', async () => {
    const page = await open();
    assert.match(
      await main(page),
      /^resnet18\.pt PyTorch zip · 11\.7 M parameters · 102 tensors · float32 · 44\.\d MB About 84 % can go if fine-tuned, 43 % if not\./,
    );
    assert.match(await main(page), /Kurtosis 5\.\d\d Zeros 0 % Analyzed 3 hours ago Open the analysis/);
    await page.getByRole('img', { name: /limit 84.%, without fine-tuning 43.%/u }).waitFor();
    await page.getByRole('img', { name: /Distribution of the weights/ }).waitFor();
    await page.getByRole('button', { name: 'resnet18.pt' }).click();
    await page.getByRole('button', { name: 'Open the analysis' }).click();
    await page.getByRole('button', { name: 'Compare with…' }).click();
    const path = '/home/dev/models/resnet18.pt';
    assert.deepEqual(await hostCalls(page, 3), [
      { method: 'open', params: { path } },
      { method: 'open', params: { path } },
      { method: 'compare', params: { path } },
    ]);
  });

  it('says of an untrained network that its limit means nothing', async () => {
    const page = await open({ scenario: 'untrained' });
    assert.match(
      await text(page, 'prunability-summary .sentence'),
      /^At initialisation: untrained weights do not tell/,
    );
  });

  it('offers an analysis, shows how far it is, and stops it', async () => {
    const page = await open({ scenario: 'fresh' });
    await page.getByRole('button', { name: 'Analyze' }).click();
    await page.evaluate(() => {
      const path = '/home/dev/models/resnet18.pt';
      const file = { path, format: 'pytorch', formatLabel: 'PyTorch zip', bytes: 100, files: 1 };
      const description = {
        state: 'readable',
        file,
        mainFile: path,
        tensorCount: 2,
        count: 20,
        prunableCount: 20,
        dtypes: [{ dtype: 'float32', count: 20 }],
        analysis: null,
      };
      return window.fakeHost.call('show', { state: 'model', path, name: 'resnet18.pt', description, progress: 0.25 });
    });
    await frame(page);
    assert.equal(await page.getByRole('progressbar').getAttribute('aria-valuenow'), '25');
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(
      (await hostCalls(page, 2)).map(({ method }) => method),
      ['analyze', 'cancel'],
    );
  });

  it('says why a file cannot be read, where, and what to do', async () => {
    assert.match(
      await main(await open({ scenario: 'unreadable' })),
      /Not readable: The archive was cut off: its directory is missing\. .*cut-off\.pt, tensor layer4.*byte 29,360,128 Copy or download it again\.$/,
    );
  });

  it('shows names from strangers as text', async () => {
    const page = await open({ scenario: 'hostile' });
    assert.match(await main(page), /^<img src=x>long-name-.*‹U\+202E›tp\.exe/);
    assert.equal(await page.locator('img').count(), 0);
  });
});
