import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated, eventually, sample } from './extension';
import { largeFile } from './large-file';

function tabLabels(): string[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label)).sort();
}

suite('Analysis', () => {
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  for (const file of [
    'fashion-mnist/epoch3.pt',
    'fashion-mnist/epoch3.safetensors',
    'fashion-mnist/epoch3.npz',
    'fashion-mnist/tfjs/model.json',
    'language-detection/model.json',
  ]) {
    test(`reads ${file} to the end`, async () => {
      const api = await activated();
      await vscode.commands.executeCommand('prunability.analyze', sample(file));
      const session = api.session(sample(file));
      assert.equal(session?.status.state, 'complete');
      const report = session.report;
      assert.ok(report?.complete);
      assert.ok(report.limits.some(({ method }) => method === 'cosine-utopia-grid'));
      assert.ok(report.tensors.every(({ count, min }) => count === 0 || min !== null));
    });
  }

  test('gives the same numbers for the same network in three formats', async () => {
    const api = await activated();
    const numbers: unknown[] = [];
    for (const file of ['epoch3.pt', 'epoch3.safetensors', 'epoch3.npz']) {
      const uri = sample(`fashion-mnist/${file}`);
      await vscode.commands.executeCommand('prunability.analyze', uri);
      const report = api.session(uri)?.report;
      numbers.push({
        kurtosis: report?.tensors.map(({ name, kurtosis }) => [name, kurtosis]).sort(),
        limits: report?.limits.map(({ method, scope, prunedCount }) => [method, scope, prunedCount]),
      });
    }
    assert.deepEqual(numbers[1], numbers[0]);
    assert.deepEqual(numbers[2], numbers[0]);
  });

  test('says that an untrained network is untrained', async () => {
    const api = await activated();
    const verdict = async (file: string): Promise<string | undefined> => {
      await vscode.commands.executeCommand('prunability.analyze', sample(file));
      return api.session(sample(file))?.report?.model.initialisation;
    };
    assert.equal(await verdict('fashion-mnist/untrained.pt'), 'at-initialisation');
    assert.equal(await verdict('fashion-mnist/epoch3.pt'), 'trained');
  });

  test('counts at once what the setting says is a weight', async () => {
    const api = await activated();
    const uri = sample('fashion-mnist/epoch3.pt');
    const settings = vscode.workspace.getConfiguration();
    const counts = async (expected: number): Promise<void> => {
      await eventually(`${expected} parameters in the panel`, () =>
        api.session(uri)?.report?.model.prunableCount === expected ? true : undefined,
      );
      const description = await api.descriptions.describe(uri);
      assert.equal(description.state === 'readable' ? description.prunableCount : 0, expected);
    };
    await vscode.commands.executeCommand('prunability.analyze', uri);
    await counts(20_538);
    try {
      await settings.update(
        'prunability.tensorRoles',
        { 'fc1.*': 'constant', nonsense: 'no role' },
        vscode.ConfigurationTarget.Workspace,
      );
      await counts(20_538 - 64 * 256 - 64);
      const fc1 = api.session(uri)?.report?.tensors.find(({ name }) => name === 'fc1.weight');
      assert.deepEqual([fc1?.role, fc1?.roleFrom, fc1?.prunable], ['constant', 'setting', false]);
    } finally {
      await settings.update('prunability.tensorRoles', undefined, vscode.ConfigurationTarget.Workspace);
    }
    await counts(20_538);
  });

  test('opens one panel a file, however often it is asked', async () => {
    const api = await activated();
    const uri = sample('fashion-mnist/epoch1.pt');
    await vscode.commands.executeCommand('prunability.analyze', uri);
    const first = api.session(uri);
    await vscode.commands.executeCommand('prunability.analyze', uri);
    assert.equal(api.session(uri), first);
    await eventually('one tab', () => (tabLabels().length === 1 ? true : undefined));
  });

  test('analyses everything that is selected in the explorer', async () => {
    await activated();
    const uris = ['epoch1.pt', 'epoch2.pt'].map((name) => sample(`fashion-mnist/${name}`));
    await vscode.commands.executeCommand('prunability.analyze', uris[0], uris);
    await eventually('both tabs', () => (tabLabels().join() === 'epoch1.pt,epoch2.pt' ? true : undefined));
  });

  test('says what is wrong with a file that is none, and goes on with the next', async () => {
    const api = await activated();
    await vscode.commands.executeCommand('prunability.analyze', sample('README.md'));
    const status = api.session(sample('README.md'))?.status;
    assert.equal(status?.state, 'failed');
    assert.match(status.message, /README\.md/);
    assert.ok(status.remedy);
    await vscode.commands.executeCommand('prunability.analyze', sample('fashion-mnist/epoch1.pt'));
    assert.equal(api.session(sample('fashion-mnist/epoch1.pt'))?.status.state, 'complete');
  });

  test('stops reading when it is cancelled, and keeps what it has', async () => {
    const api = await activated();
    const { uri, remove } = await largeFile(64);
    try {
      const run = vscode.commands.executeCommand('prunability.analyze', uri);
      const session = await eventually('the first layers', () => {
        const running = api.session(uri);
        const layers = running?.snapshot().events.some((event) => event.type === 'layers' && event.layers.length > 0);
        return layers === true ? running : undefined;
      });
      await vscode.commands.executeCommand('prunability.cancel');
      await run;
      assert.equal(session.status.state, 'cancelled');
      const report = session.report;
      assert.equal(report?.complete, false);
      assert.ok(report.tensors.length > 0);
    } finally {
      await remove();
    }
  });

  test('ends in a readable error when the engine is killed, and the next run works', async () => {
    const api = await activated();
    const { uri, remove } = await largeFile(64);
    try {
      const run = vscode.commands.executeCommand('prunability.analyze', uri);
      const pid = await eventually('the engine to read', () => {
        const reads = api
          .session(uri)
          ?.snapshot()
          .events.some(({ type }) => type === 'layers');
        return reads === true ? api.enginePid : undefined;
      });
      process.kill(pid, 'SIGKILL');
      await run;
      const status = api.session(uri)?.status;
      assert.equal(status?.state, 'failed');
      assert.match(status.message, /ended unexpectedly \(SIGKILL\)/);
      assert.ok(status.remedy);
    } finally {
      await remove();
    }
    await vscode.commands.executeCommand('prunability.analyze', sample('fashion-mnist/epoch2.pt'));
    assert.equal(api.session(sample('fashion-mnist/epoch2.pt'))?.status.state, 'complete');
    assert.ok(api.enginePid);
  });

  test('stops the reading when its panel is closed', async () => {
    const api = await activated();
    const { uri, remove } = await largeFile(64);
    try {
      const run = vscode.commands.executeCommand('prunability.analyze', uri);
      await eventually('the analysis to start', () => api.session(uri)?.snapshot().events[0]);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await run;
    } finally {
      await remove();
    }
    assert.equal(api.session(uri), undefined);
  });
});
