/** A workspace that is not trusted: everything works, since nothing of it is executed. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { openComparison } from './comparison-panel.mjs';
import { ModelsView } from './models-view.mjs';
import { analyze } from './panel.mjs';
import { hoverLine } from './source-hover.mjs';

describe('a workspace that is not trusted', () => {
  const vscode = useVSCode({
    workspaceTrust: true,
    prepare: (folder) => writeFile(join(folder, 'load.py'), 'model = "fashion-mnist/epoch1.pt"\n'),
  });

  it('is analyzed in restricted mode', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
    await panel.whenComplete();
    assert.match(await panel.sentence(), /^About /);
    assert.ok(await workbench.page.locator('.statusbar').getByText('Restricted Mode').isVisible());
    await workbench.closeEditors();
  });

  it('has tooltips and badges in the explorer', async () => {
    const { explorer } = vscode.workbench;
    await waitFor('the badge', async () => /^\d\d$/.test((await explorer.decoration('fashion-mnist/epoch3.pt')).badge));
    await waitFor('the header', async () =>
      /^PyTorch.* parameters · float32 · .*\nNot analyzed yet$/.test(
        (await explorer.decoration('fashion-mnist/epoch1.pt')).tooltip,
      ),
    );
  });

  it('has cards over paths in source code', async () => {
    const { workbench } = vscode;
    await workbench.explorer.open('load.py');
    const card = await hoverLine(workbench, 'model');
    assert.match(await card.innerText(), /epoch1\.pt[\s\S]*20[.,]/);
    await workbench.closeEditors();
  });

  it('has the list of models, the view of the selected one, and comparisons', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    await view.expand('fashion-mnist');
    await view.select('untrained.pt');
    await view.summarySays(/^untrained\.pt PyTorch zip/);
    await view.press('epoch*.pt', 'Compare Training Run');
    const run = await openComparison(workbench, 'run');
    assert.match(await run.sentence(), /^From step 1 to 3: /);
    assert.ok(await workbench.page.locator('.statusbar').getByText('Restricted Mode').isVisible());
  });
});
