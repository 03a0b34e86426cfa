/** The Models view as a person meets it: the icon in the activity bar, hovers, the filter that is typed, dragging. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { ModelsView } from './models-view.mjs';

describe('the Models view', () => {
  const vscode = useVSCode();

  it('lists the models, and tells of one what its header says when it is hovered', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    await view.expand('fashion-mnist');
    await view.expand('epoch*.pt');
    // The last to come: its name tells nothing, it is listed once its header was read.
    await view.row('language-detection').waitFor();
    assert.match(await view.hover('epoch3.pt'), /20,538 parameters/);
    // Once its header was read, the item shows its size in parameters.
    await view.row('epoch3.pt').locator('.label-description', { hasText: '20.5' }).waitFor();
  });

  it('follows the filter while it is typed, and Escape brings back all', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    // A run that the filter has hidden comes back closed.
    await view.collapseAll();
    await view.expand('fashion-mnist');
    const before = await view.labels();
    await workbench.runCommand('Prunability: Filter Models…');
    await workbench.page.locator('.quick-input-widget input').fill('safetensors');
    const filtered = ['fashion-mnist', 'epoch3-bfloat16.safetensors', 'epoch3.safetensors'];
    await waitFor('the filtered list', async () => (await view.labels()).join() === filtered.join());
    await workbench.page.locator('.sidebar .pane-body').getByText('Filter “safetensors” (models found: 2)').waitFor();
    await workbench.page.keyboard.press('Escape');
    await waitFor('the whole list', async () => (await view.labels()).join() === before.join());
  });

  it('lets a model be dragged into the editor area', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    await workbench.dragToEditors(() => view.row('untrained.pt'), 'untrained.pt');
    await workbench.closeEditors();
  });

  it('leads on where nothing is found', async () => {
    const { workbench } = vscode;
    const view = new ModelsView(workbench);
    await view.open();
    await workbench.runCommand('Prunability: Filter Models…');
    await workbench.page.locator('.quick-input-widget input').fill('no such model');
    await workbench.page.keyboard.press('Enter');
    const clear = workbench.page.locator('.sidebar .welcome-view').getByText('Clear Filter');
    await clear.waitFor();
    await clear.click();
    await view.row('fashion-mnist').waitFor();
    for (const name of ['digits', 'fashion-mnist', 'language-detection'])
      await rm(join(vscode.folder, name), { recursive: true });
    await workbench.page.locator('.sidebar .welcome-view').getByText('Open Sample').waitFor();
  });
});
