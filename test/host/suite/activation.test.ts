import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated } from './extension';

suite('Activation', () => {
  test('comes with a workspace that has models, and reads nothing by itself', async () => {
    const api = await activated();
    assert.equal(api.statusBarText, undefined);
    assert.equal(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length, 0);
  });

  test('registers every command of the manifest', async () => {
    await activated();
    const extension = vscode.extensions.getExtension('prunability.prunability');
    const manifest = extension?.packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands(true));
    for (const { command } of manifest.contributes.commands) assert.ok(registered.has(command), command);
  });

  test('takes no shortcut that VS Code has', async () => {
    const extension = vscode.extensions.getExtension('prunability.prunability');
    const manifest = extension?.packageJSON as { contributes: { keybindings: { key: string; mac: string }[] } };
    const document = await vscode.workspace.openTextDocument(
      vscode.Uri.parse('vscode://defaultsettings/keybindings.json'),
    );
    const taken = [...document.getText().matchAll(/"key":\s*"([^"]+)"/g)].map(([, key]) => key);
    assert.ok(taken.length > 500, `${taken.length} shortcuts found`);
    const ours = manifest.contributes.keybindings.map(({ key }) => key);
    const collisions = ours.filter(
      (key) => taken.filter((other) => other === key).length > ours.filter((other) => other === key).length,
    );
    assert.deepEqual(collisions, []);
  });
});
