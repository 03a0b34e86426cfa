/** What axe finds in our webviews, and in which theme they are. */

import { seriousFindings } from '../axe.mjs';
import { waitFor } from '../wait.mjs';
import { THEMES } from '../workbench.mjs';

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
 * @param {string} element of the page of a webview that is visible
 * @returns {Promise<string[]>} what axe finds serious or critical in it
 */
export async function seriousIssues(workbench, element) {
  return seriousFindings(await workbench.panelFrame(element), [element]);
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
