import * as assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../../src/extension';
import type { ModelTreeNode } from '../../../src/editor/side-bar/models-tree-nodes';
import { activated, eventually, sample } from './extension';
import { makeWatchedFolder } from './watched-folder';

const FIXTURES = resolve(__dirname, '..', '..', '..', 'test', 'fixtures');
const FOLDER = 'models that are folders';

/** A folder of each kind, with its place in the workspace, what its label says, and one of its files. */
const MODELS: readonly (readonly [fixture: string, name: string, label: RegExp, part: string])[] = [
  ['coreml/float16.mlpackage', 'float16.mlpackage', /^Core ML/, 'Data/com.apple.CoreML/weights/weight.bin'],
  ['tensorflow/saved_model', 'saved_model', /^TensorFlow SavedModel/, 'variables/variables.index'],
  ['orbax/ocdbt', 'checkpoint', /^Orbax checkpoint/, 'manifest.ocdbt'],
  ['orbax/manager/3', 'managed', /^Orbax checkpoint/, 'state/_METADATA'],
  ['orbax/folders', 'arrays', /^Orbax checkpoint/, 'rate/.zarray'],
  ['orbax/v2.zarr', 'v2.zarr', /^zarr/, '.zgroup'],
  ['orbax/v3.zarr', 'v3', /^zarr/, 'zarr.json'],
  ['pytorch/distributed', 'distributed', /^PyTorch/, '__0_0.distcp'],
];

