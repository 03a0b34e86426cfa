/** VS Code in German: what the manifest, the extension host and the engine's process say. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';

describe('in German', () => {
  const vscode = useVSCode({
    prepare: (folder) => writeFile(join(folder, 'empty.safetensors'), ''),
    window: {
      // What a language pack sets, before the workbench starts; VS Code itself stays English without one.
      beforeOpening: (page) => page.addInitScript(() => Object.assign(globalThis, { _VSCODE_NLS_LANGUAGE: 'de' })),
    },
  });

  it('names its commands, asks for a file and says what is wrong with it', async () => {
    const { workbench } = vscode;
    await workbench.runCommand('Prunability: Prunbarkeit analysieren');
    const list = workbench.page.getByPlaceholder('Zu analysierende Modelldatei');
    await list.fill('empty.safetensors');
    await workbench.page.keyboard.press('Enter');
    const panel = await workbench.panelFrame('run-notice .what');
    const [what, where, remedy] = await panel.locator('run-notice p').allInnerTexts();
    assert.equal(what, 'empty.safetensors ist leer.');
    assert.match(where ?? '', /empty\.safetensors · Byte 0$/);
    assert.equal(remedy, 'Die Datei erneut kopieren oder herunterladen.');
  });
});
