/** A page object for Prunability's side bar: the tree of models and the view of the selected one below it. */

import { exactly, waitFor } from '../wait.mjs';
import { plainText } from './panel.mjs';

export class ModelsView {
  /** @type {import('../workbench.mjs').Workbench} */ #workbench;

  /** @param {import('../workbench.mjs').Workbench} workbench */
  constructor(workbench) {
    this.#workbench = workbench;
    this.page = workbench.page;
    this.rows = this.page.locator('.sidebar .pane-body .monaco-list-row');
  }

  /** Opens the view by its icon, unless it is open: then the icon would close it. @returns {Promise<void>} */
  async open() {
    const title = this.page.locator('.sidebar .composite.title', { hasText: /prunability/i });
    if (!(await title.isVisible())) {
      await this.page.locator('.activitybar a.action-label[aria-label^="Prunability"]').click();
    }
    await title.waitFor();
  }

  /** @param {string} label @returns {import('playwright-core').Locator} */
  row(label) {
    return this.rows.filter({ has: this.page.locator('.label-name', { hasText: exactly(label) }) }).first();
  }

  /** @param {string} label @returns {Promise<void>} */
  async expand(label) {
    const row = this.row(label);
    // A click while the rows are drawn anew, since more was found, hits none of them.
    await waitFor(`${label} to expand`, async () => {
      if ((await row.getAttribute('aria-expanded')) === 'true') return true;
      await row.click();
      return this.page
        .locator('.sidebar .monaco-list-row[aria-expanded="true"]', { hasText: label })
        .waitFor({ timeout: 2_000 })
        .then(() => true);
    });
  }

  /** Closes all folders and runs. @returns {Promise<void>} */
  async collapseAll() {
    const header = this.page.locator('.sidebar .pane-header', { hasText: 'Models' });
    await header.hover();
    await header.getByRole('button', { name: 'Collapse All' }).click();
  }

  /**
   * Clicks on a row until it is selected.
   * @param {string} label
   * @returns {Promise<void>}
   */
  async select(label) {
    const row = this.row(label);
    await waitFor(`${label} to be selected`, async () => {
      if ((await row.getAttribute('aria-selected')) === 'true') return true;
      await row.locator('.label-name').click({ timeout: 2_000 });
      return false;
    });
  }

  /**
   * Presses one of the buttons that a row shows while the pointer is over it.
   * @param {string} label
   * @param {string} action its name
   * @returns {Promise<void>}
   */
  async press(label, action) {
    const row = this.row(label);
    await waitFor(`${action} of ${label}`, async () => {
      await row.hover({ timeout: 2_000 });
      await row.getByRole('button', { name: action }).click({ timeout: 2_000 });
      return true;
    });
  }

  /** Hovers a row until its tooltip tells. @param {string} label @returns {Promise<string>} */
  async hover(label) {
    const hover = this.page.locator('.workbench-hover:visible');
    return waitFor(`the hover of ${label}`, async () => {
      // A row that is drawn anew (its header was read) forgets that the pointer is over it: leave and come back.
      await this.page.mouse.move(1, 1);
      await this.row(label).locator('.label-name').hover({ timeout: 2_000 });
      const told = hover.filter({ hasNotText: /^Loading/ });
      await told.waitFor({ timeout: 1_500 });
      return told.innerText();
    });
  }

  /** Labels of the rows in sight. @returns {Promise<string[]>} */
  async labels() {
    return this.rows.locator('.label-name').allTextContents();
  }

  /** The document of the view of the selected model. @returns {Promise<import('playwright-core').Frame>} */
  async summary() {
    return this.#workbench.panelFrame('prunability-summary main');
  }

  /** What that view says. @returns {Promise<string>} */
  async summaryText() {
    const frame = await this.summary();
    return plainText(await frame.locator('prunability-summary main').innerText({ timeout: 2_000 }));
  }

  /**
   * @param {RegExp} text
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<RegExpExecArray>} once the view of the selected model says so
   */
  async summarySays(text, options = {}) {
    return waitFor(
      `the view of the selected model to say ${text}`,
      async () => text.exec(await this.summaryText()) ?? undefined,
      { ...options, describe: () => this.summaryText() },
    );
  }
}
