import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertAccessible, frame, hostCalls, text } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** @param {import('playwright-core').Page} page @param {string} name */
const readout = (page, name) => text(page, `limit-ruler .readout div:has-text("${name}") dd`);

/** Names of the rows in the document, in their order on the screen. @param {import('playwright-core').Page} page */
const rowNames = (page) =>
  page
    .locator('layer-table .body .row')
    .evaluateAll((rows) =>
      rows
        .sort(
          (a, b) => Number(a.ariaRowIndex ?? a.getAttribute('aria-rowindex')) - Number(b.getAttribute('aria-rowindex')),
        )
        .map((row) => row.querySelector('.name .text')?.textContent ?? ''),
    );

describe('panel', () => {
  const open = pages();

  describe('is accessible and keeps to its policy', () => {
    for (const theme of Object.keys(THEMES)) {
      for (const detail of ['Layer', 'All layers']) {
        it(`in the ${theme} theme, ${detail}`, async () => {
          const page = await open({ theme });
          await page.getByRole('tab', { name: detail, exact: true }).click();
          for (const toggle of await page.locator('.data-toggle').all()) await toggle.click();
          await frame(page);
          await assertAccessible(page);
        });
      }
    }
    for (const scenario of [
      'waiting',
      'opened',
      'running',
      'cancelled',
      'failed',
      'refused',
      'initial',
      'broken',
      'mixed',
    ]) {
      it(`while ${scenario}`, async () => {
        const page = await open({ scenario });
        await frame(page);
        await assertAccessible(page);
      });
    }
    it('with an explanation or the menu open', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'Kurtosis' }).first().click();
      await assertAccessible(page);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Export' }).click();
      await assertAccessible(page);
    });
    it('without scrolling sideways at 520 pixels', async () => {
      const page = await open({ width: 520 });
      const overflow = await page
        .locator('prunability-panel')
        .evaluate((panel) => panel.scrollWidth - panel.clientWidth);
      assert.equal(overflow, 0);
    });
  });

  describe('answers', () => {
    it('first of all, in one sentence', async () => {
      const page = await open();
      assert.equal(
        await text(page, 'answer-section .sentence'),
        'About 84 % of the weights can go if you fine-tune afterwards; 43 % if you do not.',
      );
      assert.match(await text(page, 'answer-section section'), /the loss has not been measured/);
    });
    it('for all parameters when asked to', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'All parameters', exact: true }).click();
      assert.match(await text(page, 'answer-section .sentence'), /^About 90 % of all parameters/);
      assert.equal(await readout(page, 'Pruned'), '90.0 %');
      assert.match(await text(page, 'layer-table .total'), /^62 of 102/);
    });
    it('that an untrained network cannot tell', async () => {
      const page = await open({ scenario: 'initial' });
      assert.match(await text(page, 'answer-section .sentence'), /looks untrained/);
    });
    it('that there is nothing to prune', async () => {
      const page = await open({ scenario: 'buffersOnly' });
      assert.match(await text(page, 'answer-section .sentence'), /nothing to prune/);
      assert.match(await text(page, 'layer-table .total'), /^40 of 40/);
    });
    it('that there are no finite weights', async () => {
      const page = await open({ scenario: 'broken' });
      assert.match(await text(page, 'answer-section .sentence'), /no finite weights/);
      assert.equal(await page.getByRole('slider').count(), 0);
    });
    it('any number with its definition, assumptions and source in one click', async () => {
      const page = await open();
      await page.locator('answer-section .figure').first().click();
      const dialog = page.locator('explain-popover [popover]');
      assert.match(await dialog.innerText(), /Assumptions[\s\S]*Source[\s\S]*ICLR 2024/);
      await page.keyboard.press('Escape');
      assert.equal(await dialog.isVisible(), false);
      await page.locator('limit-ruler .label', { hasText: 'cosine 0.95' }).click();
      assert.match(await dialog.innerText(), /cosine 0\.95[\s\S]*Assumptions/);
      await page.keyboard.press('Escape');
      assert.equal(await readout(page, 'Cosine'), '0.950');
      await page.getByRole('button', { name: 'Threshold |w|' }).click();
      assert.match(await dialog.innerText(), /set to zero/);
    });
    it('which layer a warning is about', async () => {
      const page = await open();
      await page.locator('answer-section dd .link').first().click();
      assert.match(await page.locator('explain-popover [popover]').innerText(), /layer1\.0\.conv2\.weight/);
      assert.equal(await text(page, 'layer-detail .name'), 'layer1.0.conv2.weight');
      assert.equal(await page.locator('[aria-selected=true] .name .text').textContent(), 'layer1.0.conv2.weight');
    });
  });

  describe('fills as layers arrive', () => {
    it('from nothing to the end', async () => {
      const page = await open({ scenario: 'streaming', pause: 60 });
      await page.getByRole('progressbar').waitFor();
      await page.locator('answer-section .sentence', { hasText: 'So far' }).waitFor();
      await page.locator('answer-section .sentence', { hasText: /^About/ }).waitFor();
      assert.match(await text(page, 'panel-header .meta'), /analyzed in 0\.21 s/);
      assert.equal(await page.getByRole('progressbar').count(), 0);
    });
    it('and says how far it is', async () => {
      const page = await open({ scenario: 'running' });
      const bar = page.getByRole('progressbar');
      assert.equal(await bar.getAttribute('aria-valuenow'), '13');
      assert.match((await bar.getAttribute('aria-valuetext')) ?? '', /14.% read \(6\.1.MB of 44\.6.MB/u);
      await page.getByRole('button', { name: 'Cancel' }).click();
      assert.deepEqual(await hostCalls(page, 1), [{ method: 'cancel', params: null }]);
    });
    it('and keeps what it has when it is stopped or fails', async () => {
      for (const scenario of ['cancelled', 'failed']) {
        const page = await open({ scenario });
        assert.match(await text(page, 'run-notice .notice'), /61 of 102 tensors/);
        assert.match(await text(page, 'answer-section section'), /Partial: from 1\d % of the file/);
        assert.equal(await page.getByRole('slider').count(), 1);
        await page.close();
      }
    });
  });

  describe('when a run fails', () => {
    it('says what, where and what to do, and asks the host', async () => {
      const page = await open({ scenario: 'refused' });
      const notice = await page.getByRole('alert').innerText();
      assert.match(notice, /no model file[\s\S]*byte 0[\s\S]*Supported are/);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('button', { name: 'Show log' }).click();
      const calls = await hostCalls(page, 2);
      assert.deepEqual(
        calls.map(({ method }) => method),
        ['restart', 'showLog'],
      );
    });
  });

  describe('toolbar', () => {
    it('exports by keyboard', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'Export' }).press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.deepEqual(await hostCalls(page, 1), [{ method: 'export', params: { format: 'csv' } }]);
      assert.equal(await page.getByRole('menu').count(), 0);
    });
    it('runs again', async () => {
      const page = await open();
      await page.getByRole('button', { name: 'Re-run' }).click();
      assert.deepEqual(await hostCalls(page, 1), [{ method: 'restart', params: null }]);
    });
  });

  describe('ruler', () => {
    it('moves everything within one frame', async () => {
      const page = await open();
      const chart = page.locator('layer-detail vega-chart canvas');
      const before = await chart.evaluate((canvas) => canvas.toDataURL());
      const plot = await page.locator('limit-ruler .plot').boundingBox();
      assert.ok(plot !== null);
      await page.mouse.move(plot.x + plot.width / 2, plot.y + 60);
      await page.mouse.down();
      await page.mouse.move(plot.x + plot.width / 2 + 90, plot.y + 60);
      await frame(page);
      const pruned = await readout(page, 'Pruned');
      assert.notEqual(pruned, '84.0 %');
      assert.equal(await text(page, 'layer-table .head .cell:has-text("Kept at")'), `Kept at ${pruned}`);
      assert.equal(await page.getByRole('slider').getAttribute('aria-valuenow'), pruned.replace(' %', ''));
      assert.notEqual(await chart.evaluate((canvas) => canvas.toDataURL()), before);
      await page.mouse.up();
    });
    it('obeys the keyboard', async () => {
      const page = await open();
      const slider = page.getByRole('slider', { name: 'Pruned fraction' });
      for (const [key, expected] of [
        ['ArrowRight', '84.1'],
        ['ArrowLeft', '84.0'],
        ['Shift+ArrowLeft', '83.0'],
        ['PageDown', '78.0'],
        ['PageUp', '83.0'],
        ['End', '100.0'],
        ['Home', '0.0'],
      ]) {
        await slider.press(key ?? '');
        assert.equal(await slider.getAttribute('aria-valuenow'), expected, key);
      }
      assert.match((await slider.getAttribute('aria-valuetext')) ?? '', /0\.0.% pruned, cosine 1\.000, threshold 0/u);
      assert.equal(await text(page, '[aria-rowindex="2"] .kept'), '100 %');
    });
    it('snaps to the estimates', async () => {
      const page = await open();
      const plot = await page.locator('limit-ruler .plot').boundingBox();
      const pin = await page.locator('limit-ruler svg g.pin.utopia path.mark').boundingBox();
      assert.ok(plot !== null && pin !== null);
      await page.mouse.move(plot.x + 300, plot.y + 50);
      await page.mouse.down();
      await page.mouse.move(pin.x + pin.width / 2 + 3, plot.y + 50);
      await page.mouse.up();
      assert.equal(await readout(page, 'Pruned'), '84.0 %');
    });
    it('shows its numbers as a table', async () => {
      const page = await open();
      await page.locator('limit-ruler .data-toggle').click();
      const table = await page.getByRole('region', { name: 'Cosine similarity by pruned fraction' }).innerText();
      assert.match(table, /84\.0.%\t0\.8465\t0\.4000\t0\.0121\tbest trade-off/u);
    });
  });

  describe('table', () => {
    it('keeps few rows in the document', async () => {
      const page = await open({ scenario: 'tenThousand' });
      const grid = page.getByRole('grid', { name: 'Layers' });
      assert.equal(await grid.getAttribute('aria-rowcount'), '10001');
      assert.ok((await page.locator('layer-table .body .row').count()) < 60);
      await page.locator('layer-table .grid').evaluate((element) => element.scrollTo(0, 120_000));
      await frame(page);
      assert.ok((await rowNames(page)).includes('model.layers.1250.attn.q_proj.weight'));
      assert.ok((await page.locator('layer-table .body .row').count()) < 60);
    });
    it('sorts by mouse and by keyboard, and back', async () => {
      const page = await open();
      const header = page.getByRole('columnheader', { name: 'Kurtosis' });
      await header.click();
      assert.equal(await header.getAttribute('aria-sort'), 'descending');
      assert.equal((await rowNames(page))[0], 'layer4.1.conv1.weight');
      await header.press('Enter');
      assert.equal(await header.getAttribute('aria-sort'), 'ascending');
      assert.equal((await rowNames(page))[0], 'layer2.0.downsample.0.weight');
      await header.press('Enter');
      assert.equal(await header.getAttribute('aria-sort'), 'none');
      assert.equal((await rowNames(page))[0], 'conv1.weight');
    });
    it('filters as one types', async () => {
      const page = await open();
      await page.locator('layer-table .grid').focus();
      await page.keyboard.press('/');
      await page.keyboard.type('conv2 512x512');
      assert.deepEqual(await rowNames(page), ['layer4.0.conv2.weight', 'layer4.1.conv2.weight']);
      await page.keyboard.press('Escape');
      assert.match(await text(page, 'layer-table .total'), /^21 of 102/);
      await page.keyboard.type('no such layer');
      assert.match(await text(page, 'layer-table .empty'), /No layer matches/);
    });
    it('shows what is not pruned on demand', async () => {
      const page = await open();
      await page.getByRole('button', { name: /Biases and norms/ }).click();
      assert.match(await text(page, 'layer-table .total'), /^62 of 102/);
      assert.equal(await text(page, '[aria-rowindex="3"] .kept'), 'all');
      await page.getByRole('button', { name: /Buffers and optimiser state/ }).click();
      assert.match(await text(page, 'layer-table .total'), /^102 of 102/);
    });
    it('is walked through by keyboard, with one tab stop', async () => {
      const page = await open();
      assert.equal(await page.locator('layer-table [role=grid] [tabindex="0"]').count(), 1);
      await page.locator('layer-table [role=grid] [tabindex="0"]').focus();
      const focused = () =>
        page.evaluate(() => {
          let element = document.activeElement;
          while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
          return [element?.parentElement?.getAttribute('aria-rowindex'), element?.getAttribute('aria-colindex')];
        });
      for (const [key, row, column] of [
        ['ArrowDown', '3', '1'],
        ['ArrowRight', '3', '2'],
        ['End', '22', '2'],
        ['Home', '2', '2'],
        ['PageDown', '15', '2'],
        ['PageUp', '2', '2'],
        ['ArrowUp', '1', '2'],
        ['ArrowDown', '2', '2'],
      ]) {
        await page.keyboard.press(key ?? '');
        await frame(page);
        const [atRow, atColumn] = await focused();
        if (key === 'PageDown') assert.ok(Number(atRow) > 5, `PageDown went to row ${atRow}`);
        else if (key === 'PageUp') assert.ok(Number(atRow) <= 3, `PageUp went to row ${atRow}`);
        else assert.deepEqual([atRow, atColumn], [row, column], key);
        if (key === 'PageUp') await page.keyboard.press('Home');
      }
      assert.equal(await page.locator('layer-table [role=grid] [tabindex="0"]').count(), 1);
    });
    it('shows names from strangers as text', async () => {
      const page = await open({ scenario: 'hostile' });
      const names = await rowNames(page);
      assert.equal(names[0], '<img src=x onerror="document.title=1">.weight');
      assert.equal(names[4], 'a‹U+202E›gnp.thgiew');
      assert.equal(names[6], '“ ”');
      assert.equal(await page.locator('img, layer-table script').count(), 0);
      assert.equal(await page.title(), 'Prunability');
    });
  });

  describe('state', () => {
    it('survives a reload', async () => {
      const page = await open();
      await page.getByRole('slider').press('PageDown');
      await page.getByRole('columnheader', { name: 'Limit' }).click();
      await page.getByRole('button', { name: /Biases and norms/ }).click();
      await page.getByLabel('Filter layers by name').fill('layer');
      await page.locator('layer-table .row', { hasText: 'layer3.1.conv2.weight' }).click();
      await page.getByRole('button', { name: 'log', exact: true }).click();
      await page.locator('layer-table .grid').evaluate((element) => element.scrollTo(0, 100));
      await page.waitForTimeout(300);
      const rows = await rowNames(page);
      await page.reload();
      await page.locator('layer-table .row').first().waitFor();
      await frame(page);
      assert.equal(await readout(page, 'Pruned'), '79.0 %');
      assert.equal(await page.getByRole('columnheader', { name: 'Limit' }).getAttribute('aria-sort'), 'descending');
      assert.equal(await page.getByLabel('Filter layers by name').inputValue(), 'layer');
      assert.equal(await text(page, 'layer-detail .name'), 'layer3.1.conv2.weight');
      assert.equal(await page.getByRole('button', { name: 'log', exact: true }).getAttribute('aria-pressed'), 'true');
      await page.waitForFunction(
        () =>
          document
            .querySelector('prunability-panel')
            .shadowRoot.querySelector('layer-table')
            .shadowRoot.querySelector('.grid').scrollTop === 100,
      );
      await frame(page);
      assert.deepEqual(await rowNames(page), rows);
    });
    it('is not applied to another file', async () => {
      const page = await open();
      await page.getByRole('slider').press('Home');
      await page.waitForTimeout(300);
      await page.goto(new URL('/?scenario=mixed', page.url()).href);
      await page.locator('layer-table .row').first().waitFor();
      assert.notEqual(await readout(page, 'Pruned'), '0.0 %');
    });
    it('starts anew when the host does', async () => {
      const page = await open();
      await page.getByRole('slider').press('Home');
      await page.evaluate(() => {
        const { ready: snapshot } = window.fakeHost;
        return window.fakeHost.call('reset', { ...snapshot, status: { state: 'running' }, events: [] });
      });
      await frame(page);
      assert.match(await text(page, 'panel-header .meta'), /opening/);
      assert.equal(await page.locator('layer-table .body .row').count(), 0);
    });
  });

  it('follows the theme', async () => {
    const page = await open({ theme: 'dark' });
    const chart = page.locator('layer-detail vega-chart canvas');
    const before = await chart.evaluate((canvas) => canvas.toDataURL());
    await page.evaluate(({ bodyClass, variables }) => {
      for (const [name, value] of Object.entries(variables)) {
        document.documentElement.style.setProperty(`--vscode-${name}`, value);
      }
      document.body.className = bodyClass;
    }, THEMES['light']);
    await frame(page);
    await frame(page);
    assert.notEqual(await chart.evaluate((canvas) => canvas.toDataURL()), before);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, 'rgb(255, 255, 255)');
  });
});
