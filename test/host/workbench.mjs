/**
 * A page object for VS Code in a browser: what a person does with the window, in their words. Everything waits
 * for what it needs; nothing sleeps.
 */

import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PageRecord } from './browser.mjs';
import { Explorer } from './explorer.mjs';
import { Notifications } from './notifications.mjs';
import { QuickInput } from './quick-input.mjs';
import { DEFAULT_TIMEOUT_MS, waitFor } from './wait.mjs';

/** The themes to look at, and the classes by which the workbench says that it wears one. */
export const THEMES = /** @type {const} */ ({
  'Default Dark Modern': 'vs-dark',
  'Default Light Modern': 'vs',
  'Default High Contrast': 'hc-black',
  'Default High Contrast Light': 'hc-light',
});

/** @typedef {keyof typeof THEMES} ThemeName */

/**
 * @typedef {object} OpenOptions
 * @property {import('playwright-core').Browser} browser
 * @property {string} [folder] another folder than the server's workspace
 * @property {boolean} [empty] true: a window without a folder
 * @property {{ width: number, height: number }} [viewport] 1280 × 900 unless told
 * @property {number} [deviceScaleFactor] 2 for pictures that are looked at closely
 * @property {'reduce' | 'no-preference'} [reducedMotion]
 * @property {(page: import('playwright-core').Page) => Promise<void>} [beforeOpening] e.g. to expose functions to the page
 */

/**
 * Opens VS Code in a window (a browser context) of its own.
 * @param {import('./server.mjs').VSCodeServer} server
 * @param {string} folder the server's workspace
 * @param {OpenOptions} options
 * @returns {Promise<Workbench>} once the window is drawn; extensions may still be starting
 */
export async function openWorkbench(server, folder, options) {
  const shown = resolve(options.folder ?? folder);
  const context = await options.browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 900 },
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    reducedMotion: options.reducedMotion ?? 'no-preference',
    locale: 'en-US',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  const workbench = new Workbench(page, server, shown);
  await options.beforeOpening?.(page);
  await page.goto(server.urlFor(options.empty === true ? undefined : shown), { waitUntil: 'commit' });
  await workbench.waitUntilDrawn();
  return workbench;
}

export class Workbench {
  /** @type {import('./server.mjs').VSCodeServer} */ #server;