suite('Models that are folders', () => {
  let api: ExtensionApi;
  const at = (path: string): vscode.Uri => sample(`${FOLDER}/${path}`);

  suiteSetup(async () => {
    api = await activated();
    await vscode.commands.executeCommand('prunability.models.focus');
    for (const [fixture, name] of MODELS) {
      const target = at(name).fsPath;
      await mkdir(dirname(target), { recursive: true });
      await cp(join(FIXTURES, fixture), target, { recursive: true });
    }
    await vscode.commands.executeCommand('prunability.models.refresh');
  });

  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  suiteTeardown(() => rm(sample(FOLDER).fsPath, { recursive: true, force: true }));

  const node = (name: string): Promise<ModelTreeNode> => eventually(name, () => api.modelsTree.find(at(name)), 20_000);

  /** Labels of the items of the models in the folder. */
  const listed = async (): Promise<string[]> => {
    const folder = (await api.modelsTree.getChildren()).find(({ label }) => label === FOLDER);
    return folder === undefined ? [] : folder.children.map(({ label }) => label);
  };

  test('are one item each, with the name of the folder, and their parts are none', async () => {
    for (const [, name] of MODELS) await node(name);
    const names = MODELS.map(([, name]) => name).sort();
    assert.deepEqual((await listed()).sort(), names);
    for (const [, name, , part] of MODELS) assert.equal(api.modelsTree.find(at(`${name}/${part}`)), undefined);
  });

  for (const [, name, label] of MODELS) {
    test(`are told of by their header, and analyzed as what they are called: ${name}`, async () => {
      const model = await node(name);
      const cancellation = new vscode.CancellationTokenSource();
      const hovered = await api.modelsTree.resolveTreeItem(
        api.modelsTree.getTreeItem(model),
        model,
        cancellation.token,
      );
      cancellation.dispose();
      assert.ok(hovered.tooltip instanceof vscode.MarkdownString);
      const heading = name.replace(/[^a-z0-9 ]/g, (character) => `&#${character.charCodeAt(0)};`);
      assert.ok(hovered.tooltip.value.startsWith(`**${heading}**`), hovered.tooltip.value.slice(0, 200));
      const item = api.modelsTree.getTreeItem(await node(name));
      assert.equal(item.contextValue, 'prunability.modelFolder');
      assert.equal(item.resourceUri?.toString(), at(name).toString());
      assert.match(String(item.description), /^\d[\d.]*(?:\u202f[KMB])?\b/);

      await vscode.commands.executeCommand('prunability.analyze', at(name));
      const session = api.session(at(name));
      assert.equal(session?.status.state, 'complete', JSON.stringify(session?.status));
      assert.ok(session.report?.complete);
      assert.match(session.report.file.formatLabel, label);
      assert.equal(session.report.file.path, at(name).fsPath);
      assert.ok(session.report.tensors.length > 0);
      const input = vscode.window.tabGroups.activeTabGroup.activeTab;
      assert.equal(input?.label, name);
      // And again from the cache, as the explorer's tooltip and the card then tell.
      const described = await api.descriptions.describe(at(name));
      assert.equal(described.state, 'readable');
      assert.ok(described.analysis);
    });
  }

  test('are analyzed anew once a file in them is another', async () => {
    const [fixture, , , part] = MODELS[0] ?? ['', '', /$/, ''];
    const model = at('followed.mlpackage');
    const weights = vscode.Uri.joinPath(model, part);
    await makeWatchedFolder(vscode.Uri.joinPath(weights, '..'));
    await cp(join(FIXTURES, fixture), model.fsPath, { recursive: true });
    await vscode.commands.executeCommand('prunability.analyze', model);
    const session = api.session(model);
    assert.ok(session?.report);
    assert.ok(session.report.tensors.length > 0);
    const before = session.snapshot().fingerprint;
    const ended = new Promise<string>((resolve) => {
      const listening = session.onStatus(({ state }) => {
        listening.dispose();
        resolve(state);
      });
    });
    await writeFile(weights.fsPath, await readFile(weights.fsPath));
    assert.equal(await ended, 'complete');
    assert.notEqual(session.snapshot().fingerprint, before);
    await rm(model.fsPath, { recursive: true });
  });

  test('are compared with one another', async () => {
    const first = at('checkpoint');
    const second = at('arrays');
    await vscode.commands.executeCommand('prunability.compare', first, [first, second]);
    const comparison = api.comparison();
    assert.equal(comparison?.status.state, 'complete', JSON.stringify(comparison?.status));
    assert.deepEqual(
      comparison.files.map((uri) => uri.toString()),
      [first.toString(), second.toString()],
    );
    assert.ok(comparison.result);
  });

  test('have a card over their path in source code', async () => {
    for (const [, name] of MODELS) {
      const text = `load("${FOLDER}/${name}")`;
      const document = await vscode.workspace.openTextDocument({ language: 'python', content: text });
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        new vscode.Position(0, text.length - 4),
      );
      const cards = hovers
        .flatMap(({ contents }) => contents)
        .filter((content) => content instanceof vscode.MarkdownString)
        .filter(({ value }) => value.includes('command:prunability.analyze'));
      assert.equal(cards.length, 1, name);
      const [, link = ''] = /\(command:prunability\.analyze\?([^)]+)\)/.exec(cards[0]?.value ?? '') ?? [];
      const [target] = JSON.parse(decodeURIComponent(link)) as [{ path: string }];
      assert.equal(target.path, at(name).path);
    }
  });

  test('appear and go with the folder, and one that is none is not listed', async () => {
    await cp(join(FIXTURES, 'orbax', 'levels'), at('late').fsPath, { recursive: true });
    await node('late');
    await mkdir(at('no model').fsPath, { recursive: true });
    await writeFile(at('no model/.metadata').fsPath, 'of some other program');
    await writeFile(at('no model/zarr.json').fsPath, '{}');
    await rm(at('late').fsPath, { recursive: true });
    await eventually('it to go', () => (api.modelsTree.find(at('late')) === undefined ? true : undefined));
    await vscode.commands.executeCommand('prunability.models.refresh');
    assert.deepEqual((await listed()).sort(), MODELS.map(([, name]) => name).sort());
  });

  test('may have thousands of chunks, which are neither listed nor looked into one by one', async () => {
    const chunks = at('many.zarr/w/c').fsPath;
    await mkdir(chunks, { recursive: true });
    await writeFile(at('many.zarr/zarr.json').fsPath, JSON.stringify({ zarr_format: 3, node_type: 'group' }));
    for (let i = 0; i < 3_000; i++) await writeFile(join(chunks, `${i}.bin`), '');
    await vscode.commands.executeCommand('prunability.models.refresh');
    const { entry } = await node('many.zarr');
    // What the search has found of it is the one file that opens it.
    assert.ok(entry.size < 1_000, String(entry.size));
    await rm(at('many.zarr').fsPath, { recursive: true });
  });
});
