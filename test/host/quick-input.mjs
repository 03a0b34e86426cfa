/** VS Code's box at the top of the window: command palette, quick picks, input boxes, and (in a browser) file dialogs. */

import { DEFAULT_TIMEOUT_MS, exactly, waitFor } from './wait.mjs';

/** How long the palette may take to open, and to show the command, before it is opened anew. */
const PALETTE_ROUND_MS = 500;
const LONGEST_PALETTE_ROUND_MS = 4_000;
/** How long a file dialog may take to accept a file before Enter is pressed anew. */
const ENTER_ROUND_MS = 5_000;

export class QuickInput {
  /** @type {import('playwright-core').Page} */ #page;

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** The whole box. */
  get widget() {
    return this.#page.locator('.quick-input-widget');
  }

  /** The line to type in. */
  get input() {
    return this.widget.locator('.quick-input-box input.input');
  }

  /** @returns {import('playwright-core').Locator} the rows of its list; far ones of a long list exist only once scrolled to */
  get rows() {
    return this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /**
   * Runs a command through the palette, waiting for it while extensions are still being loaded.
   * @param {string} command its title with category ("Prunability: Analyze Prunability") or its id
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<void>}
   */
  async runCommand(command, options = {}) {
    const row = this.#entry(command);
    // Short at first, because F1 now and then goes to a webview that does not pass it on (it is being loaded);
    // longer each time, because a busy machine may need it.
    let patience = PALETTE_ROUND_MS;
    await waitFor(
      `the command "${command}" in the palette`,
      async () => {
        // An open palette does not learn of commands that appear later, and F1 does not open it anew:
        // close it first, each time.
        await this.dismiss();
        if (patience > PALETTE_ROUND_MS) await this.#takeFocus();
        await this.#page.keyboard.press('F1');
        try {
          await this.input.fill(`>${command}`, { timeout: patience });
          await row.first().waitFor({ timeout: patience });
        } finally {
          patience = Math.min(2 * patience, LONGEST_PALETTE_ROUND_MS);
        }
        await row.first().click({ timeout: LONGEST_PALETTE_ROUND_MS });
        return true;
      },
      {
        timeout: options.timeout,
        describe: async () => `the palette offers ${JSON.stringify(await this.labels())}`,
      },
    );
  }

  /** @returns {Promise<string[]>} labels of the rows in view */
  async labels() {
    const labels = await this.rows.locator('.quick-input-list-row:first-child .label-name').allTextContents();
    return labels.map((label) => label.trim());
  }

  /**
   * Takes an entry of a quick pick.
   * @param {string} label
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<void>}
   */
  async pick(label, options = {}) {
    await this.#entry(label)
      .first()
      .click({ timeout: options.timeout ?? DEFAULT_TIMEOUT_MS });
  }

  /**
   * Ticks entries of a quick pick that takes several; `accept()` ends it.
   * @param {string[]} labels
   * @returns {Promise<void>}
   */
  async tick(labels) {
    for (const label of labels) {
      await this.#entry(label).first().getByRole('checkbox').click({ timeout: DEFAULT_TIMEOUT_MS });
    }
  }

  /**
   * Types into the box, replacing what is there. Waits for the box.
   * @param {string} text
   * @returns {Promise<void>}
   */
  async type(text) {
    await this.input.waitFor({ timeout: DEFAULT_TIMEOUT_MS });
    await this.input.fill(text);
  }

  /** What the box says below its line: a prompt, or why the input is refused. @returns {Promise<string>} */
  async message() {
    const texts = await this.widget.locator('.quick-input-message:visible').allInnerTexts();
    return texts.join('\n').trim();
  }

  /**
   * Waits for what the box says below its line: extensions check an input some time after it was typed.
   * @param {string | RegExp} part
   * @returns {Promise<string>} the whole message
   */
  async waitForMessage(part) {
    return waitFor(
      `the input box to say ${part}`,
      async () => {
        const message = await this.message();
        const fits = typeof part === 'string' ? message.includes(part) : part.test(message);
        return fits ? message : undefined;
      },
      { describe: () => this.message() },
    );
  }

  /** Presses Enter. @returns {Promise<void>} */
  async accept() {
    await this.input.press('Enter');
  }

  /** Presses Escape until the box is gone: a question inside a dialog gives way to the dialog first. @returns {Promise<void>} */
  async dismiss() {
    await waitFor('the box at the top to close', async () => {
      if (!(await this.widget.isVisible())) {
        return true;
      }
      await this.#page.keyboard.press('Escape');
      return false;
    });
  }

  /**
   * Answers an open or save dialog. (In a browser VS Code asks for files of the server in this box.)
   * @param {string} path absolute
   * @param {{ overwrite?: boolean }} [options] `overwrite`: say yes when the file exists (otherwise an Error, and the dialog stays)
   * @returns {Promise<void>} once the dialog has closed
   */
  async chooseFile(path, options = {}) {
    const title = this.widget.locator('.quick-input-title');
    await waitFor('a file dialog', async () => {
      const value = await this.input.inputValue({ timeout: 1_000 });
      return value.startsWith('/') && (await title.isVisible());
    });
    // The dialog fills in its suggestion a moment after it opens and would write over an early text.
    await waitFor(`the file dialog to take "${path}"`, async () => {
      await this.input.fill(path, { timeout: 1_000 });
      await this.#settled();
      return (await this.input.inputValue({ timeout: 1_000 })) === path;
    });
    const question = title.filter({ hasText: /already exists/ });
    let pressed = Number.NEGATIVE_INFINITY;
    const outcome = await waitFor(
      `the file dialog to accept "${path}"`,
      async () => {
        if (await question.isVisible()) {
          return 'exists';
        }
        // Another box, without a title, may have been opened by the command that asked for the file.
        if (pressed > 0 && !(await title.isVisible())) {
          return 'done';
        }
        // While the dialog still looks up what was typed it takes no Enter.
        if (Date.now() - pressed > ENTER_ROUND_MS) {
          pressed = Date.now();
          await this.input.press('Enter', { timeout: 1_000 });
        }
        return undefined;
      },
      { describe: () => this.message() },
    );
    if (outcome === 'exists') {
      const text = (await question.innerText()).trim();
      if (options.overwrite !== true) {
        throw new Error(`The file dialog asks: ${text}`);
      }
      await this.accept();
      await question.waitFor({ state: 'hidden', timeout: DEFAULT_TIMEOUT_MS });
    }
  }

  /** The text of the line stays the same over a few looks. @returns {Promise<void>} */
  async #settled() {
    let last = '';
    let same = 0;
    await waitFor('the file dialog to settle', async () => {
      const value = await this.input.inputValue({ timeout: 1_000 });
      same = value === last ? same + 1 : 0;
      last = value;
      return same >= 4;
    });
  }

  /** From a webview that swallows keys to the workbench. @returns {Promise<void>} */
  async #takeFocus() {
    await this.#page.evaluate(() => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      window.focus();
    });
  }

  /** @param {string} labelOrId @returns {import('playwright-core').Locator} */
  #entry(labelOrId) {
    const byLabel = this.rows.filter({
      has: this.#page.locator('.quick-input-list-row:first-child .label-name', { hasText: exactly(labelOrId) }),
    });
    const byId = this.rows.filter({
      has: this.#page.locator(`[data-quick-input-id=${JSON.stringify(labelOrId)}]`),
    });
    return byLabel.or(byId);
  }
}
