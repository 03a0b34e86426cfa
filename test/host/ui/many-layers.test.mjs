/** Models with more layers than fit on the screen: all of them arrive in the panel, with all their numbers. */

import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { cliReport } from './cli-report.mjs';
import { analyze } from './panel.mjs';
import { tensorsNamed } from './safetensors-files.mjs';
import { assertShown } from './shown-number.mjs';

const LAYERS = 300;
const DEEP = 'deep.safetensors';
/** 130 tensors, nine of them weights and biases. */
const REAL = 'language-detection/model.json';
/** The panel computes what stays of a layer from up to 512 cells of its values; of a small layer, one value may be on either side. */
const KEPT_ERROR = 0.003;

describe('models with many layers', () => {
  const vscode = useVSCode({
    window: { viewport: { width: 1600, height: 1000 } },
    prepare: (folder) => {
      const names = Array.from({ length: LAYERS }, (_, i) => `layers.${i}.weight`);
      return writeFile(join(folder, DEEP), tensorsNamed(names));
    },
  });

  for (const file of [REAL, DEEP]) {
    it(`shows what ${file} keeps of every layer, also when the panel was hidden meanwhile`, async () => {
      const { workbench } = vscode;
      const report = await cliReport(join(vscode.folder, file));
      const panel = await analyze(workbench, file);
      await panel.whenComplete();
      await assertAllRows(panel, report);
      await workbench.explorer.open('README.md');
      await workbench.selectEditor(basename(file));
      await panel.find();
      await panel.whenComplete();
      await assertAllRows(panel, report);
      await workbench.closeEditors();
    });
  }
});

/**
 * @param {import('./panel.mjs').Panel} panel
 * @param {import('../../../src/report/report').ModelReport} report
 * @returns {Promise<void>} once it has scrolled through the table, and found in each row what the report has
 */
async function assertAllRows(panel, report) {
  const best = report.limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === 'parameters');
  if (report.tensors.some(({ prunable, shape }) => prunable && shape.length < 2)) {
    await panel.switchTo('What is counted and pruned', 'All parameters');
  }
  const { pruned, cosine } = await panel.readout();
  assertShown(pruned, best?.prunedFraction, 'pruned fraction');
  assertShown(cosine, best?.cosineSimilarity, 'cosine');

  const prunable = report.tensors.filter((tensor) => tensor.prunable);
  /** @type {Map<string, Record<string, string>>} */
  const seen = new Map();
  const grid = panel.locator('layer-table .grid');
  await grid.evaluate((element) => element.scrollTo(0, 0));
  await waitFor(
    `${prunable.length} rows`,
    async () => {
      for (const { name, cells } of await panel.rows()) {
        seen.set(name, cells);
      }
      // From the top again after the end: a panel that has just come back may still be restoring where it was scrolled to.
      await grid.evaluate((element) => {
        const { scrollTop, clientHeight, scrollHeight } = element;
        element.scrollTo(0, scrollTop + clientHeight >= scrollHeight - 1 ? 0 : scrollTop + clientHeight / 2);
      });
      return seen.size === prunable.length;
    },
    { describe: () => `${seen.size} rows` },
  );
  for (const tensor of prunable) {
    const cells = seen.get(tensor.name);
    assertShown(cells?.['Kurtosis'] ?? '', tensor.kurtosis, `kurtosis of ${tensor.name}`);
    assertShown(
      (cells?.['Kept'] ?? '').replace('< ', ''),
      tensor.survivingFraction,
      `kept of ${tensor.name}`,
      KEPT_ERROR + 1 / tensor.count,
    );
  }
}
