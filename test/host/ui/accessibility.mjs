/** What axe finds in our webviews, and in which theme they are. */

import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import { waitFor } from '../wait.mjs';
import { THEMES } from '../workbench.mjs';

/** From the window to a webview's own document: VS Code puts a frame into a frame. */
const WEBVIEW_IN_WINDOW = ['iframe.webview.ready', '#active-frame'];

/** What VS Code tells a webview of the window's theme. */
const THEME_KINDS = {
  vs: 'vscode-light',
  'vs-dark': 'vscode-dark',
  'hc-black': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast-light',
};

/** All themes to look at. */
export const THEME_NAMES = /** @type {import('../workbench.mjs').ThemeName[]} */ (Object.keys(THEMES));

/**
 * @param {import('../workbench.mjs').Workbench} workbench
 * @param {string} element of the webview's page; no other webview may be visible
 * @returns {Promise<string[]>} what axe finds serious or critical in it, one line an issue
 */
export async function seriousIssues(workbench, element) {
  const results = await new AxeBuilder({ page: workbench.page }).include([...WEBVIEW_IN_WINDOW, element]).analyze();
  // A rule that passed shows that axe has been inside.
  assert.ok(
    results.passes.some(({ nodes }) => nodes.some(({ target }) => JSON.stringify(target).includes(element))),
    `axe has not been inside of ${element}`,
  );
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary}`).join('; ')}`,
    );
}

/**
 * @param {import('playwright-core').Frame} frame of a webview
 * @param {import('../workbench.mjs').ThemeName} theme
 * @returns {Promise<void>} once the webview wears it
 */
export async function wearsTheme(frame, theme) {
  const kind = THEME_KINDS[THEMES[theme]];
  await waitFor(
    `the webview to wear ${theme}`,
    async () => (await frame.locator('body').getAttribute('data-vscode-theme-kind')) === kind,
  );
}
