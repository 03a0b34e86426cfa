/** What both the README and the walkthrough show, brought into view. */

import { openComparison } from '../../test/host/ui/comparison-panel.mjs';
import { ModelsView } from '../../test/host/ui/models-view.mjs';
import { hoverLine } from '../../test/host/ui/source-hover.mjs';
import { waitFor } from '../../test/host/wait.mjs';
import { PROGRAM, PRUNED, WHOLE } from './models.mjs';

/** @typedef {import('./stage.mjs').Workbench} Workbench */

const EPOCH = 'fashion-mnist/epoch3.pt';
const SIDE_BAR_WIDTH = 400;
const HOVERS = /** @type {const} */ ({ pointer: 'stays' });

/** Badges in the explorer, and the tooltip of a model that has been analyzed. @param {Workbench} workbench */
export async function explorerTooltip(workbench) {
  await openExplorer(workbench);
  await waitFor('the badge', async () => (await workbench.explorer.decoration(EPOCH)).badge !== '');
  await workbench.explorer.hover(EPOCH);
  return HOVERS;
}

/** The card over a path in a program. @param {Workbench} workbench */
export async function pathCard(workbench) {
  await openExplorer(workbench);
  await workbench.explorer.open(PROGRAM);
  await closeSideBar(workbench);
  const card = await hoverLine(workbench, 'checkpoint = torch.load(');
  await card.getByText('fine-tune').waitFor();
  await card.locator('img').waitFor();
  return HOVERS;
}

/** The view Models with a run, and the summary of its last epoch, in a side bar that is wide enough for both. @param {Workbench} workbench */
export async function modelsView(workbench) {
  await workbench.runCommand('workbench.view.extension.prunability');
  const view = new ModelsView(workbench);
  await view.open();
  await view.expand('fashion-mnist');
  await view.expand('epoch*.pt');
  await view.select('epoch3.pt');
  await view.summarySays(/epoch3\.pt.*can go/);
  const bar = await workbench.page.locator('.part.sidebar').boundingBox();
  if (bar === null) throw new Error('The side bar is not visible');
  const { mouse } = workbench.page;
  await mouse.move(bar.x + bar.width, bar.y + bar.height / 2);
  await mouse.down();
  await mouse.move(SIDE_BAR_WIDTH, bar.y + bar.height / 2, { steps: 4 });
  await mouse.up();
}

/** A model compared with its pruned copy. @param {Workbench} workbench @returns {Promise<import('../../test/host/ui/comparison-panel.mjs').ComparisonPanel>} */
export async function prunedCopy(workbench) {
  await openExplorer(workbench);
  await workbench.explorer.menu(PRUNED, 'Compare Models', { after: WHOLE });
  const comparison = await openComparison(workbench, 'comparison');
  await alone(workbench);
  return comparison;
}

/** The three epochs of the sample. @param {Workbench} workbench */
export async function run(workbench) {
  await openExplorer(workbench);
  await workbench.explorer.menu('fashion-mnist', 'Compare Training Run');
  const comparison = await openComparison(workbench, 'run');
  await comparison.locator('run-charts vega-chart').first().waitFor();
  await alone(workbench);
}

/** @param {Workbench} workbench */
async function openExplorer(workbench) {
  await workbench.runCommand('workbench.view.explorer');
  await workbench.explorer.tree.waitFor();
}

/** Nothing but the editor in front: choosing files in the explorer opens them. @param {Workbench} workbench */
async function alone(workbench) {
  if ((await workbench.editorTitles()).length > 1) {
    await workbench.runCommand('workbench.action.closeOtherEditors');
    await waitFor('the other editors to close', async () => (await workbench.editorTitles()).length === 1);
  }
  await closeSideBar(workbench);
}

/** @param {Workbench} workbench */
async function closeSideBar(workbench) {
  await workbench.runCommand('View: Close Primary Side Bar');
  await workbench.page.locator('.part.sidebar').waitFor({ state: 'hidden' });
}
