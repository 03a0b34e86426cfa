/**
 * A page object for Prunability's panel: what a person reads on it and does with it. All texts are as shown, with
 * ordinary spaces and minus signs.
 */

import { basename, dirname } from 'node:path';
import { DEFAULT_TIMEOUT_MS, exactly, waitFor } from '../wait.mjs';

const COMMAND = 'Prunability: Analyze Prunability';
const PICK_PLACEHOLDER = 'Model to analyze';

/** @typedef {import('../workbench.mjs').Workbench} Workbench */

/**
 * Opens the command's list of model files and moves to one of them; Enter is left to the caller.
 * @param {Workbench} workbench
 * @param {string} path relative to the workspace, as the list shows it
 * @returns {Promise<void>}
 */
export async function chooseModelFile(workbench, path) {
  const { page, quickInput } = workbench;
  const folder = dirname(path) === '.' ? '' : dirname(path);
  const focused = quickInput.rows.and(page.locator('.focused'));
  const isFocused = async () => {
    const label = await focused.locator('.label-name').first().innerText({ timeout: 500 });
    const description = await focused.locator('.label-description').allInnerTexts();
    return label.trim() === basename(path) && description.join('').trim() === folder;
  };
  const list = page.getByPlaceholder(PICK_PLACEHOLDER);
  await waitFor(
    `${path} in the list of model files`,
    async () => {
      // The list closes when a panel that is still being loaded takes the focus: then it is asked for again.
      if (!(await list.isVisible())) {
        await workbench.runCommand(COMMAND);
        await list.waitFor({ timeout: 5_000 });
      }
      await list.fill(basename(path), { timeout: 1_000 });
      const offered = (await quickInput.rows.count()) + 1;
      for (let i = 0; i < offered; i++) {
        if (await isFocused()) {
          return true;
        }
        await page.keyboard.press('ArrowDown');
      }
      return false;
    },
    { describe: async () => JSON.stringify(await quickInput.labels()) },
  );
}

/**
 * Runs the command and takes a file from its list.
 * @param {Workbench} workbench
 * @param {string} path relative to the workspace
 * @returns {Promise<Panel>} once the panel is there; the analysis may still be running
 */
export async function analyze(workbench, path) {
  await chooseModelFile(workbench, path);
  await workbench.page.keyboard.press('Enter');
  return openPanel(workbench, basename(path));
}

/**
 * @param {Workbench} workbench
 * @param {string} name of the file
 * @returns {Promise<Panel>} the visible panel of this file
 */
export async function openPanel(workbench, name) {
  const panel = new Panel(workbench, name);
  await panel.find();
  return panel;
}

/** One row of the layer table; `cells` by the first word of their column's header. */
/** @typedef {{ name: string, selected: boolean, cells: Record<string, string> }} LayerRow */

export class Panel {
  /** @type {Workbench} */ #workbench;
  /** @type {import('playwright-core').Frame | undefined} */ #frame;

  /**
   * @param {Workbench} workbench
   * @param {string} name
   * @internal use {@link openPanel}
   */
  constructor(workbench, name) {
    this.#workbench = workbench;
    this.name = name;
  }

  /** Looks for the panel's document: after each loading, hiding and moving it is another one. @returns {Promise<void>} */
  async find() {
    this.#frame = await this.#workbench.panelFrame('panel-header h1', { text: exactly(this.name) });
  }

  /** The panel's document. */
  get frame() {
    if (this.#frame === undefined) {
      throw new Error('find() the panel first');
    }
    return this.#frame;
  }

  /** @param {string} selector @returns {import('playwright-core').Locator} which may reach into components */
  locator(selector) {
    return this.frame.locator(selector);
  }

  /** @param {string} selector @returns {Promise<string>} the text of the first match; '' if there is none */
  async text(selector) {
    const texts = await this.frame.locator(selector).allInnerTexts();
    return plainText(texts[0] ?? '');
  }

