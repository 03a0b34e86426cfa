import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated } from './extension';

suite('Activation', () => {
  test('waits for a command, and starts no process', async () => {
    const extension = vscode.extensions.getExtension('prunability.prunability');
    assert.ok(extension);
    assert.equal(extension.isActive, false, 'a command or a panel activates it, the start of the window does not');
    const api = await activated();
    assert.equal(api.enginePid, undefined);
  });

  test('registers every command of the manifest', async () => {
    const extension = vscode.extensions.getExtension('prunability.prunability');
    const manifest = extension?.packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands(true));
    for (const { command } of manifest.contributes.commands) assert.ok(registered.has(command), command);
  });
});
