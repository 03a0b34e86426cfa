/** VS Code's notifications and modal dialogs. */

import { DEFAULT_TIMEOUT_MS, exactly, waitFor } from './wait.mjs';

/**
 * @typedef {object} NotificationContent
 * @property {'info' | 'warning' | 'error'} severity
 * @property {string} message
 * @property {string[]} buttons
 */

/** One notification on the screen. */
export class Notification {
  /** @type {import('playwright-core').Locator} */ #item;

  /**
   * @param {import('playwright-core').Locator} item
   * @param {NotificationContent} content
   */
  constructor(item, content) {
    this.#item = item;
    this.severity = content.severity;
    this.message = content.message;
    this.buttons = content.buttons;
  }

  /** @param {string} label @returns {Promise<void>} */
  async press(label) {
    await this.#item.locator('.monaco-button', { hasText: exactly(label) }).click({ timeout: DEFAULT_TIMEOUT_MS });
  }

  /** Closes it with its cross. @returns {Promise<void>} */
  async close() {
    await this.#item.hover();
    await this.#item.locator('.codicon-notifications-clear').click({ timeout: DEFAULT_TIMEOUT_MS });
  }
}

export class Notifications {
  /** @type {import('playwright-core').Page} */ #page;
  /** @type {() => Promise<void>} */ #openCentre;

  /**
   * @param {import('playwright-core').Page} page
   * @param {() => Promise<void>} openCentre called before looking, where toasts are suppressed
   */
  constructor(page, openCentre) {
    this.#page = page;
    this.#openCentre = openCentre;
  }

  /** The notifications on the screen. */
  get items() {
    return this.#page.locator('.notification-list-item:visible');
  }

  /** @returns {Promise<NotificationContent[]>} what is on the screen now */
  async all() {
    await this.#openCentre();
    return this.items.evaluateAll((items) =>
      items.map((item) => {
        const icon = item.querySelector('.notification-list-item-icon')?.className ?? '';
        const severity = /codicon-(error|warning)/.exec(icon)?.[1];
        return {
          severity: /** @type {'info' | 'warning' | 'error'} */ (severity ?? 'info'),
          message: item.querySelector('.notification-list-item-message')?.textContent?.trim() ?? '',
          buttons: [...item.querySelectorAll('.notification-list-item-buttons-container .monaco-button')].map(
            (button) => button.textContent?.trim() ?? '',
          ),
        };
      }),
    );
  }

  /**
   * @param {string | RegExp} message a part of it
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<Notification>} once it is there
   */
  async waitFor(message, options = {}) {
    return waitFor(
      `a notification ${message}`,
      async () => {
        const contents = await this.all();
        const index = contents.findIndex((content) =>
          typeof message === 'string' ? content.message.includes(message) : message.test(content.message),
        );
        const content = contents[index];
        if (content === undefined) {
          return undefined;
        }
        const item = this.#page.locator('.notification-list-item:visible', {
          has: this.#page.locator('.notification-list-item-message', { hasText: exactly(content.message) }),
        });
        return new Notification(item.first(), content);
      },
      { ...options, describe: async () => JSON.stringify(await this.all()) },
    );
  }

  /**
   * @param {{ timeout?: number }} [options]
   * @returns {Promise<{ message: string, detail: string, buttons: string[], press(label: string): Promise<void> }>} the modal dialog, once there is one
   */
  async waitForDialog(options = {}) {
    const box = this.#page.locator('.monaco-dialog-box');
    await box.waitFor({ timeout: options.timeout ?? DEFAULT_TIMEOUT_MS });
    const text = async (/** @type {string} */ selector) =>
      ((await box.locator(selector).allTextContents())[0] ?? '').trim();
    const button = box.locator('.dialog-buttons .monaco-button');
    return {
      message: await text('.dialog-message-text'),
      detail: await text('.dialog-message-detail'),
      buttons: (await button.allTextContents()).map((label) => label.trim()),
      press: async (label) => {
        await button.filter({ hasText: exactly(label) }).click({ timeout: DEFAULT_TIMEOUT_MS });
        await box.waitFor({ state: 'hidden', timeout: DEFAULT_TIMEOUT_MS });
      },
    };
  }
}
