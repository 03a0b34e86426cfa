/** What a new user meets: the walkthrough, the view without models, the settings. */

import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { openComparison } from './comparison-panel.mjs';
import { ModelsView } from './models-view.mjs';
import { openPanel } from './panel.mjs';

/** The steps, and for each the button that it has. */
const STEPS = [
  ['Analyze a model', 'Open the Sample'],
  ['Find your models', 'Show Models'],
  ['Hover', 'Open Settings'],
  ['Compare checkpoints', "Compare the Sample's Epochs"],
  ['Ask an agent', undefined],
];

const NARROW = { width: 1280, height: 900 };
const WIDE = { width: 1800, height: 1000 };

describe('getting started', () => {
  const vscode = useVSCode({
    prepare: async (folder) => {
      await rm(folder, { recursive: true });
      await mkdir(join(folder, 'nothing'), { recursive: true });
    },
  });

  /** Opens the walkthrough. @returns {Promise<import('playwright-core').Locator>} its steps */
  const walkthrough = async () => {
    const { workbench } = vscode;
    await workbench.closeEditors();
    await workbench.runCommand('Prunability: Get Started');
    const steps = workbench.page.locator('.gettingStartedContainer .step-list-container .getting-started-step');
    await steps.first().waitFor();
    return steps;
  };

  it('begins in a view that leads on where there are no models', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    const welcome = workbench.page.locator('.sidebar .welcome-view:visible');
    await welcome.getByText('No models were found in this workspace.').waitFor();
    await welcome.getByRole('button', { name: 'Open Sample' }).click();
    await (await openPanel(workbench, 'epoch3.pt')).whenComplete();
    await workbench.closeEditors();
    await welcome.getByRole('button', { name: 'Getting Started' }).click();
    await workbench.page.locator('.gettingStartedContainer h2', { hasText: 'Get Started with Prunability' }).waitFor();
  });

  it('has a walkthrough, opened by a command, whose steps have a picture each, or a configuration to copy', async () => {
    const steps = await walkthrough();
    assert.deepEqual(
      (await steps.locator('.step-title').allInnerTexts()).map((title) => title.trim()),
      STEPS.map(([title]) => title),
    );
    // In a narrow window, a walkthrough has no pictures; in a wide one, its buttons open editors beside it.
    const { page } = vscode.workbench;
    await page.setViewportSize(WIDE);
    for (const [title] of STEPS) {
      await steps.filter({ hasText: title }).click();
      if (title === 'Ask an agent') {
        await vscode.workbench.panelFrame('pre', { text: '"mcpServers"' });
        continue;
      }
      const picture = page.locator('.getting-started-media img:visible');
      await waitFor(`the picture of "${title}"`, () =>
        picture.evaluate((image) => /** @type {any} */ (image).naturalWidth > 100),
      );
    }
    await page.setViewportSize(NARROW);
  });

  it('has buttons that do what they say', async () => {
    const { workbench } = vscode;
    const lead = {
      'Open the Sample': async () => (await openPanel(workbench, 'epoch3.pt')).whenComplete(),
      'Show Models': () => workbench.page.locator('.sidebar .welcome-view:visible').waitFor(),
      'Open Settings': () => workbench.page.locator('.settings-editor').waitFor(),
      "Compare the Sample's Epochs": () => openComparison(workbench, 'run'),
    };
    for (const [title, button] of STEPS) {
      if (button === undefined) continue;
      const step = (await walkthrough()).filter({ hasText: title });
      await step.click();
      await step.getByRole('button', { name: button }).click();
      await lead[/** @type {keyof typeof lead} */ (button)]();
    }
  });

  it('has its settings on one page', async () => {
    const { workbench } = vscode;
    await workbench.closeEditors();
    await workbench.runCommand('Preferences: Open Settings (UI)');
    const page = workbench.page.locator('.settings-editor');
    await page.waitFor();
    await workbench.page.keyboard.type('@ext:prunability.prunability');
    const labels = page.locator('.settings-tree-container .setting-item-contents .setting-item-label');
    const expected = ['Decorations', 'Enabled', 'Tensor Roles', 'Mcp Server'];
    await waitFor(
      'the settings',
      async () => {
        const shown = (await labels.allInnerTexts()).map((label) => label.trim());
        return expected.every((label) => shown.includes(label)) && shown.length === expected.length;
      },
      { describe: async () => JSON.stringify(await labels.allInnerTexts()) },
    );
    assert.match(await page.innerText(), /Only headers and earlier results are read, never the weights/);
    await workbench.closeEditors();
  });

  it('leads on without a folder, too', async () => {
    const workbench = await vscode.openWindow({ empty: true });
    const view = new ModelsView(workbench);
    await view.open();
    const welcome = workbench.page.locator('.sidebar .welcome-view:visible');
    await welcome.getByText('No folder is open.').waitFor();
    await welcome.getByRole('button', { name: 'Open Sample' }).click();
    await (await openPanel(workbench, 'epoch3.pt')).whenComplete();
  });
});
