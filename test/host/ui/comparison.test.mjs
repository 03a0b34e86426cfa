/** Two models, and a run, compared: from the explorer and the Models view, through swapping and reloading, in every theme. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { seriousIssues, THEME_NAMES, wearsTheme } from './accessibility.mjs';
import { cliComparison } from './cli-report.mjs';
import { openComparison } from './comparison-panel.mjs';
import { ModelsView } from './models-view.mjs';
import { assertShown } from './shown-number.mjs';

const BEFORE = 'fashion-mnist/epoch1.pt';
const AFTER = 'fashion-mnist/epoch3.pt';
const PAGE = 'prunability-comparison';
const TITLE = 'epoch1.pt ↔ epoch3.pt';

describe('a comparison', () => {
  const vscode = useVSCode({ window: { viewport: { width: 1600, height: 1000 } } });
  /** @type {import('./comparison-panel.mjs').ComparisonPanel} */
  let panel;

  /** The sentence, and that its figures are those of the command line. @param {string} before @param {string} after */
  const assertSentence = async (before, after) => {
    const { pair, ...sides } = await cliComparison(join(vscode.folder, before), join(vscode.folder, after));
    const sentence = await panel.sentence();
    const figures =
      /^The weights moved by (.+ %) \(relative change\), cosine (.+); predicted limit (.+ %) → (.+ %), kurtosis (.+) → (.+)\.$/.exec(
        sentence,
      );
    assert.ok(figures, sentence);
    const [, change = '', cosine = '', limitBefore = '', limitAfter = '', kurtosisBefore = '', kurtosisAfter = ''] =
      figures;
    assertShown(change, pair?.relativeChange, 'relative change');
    assertShown(cosine, pair?.cosineSimilarity, 'cosine');
    assertShown(limitBefore, sides.before.limit, 'limit before');
    assertShown(limitAfter, sides.after.limit, 'limit after');
    assertShown(kurtosisBefore, sides.before.model.kurtosisWeights, 'kurtosis before');
    assertShown(kurtosisAfter, sides.after.model.kurtosisWeights, 'kurtosis after');
  };

  it('is made of the two files that are selected in the explorer, and answers in a sentence', async () => {
    const { workbench } = vscode;
    await workbench.explorer.menu(AFTER, 'Compare Models', { after: BEFORE });
    panel = await openComparison(workbench, 'comparison');
    assert.ok((await workbench.editorTitles()).includes(TITLE));
    assert.deepEqual(await panel.sides(), ['epoch1.pt', 'epoch3.pt']);
    await assertSentence(BEFORE, AFTER);
  });

  it('lists every tensor with the figures of the command line, and draws the one that is clicked', async () => {
    const { tensors } = await cliComparison(join(vscode.folder, BEFORE), join(vscode.folder, AFTER));
    const rows = await panel.rows();
    assert.deepEqual(
      rows.map(({ name }) => name),
      tensors.map(({ name }) => name),
    );
    let compared = 0;
    for (const [i, { pair, name }] of tensors.entries()) {
      if (pair === null) continue;
      compared++;
      assertShown(rows[i]?.cells['Cosine'] ?? '', pair.cosineSimilarity, `cosine of ${name}`);
      assertShown(rows[i]?.cells['Change'] ?? '', pair.relativeChange, `change of ${name}`);
    }
    assert.ok(compared >= 10, `${compared} tensors were compared`);

    await panel.select('fc1.weight');
    const chart = panel.locator('compared-tensor vega-chart .chart');
    assert.match(
      (await chart.getAttribute('aria-label')) ?? '',
      /^Distribution of fc1\.weight from .* before, .* after/,
    );
    await waitFor('the drawing', async () => (await chart.locator('svg, canvas').count()) > 0);
  });

  it('has analyzed both by the way: the explorer knows their limits', async () => {
    const { explorer } = vscode.workbench;
    const { before, after } = await cliComparison(join(vscode.folder, BEFORE), join(vscode.folder, AFTER));
    for (const [path, { limit }] of /** @type {const} */ ([
      [BEFORE, before],
      [AFTER, after],
    ])) {
      const badge = String(Math.round(100 * Number(limit)));
      await waitFor(`the badge of ${path}`, async () => (await explorer.decoration(path)).badge === badge);
    }
  });

  it('can be turned round', async () => {
    await panel.button('Swap').click();
    await waitFor('the sides to change', async () => (await panel.sides())[0] === 'epoch3.pt');
    await panel.whenComplete();
    await assertSentence(AFTER, BEFORE);
    assert.ok((await vscode.workbench.editorTitles()).includes('epoch3.pt ↔ epoch1.pt'));
    assert.equal(await panel.detailName(), 'fc1.weight');
    await panel.button('Swap').click();
    await waitFor('the sides to change back', async () => (await panel.sides())[0] === 'epoch1.pt');
    await panel.whenComplete();
  });

  it('comes back with what was chosen when the window is reloaded', async () => {
    const { workbench } = vscode;
    await panel.locator('compared-tensors input').fill('weight');
    await panel.select('conv2.weight');
    await waitFor('fewer rows', async () => (await panel.rows()).length === 5);
    const sentence = await panel.sentence();
    await workbench.reload();
    panel = await openComparison(workbench, 'comparison');
    assert.ok((await workbench.editorTitles()).includes(TITLE));
    assert.equal(await panel.sentence(), sentence);
    assert.equal(await panel.detailName(), 'conv2.weight');
    assert.equal((await panel.rows()).length, 5);
  });

  it('opens the analysis of either side', async () => {
    const { workbench } = vscode;
    await panel.button('Open the analysis of epoch3.pt').click();
    await workbench.panelFrame('prunability-panel panel-header h1', { text: 'epoch3.pt' });
    await workbench.closeActiveEditor();
    await panel.find();
  });

  it('of a run begins at its entry in the Models view, and leads to that of two of its steps', async () => {
    const { workbench } = vscode;
    await workbench.closeEditors();
    const view = new ModelsView(workbench);
    await view.open();
    await view.expand('fashion-mnist');
    await view.press('epoch*.pt', 'Compare Training Run');
    panel = await openComparison(workbench, 'run');
    const sentence = await panel.sentence();
    const figures =
      /^From step 1 to 3: predicted limit (.+ %) → (.+ %), kurtosis .+ → .+, cosine (.+) between first and last\.$/.exec(
        sentence,
      );
    assert.ok(figures, sentence);
    const { before, after, pair } = await cliComparison(join(vscode.folder, BEFORE), join(vscode.folder, AFTER));
    assertShown(figures[1] ?? '', before.limit, 'limit of the first step');
    assertShown(figures[2] ?? '', after.limit, 'limit of the last step');
    assertShown(figures[3] ?? '', pair?.cosineSimilarity, 'cosine between them');
    const steps = panel.locator('run-steps tbody tr');
    assert.equal(await steps.count(), 3);
    for (const step of [1, 3]) {
      await panel.frame.getByRole('checkbox', { name: `Choose step ${step} for comparison` }).check();
    }
    await panel.button('Compare step 1 with step 3').click();
    panel = await openComparison(workbench, 'comparison');
    await assertSentence(BEFORE, AFTER);
  });

  for (const theme of THEME_NAMES) {
    it(`is accessible in ${theme}, and so is a run`, async () => {
      const { workbench } = vscode;
      await workbench.setTheme(theme);
      for (const [kind, title] of /** @type {const} */ ([
        ['run', 'Run: fashion-mnist'],
        ['comparison', TITLE],
      ])) {
        await workbench.selectEditor(title);
        panel = await openComparison(workbench, kind);
        await wearsTheme(panel.frame, theme);
        assert.deepEqual(await seriousIssues(workbench, PAGE), []);
      }
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
