/** VS Code in German: what the manifest, the extension host and the engine's process say. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
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

  /** @param {string} file @returns {Promise<void>} */
  const analyze = async (file) => {
    await vscode.workbench.runCommand('Prunability: Prunbarkeit analysieren');
    await vscode.workbench.page.getByPlaceholder('Modell zum Analysieren').fill(file);
    await vscode.workbench.page.keyboard.press('Enter');
  };

  it('names its commands, asks for a file and says what is wrong with it', async () => {
    await analyze('empty.safetensors');
    const panel = await vscode.workbench.panelFrame('run-notice .what');
    const [what, where, remedy] = await panel.locator('run-notice p').allInnerTexts();
    assert.equal(what, 'empty.safetensors ist leer.');
    assert.match(where ?? '', /empty\.safetensors · Byte 0$/);
    assert.equal(remedy, 'Die Datei erneut kopieren oder herunterladen.');
  });

  it('writes the report', async () => {
    const { workbench } = vscode;
    await analyze('epoch3.safetensors');
    await workbench.panelFrame('answer-section .sentence');
    await workbench.runCommand('Prunability: Bericht als Markdown exportieren');
    await workbench.quickInput.chooseFile(join(vscode.folder, 'report.md'));
    await workbench.notifications.waitFor('Bericht geschrieben: report.md');
    const report = await readFile(join(vscode.folder, 'report.md'), 'utf8');
    assert.match(report, /^# Prunbarkeit von epoch3\.safetensors$/m);
    assert.match(report, /^\| Methode \| Geprunt \| Kosinus \| Schwellenwert &#124;w&#124; \| Aussage \|$/m);
    assert.match(report, /Werden \d+ % geprunt, bleibt ein Kosinus von/);
  });
});
