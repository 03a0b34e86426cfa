/** The picture of a network that is measured with data. */

import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze, openPanel } from '../../test/host/ui/panel.mjs';
import { waitFor } from '../../test/host/wait.mjs';

/** @typedef {import('./stage.mjs').Picture} Picture */

const FIXTURES = join(import.meta.dirname, '..', '..', 'test', 'fixtures');
const MEASURE_TIMEOUT_MS = 180_000;

/** After all others: the models that it adds to the workspace would be in their lists. @type {readonly Picture[]} */
export const MEASURED_PICTURES = [
  {
    name: 'measured',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 1280, height: 1230 },
    scale: 'device',
    arrange: async (workbench) => {
      const { quickInput, page } = workbench;
      const folder = join(tmpdir(), 'models', 'digits');
      await cp(join(FIXTURES, 'network', 'digits-l1-1e-3.onnx'), join(folder, 'digits.onnx'));
      await cp(join(FIXTURES, 'data', 'digits.npz'), join(folder, 'digits.npz'));
      const analyzed = await analyze(workbench, 'digits/digits.onnx');
      await analyzed.whenComplete();
      await analyzed.button('Measure with Data…').click();
      await quickInput.rows.filter({ hasText: 'digits.npz' }).click();
      await waitFor('what was found', async () => (await quickInput.labels()).includes('10 classes'));
      await page.keyboard.press('Enter');
      const panel = await openPanel(workbench, 'digits.onnx');
      await waitFor(
        'the end of the measurement',
        async () => (await panel.text('measured-section .bar button')) === 'Measure again…',
        { timeout: MEASURE_TIMEOUT_MS },
      );
      for (const criterion of ['smallest of each layer', 'Wanda']) await panel.button(criterion).click();
    },
  },
];
