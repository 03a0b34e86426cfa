import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { assertAccessible, frame } from './page-checks.mjs';
import { pages } from './pages.mjs';
import { THEMES } from './themes.mjs';

/** Longer words than English ones, another order of words: what holds here holds for most languages. */
const LANGUAGE = 'de';
const GERMAN = join(import.meta.dirname, '..', '..', 'l10n', `bundle.l10n.${LANGUAGE}.json`);

/** The translations by English text. @type {Record<string, string>} */
let texts;

/**
 * All that is shown or said: texts of elements (of a sentence as a whole too, whatever it is made of) and attributes.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
const spokenTexts = (page) =>
  page.evaluate(() => {
    /** @type {Set<string>} */
    const found = new Set();
    const add = (text) => found.add((text ?? '').replace(/\s+/g, ' ').trim());
    const visit = (root) => {
      for (const node of root.childNodes) {
        if (node.nodeName === '#text') add(node.data);
        if (node.matches?.('script, style') !== false) continue;
        for (const name of ['aria-label', 'aria-valuetext', 'title', 'placeholder']) add(node.getAttribute(name));
        if (node.matches('p, span, button, li, dt, dd, th, td, h1, h2, h3, text, title, caption'))
          add(node.textContent);
        visit(node.shadowRoot ?? node);
      }
    };
    visit(document.body);
    return [...found].filter((text) => text !== '');
  });

