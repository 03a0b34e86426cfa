/** The panel in every kind of theme, to people who cannot see it, and in a workspace that is not trusted. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { THEMES } from '../workbench.mjs';
import { analyze } from './panel.mjs';

/** From the window to the panel's own document: VS Code puts a frame into a frame. */
const PANEL_IN_WINDOW = ['iframe.webview.ready', '#active-frame', 'prunability-panel'];

/**
 * @param {import('../workbench.mjs').Workbench} workbench
 * @returns {Promise<string[]>} what axe finds serious or critical in the panel, one line an issue
 */
async function seriousIssues(workbench) {
  const results = await new AxeBuilder({ page: workbench.page }).include(PANEL_IN_WINDOW).analyze();
  // A rule that passed shows that axe has been inside.
  assert.ok(
    results.passes.some(({ nodes }) =>
      nodes.some(({ target }) => JSON.stringify(target).includes('prunability-panel')),
    ),
  );
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary}`).join('; ')}`,
    );
}

describe('the look', () => {
  const vscode = useVSCode({ prepare: (folder) => writeFile(join(folder, 'broken.pt'), 'no checkpoint') });

  for (const theme of /** @type {(keyof typeof THEMES)[]} */ (Object.keys(THEMES))) {
    it(`is accessible in ${theme}`, async () => {
      const { workbench } = vscode;
      await workbench.setTheme(theme);
      const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
      await panel.whenComplete();
      await waitFor('the panel to wear the theme', async () => {
        const kind = await panel.locator('body').getAttribute('data-vscode-theme-kind');
        return (
          kind ===
          {
            vs: 'vscode-light',
            'vs-dark': 'vscode-dark',
            'hc-black': 'vscode-high-contrast',
            'hc-light': 'vscode-high-contrast-light',
          }[THEMES[theme]]
        );
      });
      assert.deepEqual(await seriousIssues(workbench), []);
      await panel.frame.getByRole('tab', { name: 'All layers' }).click();
      await panel.locator('layer-charts vega-chart').nth(1).waitFor();
      await panel.locator('limit-ruler .data-toggle').click();
      assert.deepEqual(await seriousIssues(workbench), []);
      workbench.assertNoPolicyViolations();
      await workbench.closeEditors();
    });
  }

  it('is accessible when it reports a failure', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'broken.pt');
    await panel.notice.waitFor();
    assert.deepEqual(await seriousIssues(workbench), []);
  });
});

describe('a workspace that is not trusted', () => {
  const vscode = useVSCode({ workspaceTrust: true });

  it('is analysed in restricted mode', async () => {
    const { workbench } = vscode;

    const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
    await panel.whenComplete();
    assert.match(await panel.sentence(), /^About /);
    assert.ok(await workbench.page.locator('.statusbar').getByText('Restricted Mode').isVisible());
  });
});
