/** VS Code's file explorer. */

import { posix } from 'node:path';
import { DEFAULT_TIMEOUT_MS, exactly, waitFor } from './wait.mjs';

export class Explorer {
  /** @type {import('playwright-core').Page} */ #page;
  /** @type {string} */ #folder;

  /**
   * @param {import('playwright-core').Page} page
   * @param {string} folder the workspace folder
   */
  constructor(page, folder) {
    this.#page = page;
    this.#folder = folder;
  }

  /** The tree, without its header. */
  get tree() {
    return this.#page.locator('.explorer-folders-view');
  }

  /**
   * Brings a file or folder into view, expanding what it lies in.
   * @param {string} path relative to the workspace folder, with forward slashes
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<import('playwright-core').Locator>} its row
   */
  async reveal(path, options = {}) {
    await this.#show();
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth++) {
      const parent = names.slice(0, depth).join('/');
      const row = await this.#scrollTo(parent, options);
      if ((await row.getAttribute('aria-expanded')) === 'false') {
        await row.click();
        await waitFor(`${parent} to expand`, async () => (await row.getAttribute('aria-expanded')) === 'true');
      }
    }
    return this.#scrollTo(path, options);
  }

  /**
   * Opens a file to stay (a double click), with the editor that VS Code chooses for it.
   * @param {string} path
   * @returns {Promise<void>} once its tab is there
   */
  async open(path) {
    const row = await this.reveal(path);
    await row.dblclick();
    const tab = this.#page.locator('.tabs-container .tab', { hasText: posix.basename(path) });
    await tab.first().waitFor({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /**
   * Chooses from a file's context menu.
   * @param {string} path
   * @param {string} label
   * @param {{ after?: string }} [options] `after`: a file that is selected before it: the menu is that of both
   * @returns {Promise<void>}
   */
  async menu(path, label, { after } = {}) {
    const item = this.#menuItems.filter({ hasText: exactly(label) });
    // The menu is made when it opens: an extension that is not loaded yet is missing from it.
    await waitFor(`"${label}" in the context menu of ${path}`, async () => {
      if (after !== undefined) {
        await this.#selectBoth(after, path);
      }
      const row = await this.reveal(path);
      await row.click({ button: 'right', timeout: 5_000 });
      await this.#menuItems.first().waitFor({ timeout: 5_000 });
      if ((await item.count()) > 0) {
        return true;
      }
      await this.#page.keyboard.press('Escape');
      return false;
    });
    await waitFor(`the context menu to take "${label}"`, async () => {
      // A menu that has just been opened ignores the mouse for a tenth of a second.
      await item.click({ timeout: 1_000 });
      await item.waitFor({ state: 'hidden', timeout: 300 });
      return true;
    });
  }

  /** What a file's or folder's context menu offers. @param {string} path @returns {Promise<string[]>} */
  async menuLabels(path) {
    return waitFor(`the context menu of ${path}`, async () => {
      // The tooltip of the row above would cover it.
      await this.#page.mouse.move(1, 1);
      const row = await this.reveal(path);
      await row.click({ button: 'right', timeout: 5_000 });
      await this.#menuItems.first().waitFor({ timeout: 5_000 });
      const labels = await this.#menuItems.allInnerTexts();
      await this.#page.keyboard.press('Escape');
      await this.#menuItems.first().waitFor({ state: 'hidden', timeout: 2_000 });
      return labels;
    });
  }

  /**
   * Opens a file with one of the editors that "Open With..." offers.
   * @param {string} path
   * @param {string} editor display name, e.g. of a custom editor
   * @returns {Promise<void>}
   */
  async openWith(path, editor) {
    await this.menu(path, 'Open With...');
    // Here an entry's label may go on with "Active" or "Default".
    const rows = this.#page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
    await rows.filter({ hasText: editor }).first().click({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /**
   * What a FileDecorationProvider says of a file.
   * @param {string} path
   * @returns {Promise<{ badge: string, tooltip: string, color: string }>} empty texts where there is none
   */
  async decoration(path) {
    const row = await this.reveal(path);
    const label = row.locator('.monaco-icon-label');
    // "/folder/file • tooltip"
    const [, tooltip = ''] = ((await label.getAttribute('aria-label')) ?? '').split(' • ');
    const { badge, color } = await label.evaluate((element) => {
      const content = getComputedStyle(element, '::after').content;
      const name = element.querySelector('.label-name') ?? element;
      return { badge: /^"(.*)"$/.exec(content)?.[1] ?? '', color: getComputedStyle(name).color };
    });
    return { badge, tooltip, color };
  }

  /**
   * Hovers a file's name until its tooltip shows.
   * @param {string} path
   * @returns {Promise<string>}
   */
  async hover(path) {
    const hover = this.#page.locator('.workbench-hover:visible');
    return waitFor(`the hover of ${path}`, async () => {
      const row = await this.reveal(path);
      // A row that is drawn anew (its decoration arrives) forgets that the pointer is over it: leave and come back.
      await this.#page.mouse.move(1, 1);
      await row.locator('.label-name').hover({ timeout: 2_000 });
      await hover.waitFor({ timeout: 1_500 });
      return hover.innerText();
    });
  }

  /**
   * Selects two files or folders, the first by a click (which opens a file), the second added to it.
   * @param {string} first
   * @param {string} second
   * @returns {Promise<void>}
   */
  async #selectBoth(first, second) {
    const row = await this.reveal(first);
    await row.click();
    // An editor that becomes active gets its file selected, and that alone: the second click comes after it.
    const tab = this.#page.locator('.tabs-container .tab.active', { hasText: posix.basename(first) });
    if ((await row.getAttribute('aria-expanded')) === null) await tab.waitFor({ timeout: 5_000 });
    await (await this.reveal(second)).click({ modifiers: ['ControlOrMeta'] });
    await this.tree.locator('.monaco-list-row.selected').nth(1).waitFor({ timeout: 1_000 });
  }

  /** The items of the open context menu. */
  get #menuItems() {
    return this.#page.locator('.monaco-menu-container .action-menu-item .action-label:visible');
  }

  /** @returns {Promise<void>} */
  async #show() {
    if (await this.tree.isVisible()) {
      return;
    }
    const icon = this.#page.locator('.activitybar a.action-label[aria-label^="Explorer"]');
    await waitFor('the explorer', async () => {
      if (!(await this.tree.isVisible())) {
        await icon.click({ timeout: 5_000 });
        await this.tree.waitFor({ timeout: 2_000 });
      }
      return true;
    });
  }

  /**
   * The tree has rows only for what is in view: scrolls until the file's row exists.
   * @param {string} path
   * @param {{ timeout?: number }} options
   * @returns {Promise<import('playwright-core').Locator>}
   */
  async #scrollTo(path, options) {
    const absolute = posix.join(this.#folder, path);
    const at = (/** @type {string} */ operator, /** @type {string} */ text) =>
      `.monaco-icon-label[aria-label${operator}${JSON.stringify(text)}]`;
    // The label is the path, and after a dot what a decoration has to say.
    const row = this.tree
      .locator('.monaco-list-row')
      .filter({ has: this.#page.locator(`${at('=', absolute)}, ${at('^=', `${absolute} •`)}`) });
    let down = false;
    await waitFor(
      `${path} in the explorer`,
      async () => {
        if ((await row.count()) > 0) {
          await row.scrollIntoViewIfNeeded({ timeout: 2_000 });
          return true;
        }
        // All the way up first, then down by less than a page each time, then from the top again.
        await this.tree.hover({ position: { x: 20, y: 20 } });
        await this.#page.mouse.wheel(0, down ? 200 : -100_000);
        const atEnd = (await this.tree.locator('.monaco-list-row[data-last-element="true"]').count()) > 0;
        down = !(down && atEnd);
        return false;
      },
      options,
    );
    return row;
  }
}