/** Matches what a text becomes when its placeholders are filled. @param {string} text */
function filled(text) {
  const literal = text.split(/\{\d+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const words = text.replace(/\{\d+\}/g, '').match(/\p{L}{2,}/gu) ?? [];
  // a whole sentence may stand among others; a word or two are a text of their own, about a figure or a name
  return words.length > 3 ? new RegExp(literal.join('.+')) : new RegExp(`^${literal.join('\\S+(?: \\S+){0,2}')}$`);
}

/** Opens all that is closed at first, one after the other, and collects what is said. @param {import('playwright-core').Page} page */
async function everything(page) {
  const said = new Set();
  const note = async () => {
    await frame(page);
    for (const text of await spokenTexts(page)) said.add(text);
  };
  await note();
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click();
    for (const toggle of await page.locator('.data-toggle').all()) await toggle.click();
    await note();
    for (const term of await page.locator('layer-detail .term, layer-charts .term').all()) {
      await term.click();
      await note();
      await page.keyboard.press('Escape');
    }
  }
  for (const term of await page.locator('answer-section button, limit-ruler .term, limit-ruler .label').all()) {
    await term.click();
    await note();
    await page.keyboard.press('Escape');
  }
  const menu = page.locator('panel-header .export');
  if (await menu.isEnabled()) {
    await menu.click();
    await note();
    await page.keyboard.press('Escape');
  }
  if ((await page.locator('layer-table input').count()) > 0) {
    await page.locator('layer-table input').fill('no such layer');
    await note();
  }
  return [...said];
}

describe('panel in German', () => {
  const open = pages({ language: LANGUAGE });
  before(async () => {
    texts = JSON.parse(await readFile(GERMAN, 'utf8'));
  });

  describe('says nothing in English', () => {
    for (const [scenario, collect] of [
      ['complete', everything],
      ['mixed', everything],
      ...['waiting', 'opened', 'running', 'cancelled', 'failed', 'initial', 'broken', 'buffersOnly'].map(
        (scenario) => /** @type {const} */ ([scenario, spokenTexts]),
      ),
    ]) {
      it(`while ${scenario}`, async () => {
        const page = await open({ scenario });
        assert.equal(await page.locator('html').getAttribute('lang'), LANGUAGE);
        await frame(page);
        const said = await collect(page);
        const changed = Object.entries(texts).filter(([english, german]) => english !== german);
        const germanTexts = changed.map(([, german]) => filled(german));
        const english = changed
          .map(([text]) => filled(text))
          .flatMap((text) => said.filter((sentence) => text.test(sentence)))
          .filter((sentence) => !germanTexts.some((text) => text.test(sentence)));
        assert.deepEqual(english, []);
        const german = germanTexts.filter((text) => said.some((sentence) => text.test(sentence)));
        assert.ok(german.length > 10, `only ${german.length} German texts were seen`);
      });
    }
  });

  it('answers in the order of the language', async () => {
    const page = await open();
    const sentence = await page.locator('answer-section .sentence').innerText();
    assert.equal(
      sentence.replace(/[\u202f\s]+/g, ' ').trim(),
      'Etwa 84 % der Gewichte können entfallen, wenn danach nachtrainiert wird; ohne Nachtrainieren 43 %.',
    );
  });

  it('writes into its charts', async () => {
    const page = await open();
    await page.evaluate(() => {
      window.drawn = [];
      const { fillText } = window.CanvasRenderingContext2D.prototype;
      window.CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.drawn.push(text);
        fillText.call(this, text, ...place);
      };
    });
    await page.getByRole('tab', { name: 'Alle Schichten' }).click();
    await page.locator('layer-charts canvas').nth(1).waitFor();
    await frame(page);
    /** @type {string[]} */
    const drawn = await page.evaluate(() => window.drawn);
    const words = new Set(drawn.filter((text) => /\p{L}{2,}/u.test(text)));
    assert.deepEqual(
      [...words].sort(),
      ['Gauß 3', 'Gleichvert. 1.8', 'Laplace 6', 'Schichten in der Reihenfolge der Datei'].sort(),
    );
  });

  it('tells what is under the pointer of a chart', async () => {
    const page = await open({ width: 1600 });
    const chart = page.locator('layer-detail vega-chart').first();
    const box = await chart.boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 44 + (box.width - 48) / 2, box.y + box.height - 40);
    const tip = page.locator('layer-detail .tip').first();
    await tip.waitFor();
    assert.match(await tip.innerText(), /^Werte: \S+ bis \S+\nAnteil: \S+.%$/u);

    await page.getByRole('tab', { name: 'Alle Schichten' }).click();
    await frame(page);
    const points = await page.locator('layer-charts vega-chart').first().boundingBox();
    assert.ok(points !== null);
    // the second of 21 layers: the ring around the first, which is selected, lies over it
    const x = points.x + 44 + ((points.width - 132) * 1.5) / 21;
    const layerTip = page.locator('layer-charts .tip').first();
    for (let y = points.y + 8; y < points.y + points.height - 24 && !(await layerTip.isVisible()); y += 2) {
      await page.mouse.move(x, y);
      await frame(page);
    }
    assert.match(await layerTip.innerText(), /^Schicht: layer1\.0\.conv1\.weight\nKurtosis: 4\.\d\d\nGrenze: 8\d.%$/u);
  });

  describe('has room for its words', () => {
    for (const width of [1280, 700, 520]) {
      for (const scenario of ['complete', 'mixed', 'failed', 'initial']) {
        it(`at ${width} pixels, ${scenario}`, async () => {
          const page = await open({ width, scenario });
          await frame(page);
          const overflow = await page
            .locator('prunability-panel')
            .evaluate((panel) => panel.scrollWidth - panel.clientWidth);
          assert.equal(overflow, 0);
        });
      }
    }
    it('in the heads of the columns, sorted by any of them', async () => {
      const page = await open({ width: 1700 });
      await page.getByRole('slider').press('ArrowRight');
      const heads = page.locator('layer-table .head .cell');
      assert.equal(await heads.count(), 10);
      for (const head of await heads.all()) {
        await head.click();
        await frame(page);
        const cut = await head.evaluate((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          const [inner, outer] = [range.getBoundingClientRect(), cell.getBoundingClientRect()];
          return Math.max(outer.left - inner.left, inner.right - outer.right);
        });
        assert.ok(cut < 1, `${await head.innerText()} is cut by ${cut} pixels`);
      }
    });
  });

  describe('is accessible', () => {
    for (const theme of Object.keys(THEMES)) {
      it(`in the ${theme} theme`, async () => {
        const page = await open({ theme });
        for (const tab of await page.getByRole('tab').all()) {
          await tab.click();
          for (const toggle of await page.locator('.data-toggle').all()) await toggle.click();
          await frame(page);
          await assertAccessible(page);
        }
      });
    }
  });
});
