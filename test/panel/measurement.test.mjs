import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertAccessible, frame, hostCalls, text } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** @param {import('playwright-core').Page} page @param {string} name */
const tab = (page, name) => page.locator('measured-section').getByRole('tab', { name, exact: true });

/** The rest of the panel has tests of its own. @param {import('playwright-core').Page} page */
const assertSectionAccessible = (page) => assertAccessible(page, ['prunability-panel', 'measured-section']);

/** The figures of the sentence: predicted, loss within ε, accuracy. @param {import('playwright-core').Page} page */
const figures = async (page) =>
  (await page.locator('measured-section .sentence .figure').allInnerTexts()).map((figure) => parseFloat(figure));

describe('the measurement', () => {
  const open = pages({ scenario: 'measured', height: 1500 });

  describe('is accessible and keeps to its policy', () => {
    for (const theme of Object.keys(THEMES)) {
      for (const name of ['Prediction', 'Sensitivity', 'Measurement']) {
        it(`in the ${theme} theme, ${name}`, async () => {
          const page = await open({ theme });
          await tab(page, name).click();
          const closed = page.locator('measured-section .data-toggle[aria-expanded=false]');
          while ((await closed.count()) > 0) await closed.first().click();
          await frame(page);
          await assertSectionAccessible(page);
        });
      }
    }
    for (const scenario of [
      'measuredDisagrees',
      'measuring',
      'measuringFirst',
      'measurementCancelled',
      'measurementFailed',
    ]) {
      it(`in the state ${scenario}`, async () => {
        const page = await open({ scenario });
        await frame(page);
        await assertSectionAccessible(page);
      });
    }
    for (const width of [300, 520]) {
      it(`without scrolling sideways at ${width} pixels`, async () => {
        const page = await open({ width });
        for (const name of ['Prediction', 'Sensitivity', 'Measurement']) {
          await tab(page, name).click();
          await frame(page);
          const overflow = await page
            .locator('measured-section')
            .evaluate((section) => section.scrollWidth - section.clientWidth);
          assert.equal(overflow, 0, name);
        }
      });
    }
  });

  describe('is begun and stopped', () => {
    it('where the network can be executed', async () => {
      const page = await open({ scenario: 'measurable' });
      assert.equal(await page.locator('measured-section').count(), 0);
      await page.getByRole('button', { name: 'Measure with Data…' }).click();
      assert.equal((await hostCalls(page, 1))[0].method, 'measure');
    });
    it('not where it cannot', async () => {
      const page = await open({ scenario: 'complete' });
      assert.equal(await page.getByRole('button', { name: /Measure/ }).count(), 0);
      assert.match(await text(page, 'answer-section section'), /the loss has not been measured/);
    });
    it('while it runs, with what there is so far', async () => {
      const page = await open({ scenario: 'measuring' });
      assert.match(await text(page, 'measured-section .state'), /^Measuring the loss by pruned fraction · 49 %$/);
      assert.match(await text(page, 'measured-section .sentence'), /within ε up to ≥ 88\.0 %/);
      await page.locator('measured-section').getByRole('button', { name: 'Cancel' }).click();
      assert.equal((await hostCalls(page, 1))[0].method, 'cancelMeasurement');
    });
    it('again', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'Measure again…' }).click();
      assert.equal((await hostCalls(page, 1))[0].method, 'measure');
    });
    it('on from where it was stopped, but not where nothing had been measured', async () => {
      const page = await open({ scenario: 'measurementCancelled' });
      assert.match(await text(page, 'measured-section .notice'), /had been measured by then, and is kept/);
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      assert.equal((await hostCalls(page, 1))[0].method, 'continueMeasurement');
      const failed = await open({ scenario: 'measurementFailed' });
      assert.equal(await failed.getByRole('button', { name: 'Continue', exact: true }).count(), 0);
      assert.equal(await failed.getByRole('button', { name: 'Measure again…' }).count(), 1);
    });
    it('and what the host tells of it is shown at once', async () => {
      const page = await open({ scenario: 'measurable' });
      await page.evaluate(() =>
        window.fakeHost.call('measurement', {
          measurement: undefined,
          status: { state: 'running', stage: 'Loading the network', done: 1, total: 4 },
        }),
      );
      await frame(page);
      assert.equal(await text(page, 'measured-section .state'), 'Loading the network · 25 %');
      assert.equal(await page.getByRole('progressbar', { name: 'Measuring' }).getAttribute('aria-valuenow'), '25');
    });
    it('and how long a step still takes; where that is long, what there is to do about it', async () => {
      const page = await open({ scenario: 'measurable' });
      /** @param {number} remaining */
      const run = async (remaining) => {
        await page.evaluate(
          (seconds) =>
            window.fakeHost.call('measurement', {
              measurement: undefined,
              status: { state: 'running', stage: 'Curvature', done: 1, total: 128, remaining: seconds },
            }),
          remaining,
        );
        await frame(page);
        return text(page, 'measured-section section');
      };
      const short = await run(100);
      assert.match(short, /Curvature · 1 % · 1 min 40 s left/);
      assert.doesNotMatch(short, /samples/);
      const long = await run(3 * 3600);
      assert.match(long, /3 h 0 min left/);
      assert.match(long, /"samples" in \.prunability\.json/);
    });
    it('and why it failed is told', async () => {
      const page = await open({ scenario: 'measurementFailed' });
      assert.match(
        await text(page, 'measured-section [role=alert]'),
        /784 values[\s\S]*t?rain-images[\s\S]*\.prunability\.json/,
      );
    });
  });

  it('stands on the ruler beside the estimates that need no data', async () => {
    const page = await open({ scenario: 'measuredDisagrees' });
    const pins = () => page.locator('limit-ruler .label.measured').allInnerTexts();
    assert.match((await pins()).join(' '), /predicted[\s\S]*/);
    assert.match((await pins()).join(' '), /measured/);
    await page.locator('limit-ruler .label.measured').first().click();
    assert.match(await page.locator('explain-popover [popover]').innerText(), /2306\.05857/);
  });

  describe('answers', () => {
    it('in one sentence, whose figures explain themselves', async () => {
      const page = await open();
      assert.match(
        await text(page, 'measured-section .sentence'),
        /^Predicted: [\d.]+ % can be pruned; measured: the loss stays within ε up to [\d.]+ %, accuracy falls by one point at [\d.]+ %\.$/,
      );
      assert.match(await text(page, 'measured-section .answer'), /agree to [\d.]+ points/);
      await page.locator('measured-section .figure').first().click();
      assert.match(await page.locator('explain-popover [popover]').innerText(), /semi-axes[\s\S]*2306\.05857/);
    });
    it('that prediction and measurement disagree', async () => {
      const page = await open({ scenario: 'measuredDisagrees' });
      assert.match(await text(page, 'measured-section .disagree'), /^They disagree: .* Go by the measurement\.$/);
      assert.match(await text(page, 'measured-section .warnings'), /L1 penalty/);
    });
  });

  describe('follows the reader', () => {
    it('to another ε, and back to the rule', async () => {
      const page = await open();
      const before = await figures(page);
      const slider = page.locator('epsilon-control').getByRole('slider');
      await slider.focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press('PageDown');
      const after = await figures(page);
      assert.ok(after[0] < before[0], 'a smaller prediction');
      assert.ok(after[1] < before[1], 'a smaller measured limit');
      await page.getByRole('button', { name: /Back to the paper/ }).click();
      assert.deepEqual(await figures(page), before);
      const number = page.locator('epsilon-control input[type=number]');
      await number.fill('0.5');
      await number.press('Enter');
      assert.ok((await figures(page))[1] > before[1]);
    });
    it('in what negative eigenvalues count as', async () => {
      const page = await open();
      const crossing = page.locator('crossing-chart svg[role=img]');
      const radius = async () => parseFloat(((await crossing.getAttribute('aria-label')) ?? '').split('R = ')[1] ?? '');
      const before = await radius();
      await page.locator('epsilon-control').getByRole('button', { name: '0', exact: true }).click();
      await frame(page);
      assert.ok((await radius()) > before);
    });
    it('in the orders of pruning', async () => {
      const page = await open();
      const paths = page.locator('sparsity-chart .plot path.line');
      const before = await paths.count();
      await page.getByRole('button', { name: 'Fisher' }).click();
      assert.equal(await paths.count(), before + 2);
      await page.locator('sparsity-chart .data-toggle').click();
      assert.match(await text(page, 'sparsity-chart thead'), /Loss, Fisher Accuracy, Fisher/);
    });
    it('near the limits', async () => {
      const page = await open();
      await page.locator('sparsity-chart .seg').getByRole('button', { name: /^from/ }).click();
      const ticks = await page.locator('sparsity-chart .plot svg text[text-anchor=middle]').allTextContents();
      assert.ok(
        ticks.every((tick) => parseFloat(tick) > 90),
        ticks.join(),
      );
    });
    it('to every measured point, by keys and by pointer', async () => {
      const page = await open();
      const reader = page.getByRole('slider', { name: 'Measured point' });
      await reader.focus();
      await page.keyboard.press('ArrowRight');
      assert.match(
        (await reader.getAttribute('aria-valuetext')) ?? '',
        /^5\.0\u202f% pruned; smallest weights first: loss /,
      );
      await page.keyboard.press('End');
      assert.match(await text(page, 'sparsity-chart .tip'), /^100\.0 % pruned/);
      const box = await reader.boundingBox();
      await reader.hover({ position: { x: (box?.width ?? 0) / 2, y: 50 } });
      assert.match(await text(page, 'sparsity-chart .tip'), /^50\.0 % pruned/);
    });
    it('through the sensitivities, by keys', async () => {
      const page = await open();
      await tab(page, 'Sensitivity').click();
      await page.locator('sensitivity-map .grid [tabindex="0"]').focus();
      await page.keyboard.press('ArrowDown');
      assert.match(await text(page, 'sensitivity-map .readout'), /^dense_1\/kernel, 30\.0 K values: up to /);
      for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowRight');
      assert.match(await text(page, 'sensitivity-map .readout'), /^dense_1\/kernel, 100\.0 % pruned: [\d.]+ ε$/);
      const focused = await page.evaluate(() => {
        let element = document.activeElement;
        while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
        return element?.getAttribute('aria-label');
      });
      assert.match(focused ?? '', /^100\.0\u202f% pruned: /);
    });
    it('through the tabs by keys, and remembers where it was', async () => {
      const page = await open();
      await tab(page, 'Prediction').focus();
      await page.keyboard.press('ArrowLeft');
      assert.equal(await tab(page, 'Measurement').getAttribute('aria-selected'), 'true');
      await page.locator('epsilon-control input[type=number]').fill('0.1');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(250);
      await page.reload();
      await page.waitForSelector('measurement-facts dl');
      assert.equal(await page.locator('epsilon-control input[type=number]').inputValue(), '0.1');
    });
  });

  it('tells what it was made with', async () => {
    const page = await open();
    await tab(page, 'Measurement').click();
    await page.waitForSelector('measurement-facts dl');
    const facts = (await page.locator('measurement-facts dl').allInnerTexts()).join(' ').replace(/\u202f/g, ' ');
    for (const fact of [
      'WebAssembly',
      '3.1×10⁻⁷',
      '60,000 samples',
      'softmax cross-entropy',
      '266,610',
      '2 min 27 s',
    ]) {
      assert.ok(facts.includes(fact), fact);
    }
  });
});
