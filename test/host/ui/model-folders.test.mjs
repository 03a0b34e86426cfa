/** Models that are folders, as a person meets them: in the explorer, in the Models view, and as the title of a panel. */

import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { openComparison } from './comparison-panel.mjs';
import { ModelsView } from './models-view.mjs';
import { analyze, openPanel } from './panel.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const out = join(root, 'out', 'model-folders');

const ANALYZE = 'Analyze Prunability';
const COMPARE_WITH = 'Compare Model with…';

/** Folders that are models, by what makes them so: the name, and what the search finds in them. */
const MODELS = {
  'digits.mlpackage': 'coreml/float16.mlpackage',
  'arrays.zarr': 'orbax/v2.zarr',
  saved_model: 'tensorflow/saved_model',
  checkpoint: 'orbax/ocdbt',
  'step-100': 'pytorch/distributed',
};

const THEMES_SEEN = /** @type {const} */ (['Default Light Modern', 'Default Dark Modern']);

describe('models that are folders', () => {
  const vscode = useVSCode({
    prepare: async (folder) => {
      for (const [name, fixture] of Object.entries(MODELS)) {
        await cp(join(root, 'test', 'fixtures', fixture), join(folder, 'models', name), { recursive: true });
      }
      await mkdir(join(folder, 'models', 'notes'));
      await writeFile(join(folder, 'models', 'notes', 'readme.txt'), 'no model');
      await writeFile(join(folder, 'load.py'), 'model = load("models/saved_model")\n');
    },
  });

  it('are offered for analysis in the explorer, and other folders are not', async () => {
    const { workbench } = vscode;
    for (const name of Object.keys(MODELS)) {
      await waitFor(`${name} to be offered`, async () => {
        const labels = await workbench.explorer.menuLabels(`models/${name}`);
        return labels.includes(ANALYZE) && labels.includes(COMPARE_WITH);
      });
    }
    for (const name of ['models', 'models/notes', 'models/saved_model/variables', 'fashion-mnist']) {
      const labels = await workbench.explorer.menuLabels(name);
      assert.ok(!labels.includes(ANALYZE), `${name}: ${labels.join(', ')}`);
    }
  });

  it('are analyzed under the name of the folder, and decorated with what was found', async () => {
    const { workbench } = vscode;
    const path = 'models/digits.mlpackage';
    await waitFor('the tooltip', async () =>
      /^Core ML .* parameters · .*\n(?:Not analyzed yet|Predicted limit|Looks untrained|No limit)/.test(
        (await workbench.explorer.decoration(path)).tooltip,
      ),
    );
    await workbench.explorer.menu(path, ANALYZE);
    const panel = await openPanel(workbench, 'digits.mlpackage');
    await panel.whenComplete();
    assert.deepEqual(await workbench.editorTitles(), ['digits.mlpackage']);
    assert.match(await panel.facts(), /Core ML/);
    await waitFor('the found limit', async () =>
      /\n(?:Predicted limit|Looks untrained|No limit)/.test((await workbench.explorer.decoration(path)).tooltip),
    );
    for (const theme of THEMES_SEEN) {
      await workbench.setTheme(theme);
      await workbench.screenshot(join(out, `explorer-${theme}.png`));
    }
  });

  it('come back after a reload of the window', async () => {
    const { workbench } = vscode;
    await workbench.reload();
    const panel = await openPanel(workbench, 'digits.mlpackage');
    await panel.whenComplete();
    assert.deepEqual(await workbench.editorTitles(), ['digits.mlpackage']);
    await workbench.closeEditors();
  });

  it('are in the list of models to analyze, by their name', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'models/checkpoint');
    await panel.whenComplete();
    assert.match(await panel.facts(), /Orbax/);
    await workbench.closeEditors();
  });

  it('are compared when two are selected', async () => {
    const { workbench } = vscode;
    await workbench.explorer.menu('models/arrays.zarr', 'Compare Models', { after: 'models/saved_model' });
    const panel = await openComparison(workbench, 'comparison');
    assert.deepEqual(await workbench.editorTitles(), ['saved_model ↔ arrays.zarr']);
    assert.ok(await panel.locator('h1').first().isVisible());
    await workbench.closeEditors();
  });

  it('are one item each in the Models view, with a card', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    await view.expand('models');
    for (const name of Object.keys(MODELS)) await view.row(name).waitFor();
    const labels = await view.labels();
    for (const part of ['variables', 'saved_model.pb', '.metadata', '_METADATA', 'manifest.ocdbt', 'weight.bin']) {
      assert.ok(!labels.includes(part), labels.join(', '));
    }
    await view.press('step-100', ANALYZE);
    await (await openPanel(workbench, 'step-100')).whenComplete();
    await workbench.closeEditors();
    assert.match(await view.hover('saved_model'), /saved_model[\s\S]*TensorFlow SavedModel/);
    for (const theme of THEMES_SEEN) {
      await workbench.setTheme(theme);
      await view.hover('checkpoint');
      await workbench.screenshot(join(out, `view-${theme}.png`));
    }
  });
});
