/** A page object for the panel of a comparison, of two files or of a run. All texts are as shown, with ordinary spaces and minus signs. */

import { DEFAULT_TIMEOUT_MS, exactly, waitFor } from '../wait.mjs';
import { plainText } from './panel.mjs';

/** @typedef {import('../workbench.mjs').Workbench} Workbench */

/**
 * @param {Workbench} workbench
 * @param {'comparison' | 'run'} kind
 * @returns {Promise<ComparisonPanel>} the visible one, once everything has been compared
 */
export async function openComparison(workbench, kind) {
  const panel = new ComparisonPanel(workbench, kind);
  await panel.find();
  await panel.whenComplete();
  return panel;
}

export class ComparisonPanel {
  /** @type {Workbench} */ #workbench;
  /** @type {import('playwright-core').Frame | undefined} */ #frame;

  /**
   * @param {Workbench} workbench
   * @param {'comparison' | 'run'} kind
   * @internal use {@link openComparison}
   */
  constructor(workbench, kind) {
    this.#workbench = workbench;
    this.kind = kind;
  }

  /** Looks for the panel's document: after each loading, hiding and moving it is another one. @returns {Promise<void>} */
  async find() {
    this.#frame = await this.#workbench.panelFrame(`prunability-comparison main.${this.kind}`);
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

  /** @returns {Promise<void>} once everything has been compared */
  async whenComplete() {
    await waitFor(
      'the comparison to end',
      async () => /compared in/.test(await this.text('comparison-header .state')),
      { describe: () => this.text('main') },
    );
    await this.frame.locator('comparison-answer-section .sentence').waitFor({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /** @param {string} name @returns {import('playwright-core').Locator} */
  button(name) {
    return this.frame.getByRole('button', { name, exact: true });
  }

  /** The answer in one sentence. @returns {Promise<string>} */
  async sentence() {
    return this.text('comparison-answer-section .sentence');
  }

  /** Which file is before and which after. @returns {Promise<string[]>} */
  async sides() {
    return (await this.frame.locator('comparison-header .side').allInnerTexts()).map(plainText);
  }

  /** The rows in the document, from top to bottom; cells by the first word of their column's header. @returns {Promise<{ name: string, cells: Record<string, string> }[]>} */
  async rows() {
    const rows = await this.frame.locator('compared-tensors .grid').evaluate((grid) => {
      const heads = [...grid.querySelectorAll('[role=columnheader]')].map(
        (head) => /\w+/.exec(head.textContent ?? '')?.[0] ?? '',
      );
      return [...grid.querySelectorAll('.body [role=row]')].map((row) => ({
        at: Number(row.getAttribute('aria-rowindex')),
        name: row.querySelector('.name .text')?.textContent ?? '',
        cells: [...row.querySelectorAll('.cell')].map(
          (cell, i) => /** @type {const} */ ([heads[i] ?? '', cell.textContent ?? '']),
        ),
      }));
    });
    return rows
      .sort((a, b) => a.at - b.at)
      .map(({ name, cells }) => ({
        name: plainText(name),
        cells: Object.fromEntries(cells.map(([head, text]) => [head, plainText(text)])),
      }));
  }

  /** Clicks on a tensor's name. @param {string} name @returns {Promise<void>} once it is the one that is drawn */
  async select(name) {
    await this.frame
      .locator('compared-tensors [role=rowheader]')
      .filter({ has: this.frame.locator('.text', { hasText: exactly(name) }) })
      .click();
    await waitFor(`${name} beside the table`, async () => (await this.detailName()) === name);
  }

  /** The tensor whose two distributions are drawn. @returns {Promise<string>} */
  async detailName() {
    return this.text('compared-tensor h2.name');
  }
}
