/** A network measured with data, as a person does it: from the panel, through the pickers, to prediction and measurement. */

import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { seriousIssues, THEME_NAMES, wearsTheme } from './accessibility.mjs';
import { measurerPids } from './engine-process.mjs';
import { analyze, openPanel } from './panel.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const out = join(root, 'out', 'measure');

/** A measurement on a machine that does other work. */
const MEASURE_TIMEOUT_MS = 180_000;

describe('a measurement with data', () => {
  const vscode = useVSCode({
    window: { viewport: { width: 1500, height: 1300 } },
    prepare: async (folder) => {
      await cp(join(root, 'test/fixtures/network/digits-l1-1e-3.onnx'), join(folder, 'numbers', 'digits.onnx'));
      await cp(join(root, 'test/fixtures/data/digits.npz'), join(folder, 'numbers', 'digits.npz'));
    },
  });
  /** @type {import('./panel.mjs').Panel} */
  let panel;

  it('is offered where the file says how the network computes', async () => {
    const { workbench } = vscode;
    panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
    assert.equal(await panel.locator('panel-header').getByRole('button', { name: 'Measure with Data…' }).count(), 0);
    panel = await analyze(workbench, 'numbers/digits.onnx');
    await panel.locator('panel-header').getByRole('button', { name: 'Measure with Data…' }).click();
    await waitFor('the data set in the list', async () =>
      (await workbench.quickInput.labels()).join().includes('digits.npz'),
    );
    // What is beside the model comes first; samples for testing are found with those for training.
    const labels = await workbench.quickInput.labels();
    assert.match(labels[0] ?? '', /^digits\.npz/);
    assert.ok(labels.some((label) => label.startsWith('train-images')) && !labels.join().includes('test-images'));
  });

  it('shows what was guessed of the data, with samples, before it begins', async () => {
    const { workbench } = vscode;
    const { quickInput, page } = workbench;
    await quickInput.rows.filter({ hasText: 'digits.npz' }).click();
    await waitFor('what was found', async () => {
      const labels = await quickInput.labels();
      return ['Measure', '1,400 samples', 'Shape 8 × 8', '10 classes'].every((label) =>
        labels.some((text) => text.startsWith(label)),
      );
    });
    const pictures = quickInput.rows.locator('.quick-input-list-icon[style*="data:image/bmp"]');
    await waitFor('pictures of samples', async () => (await pictures.count()) === 5, {
      describe: async () => JSON.stringify(await quickInput.labels()),
    });
    await workbench.screenshot(join(out, 'preview.png'));
    await page.keyboard.press('Enter');
  });

  it('says what was predicted and what was measured', async function () {
    this.timeout(MEASURE_TIMEOUT_MS + 30_000);
    panel = await openPanel(vscode.workbench, 'digits.onnx');
    await waitFor(
      'the end of the measurement',
      async () => (await panel.text('measured-section .bar button')) === 'Measure again…',
      { timeout: MEASURE_TIMEOUT_MS, describe: () => panel.text('measured-section') },
    );
    const sentence = await panel.text('measured-section .answer');
    const [predicted = NaN, measured = NaN] = [...sentence.matchAll(/(\d+(?:\.\d+)?) %/g)].map(([, figure]) =>
      Number(figure),
    );
    assert.ok(Math.abs(predicted - measured) < 1.5, sentence);
    assert.ok(measured > 90, sentence);
    await vscode.workbench.screenshot(join(out, 'measured.png'));
  });

  it('is there again when the window was reloaded, without being measured', async () => {
    const sentence = await panel.text('measured-section .answer');
    await vscode.workbench.reload();
    panel = await openPanel(vscode.workbench, 'digits.onnx');
    await waitFor('what was measured', async () => (await panel.text('measured-section .answer')) === sentence);
    assert.equal(await panel.text('measured-section .bar button'), 'Measure again…');
    // That of the former window may still be about to end.
    await waitFor('no process that measures', async () => (await measurerPids(vscode.server.pid)).length === 0);
  });

  it('has its data remembered beside the model', async () => {
    const text = await readFile(join(vscode.folder, 'numbers', '.prunability.json'), 'utf8');
    assert.equal(/** @type {{ data: string }} */ (JSON.parse(text)).data, 'digits.npz');
    await vscode.workbench.runCommand('Prunability: Measure with Data…');
    const { quickInput } = vscode.workbench;
    const remembered = quickInput.rows.filter({ hasText: 'remembered in .prunability.json' });
    await waitFor('what is remembered', async () => (await remembered.allTextContents())[0]?.startsWith('digits.npz'));
    await quickInput.dismiss();
  });

  it('tells that its process was killed, keeps what there is, and goes on in a new window to the same end', async function () {
    this.timeout(MEASURE_TIMEOUT_MS + 30_000);
    const section = panel.locator('measured-section');
    const whole = await panel.text('measured-section .sentence');
    await section.getByRole('button', { name: 'Measure again…' }).click();
    const { quickInput, page } = vscode.workbench;
    await quickInput.rows.filter({ hasText: 'remembered in .prunability.json' }).click();
    await waitFor('the question whether it is right', async () =>
      (await quickInput.labels()).some((label) => label.startsWith('1,400 samples')),
    );
    await page.keyboard.press('Enter');
    panel = await openPanel(vscode.workbench, 'digits.onnx');
    // Until the new one begins, the end of the former is shown, which says the same.
    await waitFor('its begin', async () => (await panel.text('measured-section .bar button')) === 'Cancel');
    await waitFor('a part of the measurement', async () =>
      (await panel.text('measured-section .sentence')).includes('the loss stays within ε up to'),
    );
    const [pid] = await measurerPids(vscode.server.pid);
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await waitFor('the message', async () =>
      (await panel.text('measured-section .notice')).startsWith(
        'The process that runs networks ended unexpectedly (SIGKILL).',
      ),
    );
    assert.match(await panel.text('measured-section .sentence'), /the loss stays within ε/);
    await vscode.workbench.screenshot(join(out, 'killed.png'));
    await vscode.workbench.reload();
    panel = await openPanel(vscode.workbench, 'digits.onnx');
    await waitFor('what was measured', async () =>
      (await panel.text('measured-section .sentence')).includes('the loss stays within ε'),
    );
    assert.match(await panel.text('measured-section .notice'), /ended unexpectedly \(SIGKILL\)/);
    await panel.locator('measured-section').getByRole('button', { name: 'Continue', exact: true }).click();
    await waitFor(
      'the end of the measurement',
      async () => (await panel.text('measured-section .bar button')) === 'Measure again…',
      { timeout: MEASURE_TIMEOUT_MS, describe: () => panel.text('measured-section') },
    );
    assert.equal(await panel.text('measured-section .sentence'), whole);
    assert.equal(await panel.locator('measured-section .notice').count(), 0);
  });

  it('can be read in every theme', async () => {
    const { workbench } = vscode;
    for (const theme of THEME_NAMES) {
      await workbench.setTheme(theme);
      panel = await openPanel(workbench, 'digits.onnx');
      await wearsTheme(panel.frame, theme);
      await workbench.screenshot(join(out, `${theme.replaceAll(' ', '-')}.png`));
      assert.deepEqual(await seriousIssues(workbench, 'prunability-panel'), []);
    }
  });

  it('is not shown of another network in the same file', async () => {
    assert.equal(await panel.locator('measured-section h2').count(), 1);
    await cp(join(root, 'test/fixtures/network/digits.onnx'), join(vscode.folder, 'numbers', 'digits.onnx'));
    await waitFor('it to go', async () => (await panel.locator('measured-section h2').count()) === 0);
  });
});
