/** The side bar's view of the selected model: what it says before, during and after an analysis, and where it leads. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { seriousIssues, THEME_NAMES, wearsTheme } from './accessibility.mjs';
import { cliReport } from './cli-report.mjs';
import { ModelsView } from './models-view.mjs';
import { openPanel } from './panel.mjs';
import { writeLongFile } from './safetensors-files.mjs';
import { assertShown } from './shown-number.mjs';

const MODEL = 'epoch2.pt';
/** Takes many seconds to read, on any machine. */
const LONG = 'long.safetensors';
const LONG_GIGABYTES = 256;

describe('the view of the selected model', () => {
  const vscode = useVSCode({ prepare: (folder) => writeLongFile(join(folder, LONG), LONG_GIGABYTES) });
  /** @type {ModelsView} */
  let view;

  it('says what to do while nothing is selected', async () => {
    view = new ModelsView(vscode.workbench);
    await view.open();
    await view.summarySays(/^Select a model in the list, or open a model file/);
  });

  it('tells by the header what the model is that is selected in the tree', async () => {
    // The last to come: its name tells nothing, it is listed once its header was read.
    await view.row('language-detection').waitFor();
    await view.expand('fashion-mnist');
    await view.expand('epoch*.pt');
    await view.select(MODEL);
    await view.summarySays(
      /^epoch2\.pt PyTorch zip · 20,538 parameters · \d+ tensors · .* KB Not analyzed yet\. Analyze Compare with…$/,
    );
    assert.deepEqual(await vscode.workbench.editorTitles(), []);
  });

  it('leads to the analysis, and has its answer afterwards', async () => {
    const { workbench } = vscode;
    const { limits, model } = await cliReport(join(vscode.folder, 'fashion-mnist', MODEL));
    await (await view.summary()).getByRole('button', { name: 'Analyze', exact: true }).click();
    const panel = await openPanel(workbench, MODEL);
    await panel.whenComplete();
    const [, limit = '', kurtosis = ''] = await view.summarySays(
      /About (\d+ %) can go if fine-tuned, .* if not\. .*Kurtosis (\S+) Zeros 0 % Analyzed now Open the analysis/,
    );
    const best = limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === 'weights');
    assertShown(limit, best?.prunedFraction, 'limit');
    assertShown(kurtosis, model.kurtosisWeights, 'kurtosis');
    await view
      .row(MODEL)
      .locator('.label-description', { hasText: new RegExp(`^${limit.replace(' ', '\\s')}`) })
      .waitFor();
  });

  it('leads back to the editor', async () => {
    const { workbench } = vscode;
    await workbench.closeEditors();
    await (await view.summary()).getByRole('button', { name: 'Open the analysis' }).click();
    await openPanel(workbench, MODEL);
    assert.deepEqual(await workbench.editorTitles(), [MODEL]);
  });

  it('follows the editor that is used', async () => {
    const { workbench } = vscode;
    await view.press('epoch3.pt', 'Analyze Prunability');
    await (await openPanel(workbench, 'epoch3.pt')).whenComplete();
    await view.summarySays(/^epoch3\.pt /);
    await workbench.selectEditor(MODEL);
    await view.summarySays(/^epoch2\.pt /);
  });

  it('shows how far a long analysis is, and stops it', async () => {
    const { workbench } = vscode;
    await view.select(LONG);
    await view.summarySays(/^long\.safetensors .* Not analyzed yet\./);
    await (await view.summary()).getByRole('button', { name: 'Analyze', exact: true }).click();
    const bar = (await view.summary()).getByRole('progressbar', { name: 'Analysis' });
    await waitFor('some progress', async () => Number(await bar.getAttribute('aria-valuenow', { timeout: 500 })) >= 1);
    await workbench.page
      .locator('.statusbar')
      .getByText(/Analyzing long\.safetensors: \d+ %/)
      .waitFor();
    await (await view.summary()).getByRole('button', { name: 'Cancel' }).click();
    await view.summarySays(/^long\.safetensors .* Not analyzed yet\. Analyze/);
    const panel = await openPanel(workbench, LONG);
    assert.match(await panel.text('run-notice .notice'), /^Stopped at \d+ % of the file/);
    await workbench.page
      .locator('.statusbar')
      .getByText(/Analyzing long/)
      .waitFor({ state: 'hidden' });
    await workbench.closeEditors();
  });

  for (const theme of THEME_NAMES) {
    it(`is accessible in ${theme}`, async () => {
      const { workbench } = vscode;
      await workbench.setTheme(theme);
      await view.select(MODEL);
      await view.summarySays(/^epoch2\.pt .*About/);
      await wearsTheme(await view.summary(), theme);
      assert.deepEqual(await seriousIssues(workbench, 'prunability-summary'), []);
    });
  }

  it('keeps to the policy of its content', () => {
    vscode.workbench.assertNoPolicyViolations();
    assert.deepEqual(
      vscode.workbench.record.pageErrors.map((error) => error.message),
      [],
    );
  });
});