  /** What stands beside the file's name. @returns {Promise<string>} */
  async facts() {
    return (await this.frame.locator('panel-header .meta li').allInnerTexts()).map(plainText).join(' · ');
  }

  /** @returns {Promise<void>} once the whole file has been analyzed and the answer is there */
  async whenComplete() {
    const describe = async () => `${await this.facts()} ${await this.text('run-notice .notice')}`;
    await waitFor(`${this.name} to be analyzed`, async () => /analyzed in/.test(await this.facts()), { describe });
    await this.frame.locator('answer-section .sentence').waitFor({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /** The notice of a run that did not come to its end. */
  get notice() {
    return this.frame.locator('run-notice .notice');
  }

  /** @param {string | RegExp} name @returns {import('playwright-core').Locator} */
  button(name) {
    return this.frame.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** The answer in one sentence. @returns {Promise<string>} */
  async sentence() {
    return this.text('answer-section .sentence');
  }

  /** The labels under the ruler. @returns {Promise<{ value: string, label: string }[]>} */
  async pins() {
    const pins = await this.frame.locator('limit-ruler button.label').evaluateAll((labels) =>
      labels.map((label) => ({
        value: label.querySelector('b')?.textContent ?? '',
        label: label.querySelector('span')?.textContent ?? '',
      })),
    );
    return pins.map(({ value, label }) => ({ value: plainText(value), label: plainText(label) }));
  }

  /** Pruned, cosine, threshold and what is left, as the ruler shows them. @returns {Promise<{ pruned: string, cosine: string, threshold: string, left: string }>} */
  async readout() {
    const [pruned = '', cosine = '', threshold = '', left = ''] = (
      await this.frame.locator('limit-ruler .readout dd').allInnerTexts()
    ).map(plainText);
    return { pruned, cosine, threshold, left };
  }

  /** The ruler's handle. */
  get handle() {
    return this.frame.getByRole('slider', { name: 'Pruned fraction' });
  }

  /** @returns {Promise<number>} what the handle says to a screen reader, as a fraction */
  async prunedFraction() {
    return Number(await this.handle.getAttribute('aria-valuenow')) / 100;
  }

  /**
   * Takes the handle with the mouse and leads it to a fraction of the axis, in steps.
   * @param {number} fraction
   * @param {() => Promise<void>} [onTheWay] called before the mouse lets go
   * @returns {Promise<void>}
   */
  async drag(fraction, onTheWay) {
    const { mouse } = this.#workbench.page;
    const now = await this.prunedFraction();
    const handle = await box(this.handle);
    const from = { x: handle.x + handle.width / 2, y: handle.y + handle.height / 2 };
    // Where a click on the axis would go is the panel's business: two points of its own scale say what a fraction is in pixels.
    const scale = await this.#pixelsPerUnit();
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(from.x + (fraction - now) * scale, from.y + 10, { steps: 8 });
    await onTheWay?.();
    await mouse.up();
  }

  /** Length of the ruler's axis. @returns {Promise<number>} */
  async #pixelsPerUnit() {
    return this.frame.locator('limit-ruler svg rect.strip').evaluate((strip) => strip.getBoundingClientRect().width);
  }

  /** The rows in the document, from top to bottom; a long table has more. @returns {Promise<LayerRow[]>} */
  async rows() {
    const rows = await this.frame.locator('layer-table .grid').evaluate((grid) => {
      const heads = [...grid.querySelectorAll('[role=columnheader]')].map(
        (head) => /\w+/.exec(head.textContent ?? '')?.[0] ?? '',
      );
      return [...grid.querySelectorAll('.body [role=row]')].map((row) => ({
        at: Number(row.getAttribute('aria-rowindex')),
        name: row.querySelector('[role=rowheader] span')?.textContent ?? '',
        selected: row.getAttribute('aria-selected') === 'true',
        cells: [...row.querySelectorAll('.cell')].map(
          (cell, i) => /** @type {const} */ ([heads[i] ?? '', cell.textContent ?? '']),
        ),
      }));
    });
    return rows
      .sort((a, b) => a.at - b.at)
      .map(({ name, selected, cells }) => ({
        name: plainText(name),
        selected,
        cells: Object.fromEntries(cells.map(([head, text]) => [head, plainText(text)])),
      }));
  }

  /** @returns {Promise<string[]>} names of the rows, from top to bottom */
  async rowNames() {
    return (await this.rows()).map(({ name }) => name);
  }

  /** @param {string} name @returns {Promise<LayerRow>} */
  async row(name) {
    return waitFor(`a row ${name}`, async () => (await this.rows()).find((row) => row.name === name), {
      timeout: 5_000,
      describe: async () => (await this.rowNames()).join(', '),
    });
  }

  /** Rows whose layer has been read: they have a standard deviation. @returns {Promise<number>} */
  async readRows() {
    return (await this.rows()).filter(({ cells }) => /\d/.test(cells['Kurtosis'] ?? '')).length;
  }

  /** @param {string} title first word of a column's header @returns {import('playwright-core').Locator} */
  columnHeader(title) {
    return this.frame.locator('layer-table [role=columnheader]').filter({ hasText: new RegExp(`^\\s*${title}\\b`) });
  }

  /** @returns {Promise<string>} "Kurtosis descending", or "" in the order of the file */
  async sortOrder() {
    const orders = await this.frame
      .locator('layer-table [role=columnheader]')
      .evaluateAll((heads) =>
        heads
          .filter((head) => /ascending|descending/.test(head.getAttribute('aria-sort') ?? ''))
          .map((head) => `${/\w+/.exec(head.textContent ?? '')?.[0]} ${head.getAttribute('aria-sort')}`),
      );
    return orders.join(', ');
  }

  /** Clicks on a layer's name. @param {string} name @returns {Promise<void>} */
  async select(name) {
    await this.frame
      .locator('layer-table [role=rowheader]')
      .filter({ hasText: exactly(name) })
      .click();
  }

  /** The layer whose distribution is drawn. @returns {Promise<string>} */
  async detailName() {
    return this.text('layer-detail h2.name');
  }

  /** @param {string} group accessible name of a switch @returns {Promise<string>} what it is set to */
  async switchedTo(group) {
    const pressed = this.frame.getByRole('group', { name: group }).locator('button[aria-pressed=true]');
    return plainText((await pressed.allInnerTexts()).join(', '));
  }

  /** @param {string} group @param {string} choice @returns {Promise<void>} */
  async switchTo(group, choice) {
    await this.frame.getByRole('group', { name: group }).getByRole('button', { name: choice, exact: true }).click();
    await waitFor(`${group}: ${choice}`, async () => (await this.switchedTo(group)) === choice);
  }

  /** @param {string} caption @returns {Promise<string[][]>} the cells of a chart's data table */
  async dataTable(caption) {
    const table = this.frame.getByRole('table', { name: caption });
    await table.waitFor({ timeout: 5_000 });
    const cells = await table
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
      );
    return cells.map((row) => row.map(plainText));
  }

  /**
   * Gives the panel the time to store what was chosen last: it does so a fifth of a second after a change, and nothing on
   * the screen tells.
   * @returns {Promise<void>}
   */
  async stored() {
    await this.frame.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  }

  /** What the reader has chosen, as the panel shows it. */
  async choices() {
    return {
      layer: await this.detailName(),
      order: await this.sortOrder(),
      filter: await this.frame.locator('layer-table input').inputValue(),
      pruned: (await this.readout()).pruned,
      scope: await this.switchedTo('What is counted and pruned'),
      scale: await this.switchedTo('Scale of the shares'),
      rows: await this.rowNames(),
    };
  }
}

/** @param {string} text @returns {string} with ordinary spaces and minus signs */
export function plainText(text) {
  return text.replace(/\s+/g, ' ').replaceAll('\u2212', '-').trim();
}

/** @param {import('playwright-core').Locator} locator */
async function box(locator) {
  const found = await locator.boundingBox();
  if (found === null) {
    throw new Error('The element is not visible');
  }
  return found;
}