  /**
   * @param {import('playwright-core').Page} page
   * @param {import('./server.mjs').VSCodeServer} server
   * @param {string} folder
   * @internal use {@link openWorkbench}
   */
  constructor(page, server, folder) {
    this.page = page;
    this.#server = server;
    this.folder = folder;
    /** What the page asked of other machines, and its console. */
    this.record = new PageRecord(page);
    this.quickInput = new QuickInput(page);
    this.explorer = new Explorer(page, folder);
    this.notifications = new Notifications(page, () => this.#openNotificationCentre());
  }

  /** @returns {Promise<void>} */
  async waitUntilDrawn() {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await this.page.locator('.monaco-workbench .part.editor').waitFor({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /**
   * Runs a command through the palette; waits for it while extensions are being loaded.
   * @param {string} command title with category ("Prunability: Analyze Prunability") or id
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<void>}
   */
  async runCommand(command, options) {
    await this.quickInput.runCommand(command, options);
  }

  /**
   * The document of a webview: a panel, a custom editor or a view. Find elements in it with `frame.locator(…)`.
   * The frame is a new one after a reload of the window and after its editor was moved: ask again then.
   * @param {string} selector that it contains; the first webview that has it is taken
   * @param {{ timeout?: number, text?: string | RegExp }} [options] `text`: that the element contains (several panels open)
   * @returns {Promise<import('playwright-core').Frame>} once the element is visible
   */
  async panelFrame(selector, options = {}) {
    return waitFor(
      `a webview with ${selector}${options.text === undefined ? '' : ` (${options.text})`}`,
      async () => {
        for (const frame of this.webviewFrames()) {
          const element = frame.locator(selector, { hasText: options.text }).first();
          // A frame in the background (its editor is behind another tab) is not visible either.
          if ((await isShown(frame)) && (await element.isVisible().catch(() => false))) {
            return frame;
          }
        }
        return undefined;
      },
      { ...options, describe: () => this.#describeWebviews() },
    );
  }

  /** Documents of all webviews, also of those in the background. @returns {import('playwright-core').Frame[]} */
  webviewFrames() {
    return this.page.frames().filter((frame) => frame.url().includes('/pre/fake.html') && !frame.isDetached());
  }

  /** @returns {Promise<string[]>} titles of the open editors, all groups */
  async editorTitles() {
    return this.#tabs.evaluateAll((tabs) =>
      // A file's extension has an element of its own; the folder's name, shown for files of the same name, is left out.
      tabs.map((tab) =>
        [...tab.querySelectorAll('.label-name, .label-suffix')]
          .map((part) => part.textContent)
          .join('')
          .trim(),
      ),
    );
  }

  /**
   * Brings an editor to the front.
   * @param {string} title
   * @returns {Promise<void>}
   */
  async selectEditor(title) {
    const index = await waitFor(
      `an editor ${title}`,
      async () => {
        const found = (await this.editorTitles()).indexOf(title);
        return found === -1 ? undefined : found;
      },
      { describe: async () => JSON.stringify(await this.editorTitles()) },
    );
    const tab = this.#tabs.nth(index);
    await tab.click({ timeout: DEFAULT_TIMEOUT_MS });
    await waitFor(`${title} to be in front`, async () => (await tab.getAttribute('aria-selected')) === 'true');
  }

  /** Closes every editor. @returns {Promise<void>} */
  async closeEditors() {
    // An editor that was asked for before may open after the command has run: closed again, then.
    await waitFor(
      'all editors to close',
      async () => {
        await this.#closeModalEditor();
        if ((await this.editorTitles()).length > 0) await this.runCommand('workbench.action.closeAllEditors');
        return (await this.editorTitles()).length === 0;
      },
      { describe: async () => JSON.stringify(await this.editorTitles()) },
    );
  }

  /** Some pages (settings) open above the window and keep the palette from opening. @returns {Promise<void>} */
  async #closeModalEditor() {
    const modal = this.page.locator('.modal-editor-part');
    if (await modal.isVisible()) {
      await modal.locator('.modal-editor-header .action-label.codicon-close').click({ timeout: 2_000 });
      await modal.waitFor({ state: 'hidden', timeout: 2_000 });
    }
  }

  /** Closes the editor in front. @returns {Promise<void>} */
  async closeActiveEditor() {
    const before = (await this.editorTitles()).length;
    await this.runCommand('workbench.action.closeActiveEditor');
    await waitFor('the editor to close', async () => (await this.editorTitles()).length < before);
  }

  /**
   * Moves the editor in front to another group, made where there is none. Its webview is loaded anew.
   * @param {'right' | 'left' | 'above' | 'below'} [direction]
   * @returns {Promise<void>}
   */
  async moveEditor(direction = 'right') {
    const before = await this.#activeGroup();
    const name = { right: 'Right', left: 'Left', above: 'Above', below: 'Below' }[direction];
    await this.runCommand(`workbench.action.moveEditorTo${name}Group`);
    await waitFor('the editor to change groups', async () => (await this.#activeGroup()) !== before);
  }

  /**
   * Drags a row of a tree into the editor area.
   * @param {() => import('playwright-core').Locator | Promise<import('playwright-core').Locator>} row finds it, each time it is tried
   * @param {string} title of the editor that this opens
   * @returns {Promise<void>} once its tab is there
   */
  async dragToEditors(row, title) {
    await waitFor(`${title} to open`, async () => {
      // A tree that is still filling may move the row away under the pointer: then it is dragged again.
      await (await row()).hover({ timeout: 5_000 });
      const area = await this.page.locator('.part.editor .editor-group-container').first().boundingBox();
      await this.page.mouse.down();
      if (area !== null) {
        await this.page.mouse.move(area.x + area.width / 2, area.y + area.height / 2, { steps: 10 });
      }
      await this.page.mouse.up();
      return waitFor('its tab', async () => (await this.editorTitles()).includes(title), { timeout: 5_000 });
    });
  }

  /** Reloads the window the way its command does, so that panels are put away and restored. @returns {Promise<void>} */
  async reload() {
    // A mark that only a new document lacks.
    await this.page.evaluate(() => Object.assign(globalThis, { beforeReload: true }));
    await this.runCommand('workbench.action.reloadWindow');
    await waitFor('the window to reload', async () => this.page.evaluate(() => !('beforeReload' in globalThis)));
    await this.waitUntilDrawn();
  }

  /**
   * @param {ThemeName} theme
   * @returns {Promise<void>} once the window wears it
   */
  async setTheme(theme) {
    await this.#server.updateSettings({ 'workbench.colorTheme': theme });
    await waitFor(`the theme ${theme}`, async () => (await this.#workbenchClasses()).includes(THEMES[theme]), {
      describe: async () => (await this.#workbenchClasses()).join(' '),
    });
  }

  /**
   * Changes settings (see {@link import('./server.mjs').VSCodeServer.updateSettings}).
   * @param {Record<string, unknown>} changes
   * @returns {Promise<void>} once written; the window follows within a second, so wait for the effect
   */
  async updateSettings(changes) {
    await this.#server.updateSettings(changes);
  }

  /** Text of the clipboard. @returns {Promise<string>} */
  async clipboard() {
    await this.page.bringToFront();
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /**
   * @param {string} file a .png; its folder is made
   * @param {{ clip?: { x: number, y: number, width: number, height: number } }} [options]
   * @returns {Promise<string>} the file's absolute path
   */
  async screenshot(file, options = {}) {
    const path = resolve(file);
    await mkdir(dirname(path), { recursive: true });
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide', ...options });
    return path;
  }

  /** @throws {Error} when anything in the window has asked for something of another machine */
  assertOffline() {
    const { outsideRequests } = this.record;
    if (outsideRequests.length > 0) {
      throw new Error(`The window asked for addresses outside this machine:\n${outsideRequests.join('\n')}`);
    }
  }

  /** @throws {Error} when a content security policy refused something in the window */
  assertNoPolicyViolations() {
    const { policyViolations } = this.record;
    if (policyViolations.length > 0) {
      throw new Error(`A content security policy refused:\n${policyViolations.join('\n')}`);
    }
  }

  /** Closes the window. @returns {Promise<void>} */
  async close() {
    await this.page.context().close();
  }

  /** The tabs of all editor groups. */
  get #tabs() {
    return this.page.locator('.tabs-container .tab');
  }

  /** @returns {Promise<string[]>} */
  async #workbenchClasses() {
    const classes = await this.page.locator('.monaco-workbench').first().getAttribute('class');
    return (classes ?? '').split(/\s+/);
  }

  /** @returns {Promise<string>} which group is active, of how many: changes when an editor moves */
  async #activeGroup() {
    const groups = this.page.locator('.editor-group-container');
    return groups.evaluateAll((all) => {
      const active = all.findIndex((group) => group.classList.contains('active'));
      return `${active} of ${all.length}`;
    });
  }

  /** @returns {Promise<void>} */
  async #openNotificationCentre() {
    if (!this.#server.hidesToasts || (await this.page.locator('.notifications-center.visible').count()) > 0) {
      return;
    }
    await this.runCommand('notifications.showList');
    await this.page.locator('.notifications-center.visible').waitFor({ timeout: 5_000 });
  }

  /** @returns {Promise<string>} */
  async #describeWebviews() {
    const texts = await Promise.all(
      this.webviewFrames().map((frame) =>
        frame
          .locator('body')
          .innerText({ timeout: 1_000 })
          .then(
            (text) => JSON.stringify(text.slice(0, 200)),
            () => '(no body)',
          ),
      ),
    );
    return texts.length === 0 ? 'there is no webview' : `webviews with ${texts.join(', ')}`;
  }
}

/**
 * @param {import('playwright-core').Frame} frame of a webview's document
 * @returns {Promise<boolean>} whether the frame element, and the one around it, are visible
 */
async function isShown(frame) {
  for (
    let at = /** @type {import('playwright-core').Frame | null} */ (frame);
    at?.parentFrame() != null;
    at = at.parentFrame()
  ) {
    const element = await at.frameElement();
    if (!(await element.isVisible())) {
      return false;
    }
  }
  return true;
}
