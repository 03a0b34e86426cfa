/** The panel in every kind of theme, and to people who cannot see it. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { seriousIssues, THEME_NAMES, wearsTheme } from './accessibility.mjs';
import { analyze } from './panel.mjs';

const PANEL = 'prunability-panel';

describe('the look', () => {
  const vscode = useVSCode({ prepare: (folder) => writeFile(join(folder, 'broken.pt'), 'no checkpoint') });

  for (const theme of THEME_NAMES) {
    it(`is accessible in ${theme}`, async () => {
      const { workbench } = vscode;
      await workbench.setTheme(theme);
      const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
      await panel.whenComplete();
      await wearsTheme(panel.frame, theme);
      assert.deepEqual(await seriousIssues(workbench, PANEL), []);
      await panel.frame.getByRole('tab', { name: 'All layers' }).click();
      await panel.locator('layer-charts vega-chart').nth(1).waitFor();
      await panel.locator('limit-ruler .data-toggle').click();
      assert.deepEqual(await seriousIssues(workbench, PANEL), []);
      workbench.assertNoPolicyViolations();
      await workbench.closeEditors();
    });
  }

  it('is accessible when it reports a failure', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'broken.pt');
    await panel.notice.waitFor();
    assert.deepEqual(await seriousIssues(workbench, PANEL), []);
  });
});
