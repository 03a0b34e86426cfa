/** Where the pictures are taken: a window without what does not belong to the extension. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../test/host/wait.mjs';
import { withPalette } from './palette.mjs';

/** @typedef {import('../../test/host/workbench.mjs').Workbench} Workbench */

/**
 * @typedef {object} Picture
 * @property {string} name
 * @property {'screenshots' | 'walkthrough'} folder in media/
 * @property {import('../../test/host/workbench.mjs').ThemeName} theme
 * @property {{ width: number, height: number }} window
 * @property {'device' | 'css'} scale of the pixels: `css` for a picture that is shown small
 * @property {string} [crop] selector of the part of the window that is shown, instead of all of it
 * @property {(workbench: Workbench) => Promise<{ pointer?: 'stays' } | void>} arrange brings everything into view; the
 *   pointer is moved away afterwards, unless it has to stay for what it hovers
 */

/** Only what belongs to the extension, besides the title bar and the tabs. */
const SETTINGS = {
  'workbench.activityBar.location': 'hidden',
  'workbench.statusBar.visible': false,
  'workbench.layoutControl.enabled': false,
  'editor.minimap.enabled': false,
  'breadcrumbs.enabled': false,
  'workbench.editor.useModal': 'off',
};

const SIDE_BAR = '.part.sidebar';

export class Stage {
  /** @type {Workbench} */ #workbench;
  /** @type {string} */ #media;
  #tidied = false;

  /**
   * @param {Workbench} workbench
   * @param {string} media the folder that the pictures' folders are in
   */
  constructor(workbench, media) {
    this.#workbench = workbench;
    this.#media = media;
  }

  /** @param {Picture} picture @returns {Promise<string>} the file */
  async take({ name, folder, theme, window, scale, crop, arrange }) {
    const { page } = this.#workbench;
    await this.#tidy();
    await page.setViewportSize(window);
    await this.#workbench.setTheme(theme);
    const arranged = await arrange(this.#workbench);
    if (arranged?.pointer !== 'stays') {
      // Nothing under the pointer: hovered elements look different.
      await page.mouse.move(window.width / 2, 1);
    }
    await this.#still(name);
    const clip = crop === undefined ? null : await page.locator(crop).boundingBox();
    const file = await this.#workbench.screenshot(join(this.#media, folder, `${name}.png`), {
      scale,
      ...(clip === null ? {} : { clip }),
    });
    await writeFile(file, withPalette(await readFile(file)));
    await page.mouse.move(window.width / 2, 1);
    await this.#workbench.closeEditors();
    await this.#closeSideBar();
    return file;
  }

  /** Before the first picture. @returns {Promise<void>} */
  async #tidy() {
    if (this.#tidied) return;
    await this.#workbench.updateSettings(SETTINGS);
    await this.#workbench.page.locator('.part.statusbar').waitFor({ state: 'hidden' });
    await this.#closeSideBar();
    this.#tidied = true;
  }

  /** @returns {Promise<void>} */
  async #closeSideBar() {
    const sideBar = this.#workbench.page.locator(SIDE_BAR);
    if (!(await sideBar.isVisible())) return;
    await this.#workbench.runCommand('View: Close Primary Side Bar');
    await sideBar.waitFor({ state: 'hidden' });
  }

  /** @param {string} what @returns {Promise<void>} once two pictures in a row are the same: charts draw a frame later than their data arrive */
  async #still(what) {
    const { page } = this.#workbench;
    let last = Buffer.alloc(0);
    await waitFor(`${what} to stand still`, async () => {
      const now = await page.screenshot({ animations: 'disabled', caret: 'hide' });
      const still = now.equals(last);
      last = now;
      return still;
    });
  }
}
