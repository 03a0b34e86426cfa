import * as assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { activated, eventually, sample } from './extension';

const EDITOR = 'prunability.checkpoint';

interface CustomInput {
  readonly uri: vscode.Uri;
  readonly viewType: string;
}

function customTabs(): CustomInput[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs.map(({ input }) => input))
    .filter((input) => input instanceof vscode.TabInputCustom)
    .filter(({ viewType }) => viewType === EDITOR);
}

suite('Checkpoint editor', () => {
  let folder: string;
  setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prunability-'));
  });
  teardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true });
  });

  const copied = async (name: string, from = 'fashion-mnist/epoch1.pt'): Promise<vscode.Uri> => {
    const path = join(folder, name);
    await copyFile(sample(from).fsPath, path);
    return vscode.Uri.file(path);
  };
  const complete = async (uri: vscode.Uri): Promise<void> => {
    const api = await activated();
    await eventually('the analysis', () => (api.session(uri)?.status.state === 'complete' ? true : undefined));
  };

  test('opens what is opened with it', async () => {
    const uri = sample('fashion-mnist/epoch1.pt');
    await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR);
    await complete(uri);
    assert.deepEqual(
      customTabs().map((input) => input.uri.toString()),
      [uri.toString()],
    );
  });

  test('leaves the default editor of every file as it is', async () => {
    await vscode.commands.executeCommand('vscode.open', sample('fashion-mnist/tfjs/model.json'));
    assert.equal(customTabs().length, 0);
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputText);
  });

  test('is the default for those who ask for it', async () => {
    const configuration = vscode.workspace.getConfiguration('workbench');
    await configuration.update('editorAssociations', { '*.pt': EDITOR }, vscode.ConfigurationTarget.Global);
    try {
      const uri = sample('fashion-mnist/epoch2.pt');
      await vscode.commands.executeCommand('vscode.open', uri);
      await complete(uri);
      assert.equal(customTabs().length, 1);
    } finally {
      await configuration.update('editorAssociations', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  test('shows one analysis in several editors, until the last is closed', async () => {
    const api = await activated();
    const uri = sample('fashion-mnist/epoch1.pt');
    await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR);
    await complete(uri);
    const session = api.session(uri);
    await vscode.commands.executeCommand('vscode.openWith', uri, EDITOR, vscode.ViewColumn.Beside);
    await eventually('two editors', () => (customTabs().length === 2 ? true : undefined));
    assert.equal(api.session(uri), session);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await eventually('one editor', () => (customTabs().length === 1 ? true : undefined));
    assert.equal(api.session(uri), session);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await eventually('none', () => (api.session(uri) === undefined ? true : undefined));
  });

  test('goes back and forward', async () => {
    const first = sample('fashion-mnist/epoch1.pt');
    const second = sample('fashion-mnist/epoch2.pt');
    const active = (): string | undefined => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputCustom ? input.uri.toString() : undefined;
    };
    await vscode.commands.executeCommand('vscode.openWith', first, EDITOR);
    await complete(first);
    await vscode.commands.executeCommand('vscode.openWith', second, EDITOR);
    await complete(second);
    await vscode.commands.executeCommand('workbench.action.navigateBack');
    await eventually('the first', () => (active() === first.toString() ? true : undefined));
    await vscode.commands.executeCommand('workbench.action.navigateForward');
    await eventually('the second', () => (active() === second.toString() ? true : undefined));
  });

  test('shows both sides of a difference', async () => {
    const configuration = vscode.workspace.getConfiguration('workbench');
    await configuration.update('editorAssociations', { '*.pt': EDITOR }, vscode.ConfigurationTarget.Global);
    try {
      const left = sample('fashion-mnist/epoch1.pt');
      const right = sample('fashion-mnist/epoch3.pt');
      await vscode.commands.executeCommand('vscode.diff', left, right);
      await complete(left);
      await complete(right);
    } finally {
      await configuration.update('editorAssociations', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  test('reads again when the file has changed on disk', async () => {
    const api = await activated();
    const uri = await copied('model.pt', 'fashion-mnist/untrained.pt');
    await vscode.commands.executeCommand('prunability.analyze', uri);
    assert.equal(api.session(uri)?.report?.model.initialisation, 'at-initialisation');
    const train = (): Promise<void> => copyFile(sample('fashion-mnist/epoch3.pt').fsPath, uri.fsPath);
    await train();
    // VS Code begins to watch some time after it was asked to; on a slow machine the first change may come before that.
    const training = setInterval(() => void train(), 3000);
    try {
      await eventually('the new numbers', () =>
        api.session(uri)?.report?.model.initialisation === 'trained' ? true : undefined,
      );
    } finally {
      clearInterval(training);
    }
  });

  test('looks again when it is turned to, where nobody tells of changes', async () => {
    const api = await activated();
    // What is in such folders VS Code does not watch.
    const unwatched = sample('node_modules/model');
    await mkdir(unwatched.fsPath, { recursive: true });
    try {
      const uri = vscode.Uri.joinPath(unwatched, 'model.pt');
      await copyFile(sample('fashion-mnist/untrained.pt').fsPath, uri.fsPath);
      await vscode.commands.executeCommand('prunability.analyze', uri);
      await vscode.commands.executeCommand('prunability.analyze', sample('fashion-mnist/epoch1.pt'));
      await copyFile(sample('fashion-mnist/epoch3.pt').fsPath, uri.fsPath);
      assert.equal(api.session(uri)?.report?.model.initialisation, 'at-initialisation');
      await vscode.commands.executeCommand('workbench.action.previousEditor');
      await eventually('the new numbers', () =>
        api.session(uri)?.report?.model.initialisation === 'trained' ? true : undefined,
      );
    } finally {
      await rm(sample('node_modules').fsPath, { recursive: true });
    }
  });

  test('tells what is known without reading, until it is asked to read', async () => {
    const api = await activated();
    const uri = await copied('model.pt');
    await vscode.commands.executeCommand('prunability.analyze', uri);
    const first = api.session(uri)?.report;
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await eventually('the editor to close', () => (api.session(uri) === undefined ? true : undefined));
    await vscode.commands.executeCommand('prunability.analyze', uri);
    // The time that the reading took is part of what is kept: another reading would have taken another.
    assert.deepEqual(api.session(uri)?.report, first);
    await vscode.commands.executeCommand('prunability.reanalyze');
    await complete(uri);
    assert.notEqual(api.session(uri)?.report?.seconds, first?.seconds);
    const description = await api.descriptions.describe(uri);
    assert.ok(description.state === 'readable');
    assert.ok(description.analysis !== null && Date.now() - description.analysis.analyzedAt < 60_000);
  });

  test('opens the model of a folder', async () => {
    const api = await activated();
    await vscode.commands.executeCommand('prunability.analyze', sample('language-detection'));
    assert.equal(api.session(sample('language-detection/model.json'))?.status.state, 'complete');
  });

  test('opens the sample that comes with the extension', async () => {
    const api = await activated();
    await vscode.commands.executeCommand('prunability.openSample');
    const [input] = customTabs();
    assert.ok(input);
    assert.ok(input.uri.path.endsWith('samples/fashion-mnist/epoch3.pt'));
    assert.equal(api.session(input.uri)?.status.state, 'complete');
  });

  test('tells in the status bar what runs, and shows it', async () => {
    const api = await activated();
    const uri = sample('language-detection/model.json');
    await vscode.commands.executeCommand('prunability.openSample');
    assert.equal(api.statusBarText, undefined);
    const run = vscode.commands.executeCommand('prunability.analyze', uri);
    await eventually('the status bar', () => (api.statusBarText?.includes('model.json') === true ? true : undefined));
    await vscode.commands.executeCommand('prunability.showRunning');
    await run;
    assert.equal(api.statusBarText, undefined);
  });

  for (const command of ['prunability.exportJson', 'prunability.exportCsv', 'prunability.exportMarkdown']) {
    test(`${command} writes nothing where nothing is open`, async () => {
      await activated();
      assert.equal(await vscode.commands.executeCommand(command), undefined);
    });
  }

  test('the log is shown', async () => {
    await activated();
    await vscode.commands.executeCommand('prunability.showLog');
  });
});
