import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertAccessible, frame, hostCalls, text } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** Names of the rows in the document, in their order on the screen. @param {import('playwright-core').Page} page */
const rowNames = (page) =>
  page
    .locator('compared-tensors .body .row')
    .evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')))
        .map((row) => row.querySelector('.name .text')?.textContent ?? ''),
    );

/** Row and column of the cell with the focus. @param {import('playwright-core').Page} page */
const focusedCell = (page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return [element?.parentElement?.getAttribute('aria-rowindex'), element?.getAttribute('aria-colindex')];
  });

describe('comparison', () => {
  const open = pages({ element: 'prunability-comparison', scenario: 'tuned' });

  describe('is accessible and keeps to its policy', () => {
    for (const theme of Object.keys(THEMES)) {
      for (const scenario of ['pruned', 'run']) {
        it(`in the ${theme} theme, ${scenario}`, async () => {
          const page = await open({ theme, scenario });
          for (const toggle of await page.locator('.data-toggle').all()) await toggle.click();
          await frame(page);
          await assertAccessible(page);
        });
      }
    }
    for (const scenario of [
      'opening',
      'running',
      'failed',
      'refused',
      'cancelled',
      'nothing',
      'changedHead',
      'runUnreadable',
    ]) {
      it(`while ${scenario}`, async () => {
        const page = await open({ scenario });
        await frame(page);
        await assertAccessible(page);
      });
    }
    it('with a definition open', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'Relative change' }).first().click();
      const dialog = page.locator('term-popover [popover]');
      assert.match(await dialog.innerText(), /in units of the length before/);
      await assertAccessible(page);
      await page.keyboard.press('Escape');
      assert.equal(await dialog.isVisible(), false);
    });
    for (const scenario of ['pruned', 'run']) {
      it(`without scrolling sideways at 420 pixels, ${scenario}`, async () => {
        const page = await open({ scenario, width: 420 });
        const overflow = await page
          .locator('prunability-comparison')
          .evaluate((element) => element.scrollWidth - element.clientWidth);
        assert.equal(overflow, 0);
      });
    }
  });

  describe('answers', () => {
    it('first of all, in one sentence, with the figures behind it', async () => {
      const page = await open({ scenario: 'pruned' });
      assert.match(
        await text(page, 'comparison-answer-section .sentence'),
        /^61\.\d % of the weights were pruned\. The L1 rule with one threshold would have chosen the same weights\.$/,
      );
      assert.match(
        await text(page, 'comparison-answer-section .figures'),
        /^Predicted limit 85 % → 8\d % \+\d pp Kurtosis .* Zeros 0 % → 62 % Cosine similarity 0\.98\d\d/,
      );
    });
    it('by and by while the files are read', async () => {
      const page = await open({ scenario: 'streaming', pause: 60 });
      await page.getByRole('progressbar').waitFor();
      await page.locator('comparison-answer-section .sentence', { hasText: 'So far' }).waitFor();
      await page.locator('comparison-answer-section .sentence', { hasText: /^\s*The weights moved/ }).waitFor();
      assert.equal(await page.getByRole('progressbar').count(), 0);
      assert.match(await text(page, 'compared-tensors .total'), /^32 of 32/);
    });
    it('what went wrong, where, and what to do', async () => {
      const page = await open({ scenario: 'refused' });
      assert.match(await page.getByRole('alert').innerText(), /no model file[\s\S]*byte 0[\s\S]*Supported are/);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: 'Show log' }).click();
      const calls = await hostCalls(page, 2);
      assert.deepEqual(
        calls.map(({ method }) => method),
        ['restart', 'showLog'],
      );
    });
  });

  it('asks the host for what its buttons say', async () => {
    const page = await open();
    for (const name of [
      'Again',
      'Swap',
      'Export as JSON',
      'Export as CSV',
      'Open the analysis of epoch1.pt',
      'Open the analysis of epoch2.pt',
    ]) {
      await page.getByRole('button', { name, exact: true }).click();
    }
    const folder = '/home/dev/models/fashion';
    assert.deepEqual(await hostCalls(page, 6), [
      { method: 'restart', params: null },
      { method: 'swap', params: null },
      { method: 'export', params: { format: 'json' } },
      { method: 'export', params: { format: 'csv' } },
      { method: 'open', params: { path: `${folder}/epoch1.pt` } },
      { method: 'open', params: { path: `${folder}/epoch2.pt` } },
    ]);
  });

  describe('table', () => {
    it('keeps few rows in the document', async () => {
      const page = await open({ scenario: 'tenThousand' });
      assert.equal(await page.getByRole('grid', { name: 'Tensors' }).getAttribute('aria-rowcount'), '10001');
      assert.ok((await page.locator('compared-tensors .body .row').count()) < 60);
      await page.locator('compared-tensors .grid').evaluate((element) => element.scrollTo(0, 120_000));
      await frame(page);
      assert.ok((await rowNames(page)).includes('model.layers.1250.part0.weight'));
      assert.ok((await page.locator('compared-tensors .body .row').count()) < 60);
    });
    it('sorts by mouse and by keyboard, and back', async () => {
      const page = await open({ scenario: 'pruned' });
      const header = page.getByRole('columnheader', { name: 'Cosine' });
      await header.click();
      assert.equal(await header.getAttribute('aria-sort'), 'ascending');
      assert.equal((await rowNames(page))[0], 'layer1.0.conv2.weight');
      await header.press('Enter');
      assert.equal(await header.getAttribute('aria-sort'), 'descending');
      await header.press('Enter');
      assert.equal(await header.getAttribute('aria-sort'), 'none');
      assert.equal((await rowNames(page))[0], 'conv1.weight');
    });
    it('filters as one types, and by what became of a tensor', async () => {
      const page = await open({ scenario: 'changedHead' });
      await page.locator('compared-tensors .grid').focus();
      await page.keyboard.press('/');
      await page.keyboard.type('fc2 100x128');
      assert.deepEqual(await rowNames(page), ['fc2.weight']);
      assert.equal(await text(page, 'compared-tensors .badge'), 'reshaped');
      assert.match(await text(page, 'compared-tensor .facts'), /32×3×5×5/);
      await page.keyboard.press('ArrowDown');
      assert.match(await text(page, 'compared-tensor .facts'), /^10×128 → 100×128 .* reshaped$/);
      await page.getByLabel('Filter tensors by name').press('Escape');
      await page.getByRole('button', { name: /Added, removed, reshaped/ }).click();
      assert.deepEqual(await rowNames(page), [
        'layer2.0.downsample.bias',
        'fc2.weight',
        'adapter.down.weight',
        'adapter.up.weight',
      ]);
    });
    it('is walked through by keyboard, with one tab stop', async () => {
      const page = await open();
      assert.equal(await page.locator('compared-tensors [role=grid] [tabindex="0"]').count(), 1);
      await page.locator('compared-tensors [role=grid] [tabindex="0"]').focus();
      for (const [key, row, column] of [
        ['ArrowDown', '3', '1'],
        ['ArrowRight', '3', '2'],
        ['End', '33', '2'],
        ['Home', '2', '2'],
        ['ArrowUp', '1', '2'],
      ]) {
        await page.keyboard.press(key ?? '');
        await frame(page);
        assert.deepEqual(await focusedCell(page), [row, column], key);
      }
      assert.equal(await page.locator('compared-tensors [role=grid] [tabindex="0"]').count(), 1);
    });
    it('shows names from strangers as text', async () => {
      const page = await open({ scenario: 'hostile' });
      const names = await rowNames(page);
      assert.equal(names[0], '<img src=x onerror="document.title=1">.weight');
      assert.equal(names[4], 'a‹U+202E›gnp.thgiew');
      assert.match(await text(page, 'comparison-header .sides'), /<b>before<\/b>\.pt .*a‹U\+202E›gnp\.tp/);
      assert.equal(await page.locator('img, comparison-header b').count(), 0);
      assert.equal(await page.title(), 'Prunability');
    });
  });

  it('draws both distributions of the selected tensor, and has them as a table', async () => {
    const page = await open({ scenario: 'pruned' });
    const chart = page.locator('compared-tensor vega-chart canvas');
    const before = await chart.evaluate((canvas) => canvas.toDataURL());
    await page.locator('compared-tensors .row', { hasText: 'fc1.weight' }).click();
    await frame(page);
    assert.notEqual(await chart.evaluate((canvas) => canvas.toDataURL()), before);
    await page.locator('compared-tensor .data-toggle').click();
    const table = await page.getByRole('region', { name: 'Distribution of fc1.weight' }).innerText();
    assert.match(table, /exactly 0\t0\.00.%\t\d\d\.\d\d.%/u);
  });

  describe('run', () => {
    it('opens a step from the map and the table, and compares two', async () => {
      const page = await open({ scenario: 'run', height: 1700 });
      const compare = page.locator('run-steps .compare');
      assert.equal(await compare.isDisabled(), true);
      await page.getByRole('columnheader', { name: 'Step 3: open' }).click();
      await page.getByRole('button', { name: 'epoch5.pt' }).click();
      await page.getByRole('checkbox', { name: 'Choose step 11 for comparison' }).check();
      await page.getByRole('checkbox', { name: 'Choose step 2 for comparison' }).check();
      await page.getByRole('button', { name: 'Compare step 2 with step 11' }).click();
      const folder = '/home/dev/models/fashion/checkpoints';
      assert.deepEqual(await hostCalls(page, 3), [
        { method: 'open', params: { path: `${folder}/epoch3.pt` } },
        { method: 'open', params: { path: `${folder}/epoch5.pt` } },
        { method: 'compare', params: { before: `${folder}/epoch2.pt`, after: `${folder}/epoch11.pt` } },
      ]);
    });
    it('opens a step that is clicked in a chart', async () => {
      const page = await open({ scenario: 'runShort' });
      const box = await page.locator('run-charts vega-chart canvas').nth(1).boundingBox();
      assert.ok(box !== null);
      // the first point lies at the lower left: it is looked for where the line begins
      for (let y = box.y + box.height - 44; y < box.y + box.height - 20; y += 3) {
        for (let x = box.x + 48; x < box.x + 60; x += 3) await page.mouse.click(x, y);
      }
      const [call] = await hostCalls(page, 1);
      assert.deepEqual(call, { method: 'open', params: { path: '/home/dev/models/fashion/checkpoints/epoch1.pt' } });
    });
    it('tells the value of each cell of the map, by keyboard too', async () => {
      const page = await open({ scenario: 'run', height: 1700 });
      await page.locator('run-heat-map [role=grid] [tabindex="0"]').focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      await frame(page);
      assert.match(await text(page, 'run-heat-map .readout'), /^features\.1\.weight, step 2: Kurtosis 2\.\d\d$/);
      assert.deepEqual(await focusedCell(page), ['3', '3']);
      await page.getByLabel('Shown').selectOption({ label: 'Limit' });
      await frame(page);
      assert.match(await text(page, 'run-heat-map .readout'), /^features\.1\.weight, step 2: Limit \d\d %$/);
      await page.locator('run-heat-map [aria-rowindex="2"] [aria-colindex="9"]').hover();
      await frame(page);
      assert.match(await text(page, 'run-heat-map .readout'), /step 8: not readable: The archive was cut off/);
    });
    it('fills as steps arrive', async () => {
      const page = await open({ scenario: 'runStreaming' });
      await page.locator('run-steps tbody tr').nth(11).waitFor();
      await page.locator('comparison-answer-section .sentence', { hasText: 'From step 1 to 12' }).waitFor();
      assert.match(
        await text(page, 'run-steps tbody tr:nth-child(8)'),
        /epoch8\.pt Not readable: The archive was cut off/,
      );
    });
  });

  describe('state', () => {
    it('survives a reload', async () => {
      const page = await open();
      await page.getByRole('columnheader', { name: 'Kurtosis' }).click();
      await page.getByRole('button', { name: /^Different/ }).click();
      await page.getByLabel('Filter tensors by name').fill('weight');
      await page.locator('compared-tensors .row', { hasText: 'fc1.weight' }).click();
      await page.getByRole('button', { name: 'log', exact: true }).click();
      await page.waitForTimeout(300);
      const rows = await rowNames(page);
      await page.reload();
      await page.locator('compared-tensors .row').nth(3).waitFor();
      await frame(page);
      assert.deepEqual(await rowNames(page), rows);
      assert.equal(await page.getByRole('columnheader', { name: 'Kurtosis' }).getAttribute('aria-sort'), 'descending');
      assert.equal(await text(page, 'compared-tensor .name'), 'fc1.weight');
      assert.equal(await page.getByRole('button', { name: 'log', exact: true }).getAttribute('aria-pressed'), 'true');
    });
    it('starts anew when the host does', async () => {
      const page = await open();
      await page.evaluate(() => {
        const { ready: snapshot } = window.fakeHost;
        return window.fakeHost.call('reset', { ...snapshot, status: { state: 'running' }, events: [], report: null });
      });
      await frame(page);
      assert.match(await text(page, 'comparison-header .state'), /opening/);
      assert.equal(await page.locator('compared-tensors .body .row').count(), 0);
    });
  });
});
