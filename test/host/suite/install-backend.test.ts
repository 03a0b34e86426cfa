import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as vscode from 'vscode';
import { activated, eventually } from './extension';

suite('installing a native backend', () => {
  test('asks which, gets it from the registry of the settings, and refuses what is not what it should be', async () => {
    await activated();
    const asked: string[] = [];
    const registry = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('not the package');
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { port } = registry.address() as AddressInfo;
    const settings = vscode.workspace.getConfiguration('prunability');
    await settings.update('measurement.registry', `http://127.0.0.1:${port}`, vscode.ConfigurationTarget.Global);
    try {
      const installing = vscode.commands.executeCommand('prunability.installBackend');
      await eventually(
        'the request',
        () => {
          // Until the list is there, this accepts nothing.
          if (asked.length === 0) void vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
          return asked[0];
        },
        30_000,
        100,
      );
      assert.deepEqual(asked, ['/webgpu/-/webgpu-0.6.2.tgz']);
      let ended = false;
      void installing.then(() => (ended = true));
      await eventually(
        'the end',
        () => {
          // The message says why, and waits to be read.
          if (!ended) void vscode.commands.executeCommand('notifications.clearAll');
          return ended ? true : undefined;
        },
        30_000,
        100,
      );
    } finally {
      await settings.update('measurement.registry', undefined, vscode.ConfigurationTarget.Global);
      registry.closeAllConnections();
      registry.close();
    }
  });
});
