import * as assert from 'node:assert/strict';
import { copyFile, cp, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ModelsTree } from '../../../src/editor/side-bar/models-tree';
import type { ModelsTreeNode, ModelTreeNode, RunTreeNode } from '../../../src/editor/side-bar/models-tree-nodes';
import { ModelsTreeOptions } from '../../../src/editor/side-bar/models-tree-options';
import { activated, eventually, sample } from './extension';

const FASHION = [
  'fashion-mnist',
  '  tfjs',
  '    model.json',
  '  epoch*.pt',
  '    epoch1.pt',
  '    epoch2.pt',
  '    epoch3.pt',
  '  epoch3-bfloat16.safetensors',
  '  epoch3.npz',
  '  epoch3.safetensors',
  '  untrained.pt',
];
const SAMPLES = ['digits', '  with-l1.onnx', '  without-l1.onnx', ...FASHION, 'language-detection', '  model.json'];

/** Folder that tests write into, and the tree without it. */
const SCRATCH = 'scratch';

suite('Models view', () => {
  let tree: ModelsTree;
  const scratch = (...names: string[]): string => join(sample(SCRATCH).fsPath, ...names);

  suiteSetup(async () => {
    tree = (await activated()).modelsTree;
    await vscode.commands.executeCommand('prunability.models.focus');
    await shows(SAMPLES);
  });

  teardown(async () => {
    await rm(scratch(), { recursive: true, force: true });
    await tree.show({ layout: 'folder', order: 'name', filter: '' });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await shows(SAMPLES);
  });

  /** The tree as indented labels. */
  async function drawn(parent?: ModelsTreeNode, indent = ''): Promise<string[]> {
    const lines: string[] = [];
    for (const node of await tree.getChildren(parent)) {
      assert.equal(tree.getParent(node), parent);
      lines.push(`${indent}${labelOf(tree.getTreeItem(node))}`, ...(await drawn(node, `${indent}  `)));
    }
    return lines;
  }

  async function shows(expected: readonly string[]): Promise<void> {
    const end = Date.now() + 15_000;
    let lines = await drawn();
    while (lines.join('\n') !== expected.join('\n') && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      lines = await drawn();
    }
    assert.deepEqual(lines, expected);
  }

  /** The tree of the samples, and of the scratch folder as far as it is given. */
  const showsScratch = (...lines: string[]): Promise<void> =>
    shows([...SAMPLES, ...(lines.length === 0 ? [] : [SCRATCH, ...lines.map((line) => `  ${line}`)])]);

  /** The item of a model, once it is listed. */
  function model(path: string): Promise<ModelTreeNode> {
    return eventually(path, () => tree.find(sample(path)), 15_000);
  }

  /** What the file's item shows once its header was read, as a hover does. */
  async function hovered(path: string): Promise<vscode.TreeItem> {
    const node = await model(path);
    const cancellation = new vscode.CancellationTokenSource();
    const hover = await tree.resolveTreeItem(tree.getTreeItem(node), node, cancellation.token);
    cancellation.dispose();
    const item = tree.getTreeItem(await model(path));
    item.tooltip = hover.tooltip;
    return item;
  }

  async function item(labels: readonly string[]): Promise<ModelsTreeNode> {
    let found: ModelsTreeNode | undefined;
    for (const label of labels) {
      found = (await tree.getChildren(found)).find((node) => labelOf(tree.getTreeItem(node)) === label);
    }
    assert.ok(found, labels.join(' > '));
    return found;
  }

  suite('content', () => {
    test('lists the models of the workspace by folder, the epochs of a run in their order', async () => {
      await shows(SAMPLES);
    });

    test('gives a run its folder and its checkpoints', async () => {
      const run = (await item(['fashion-mnist', 'epoch*.pt'])) as RunTreeNode;
      assert.equal(run.folder.toString(), sample('fashion-mnist').toString());
      assert.deepEqual(
        run.checkpoints.map(({ uri, step }) => [uri.toString(), step]),
        [1, 2, 3].map((step) => [sample(`fashion-mnist/epoch${step}.pt`).toString(), step]),
      );
      const { contextValue, collapsibleState, description } = tree.getTreeItem(run);
      assert.deepEqual(
        { contextValue, collapsibleState, description },
        {
          contextValue: 'prunability.run',
          collapsibleState: vscode.TreeItemCollapsibleState.Collapsed,
          description: '3 checkpoints',
        },
      );
    });

    test('tells a model by its size until its header was read, then by its parameters, and in words', async () => {
      await mkdir(scratch(), { recursive: true });
      await copyFile(sample('fashion-mnist/epoch1.pt').fsPath, scratch('fresh.pt'));
      const before = tree.getTreeItem(await model(`${SCRATCH}/fresh.pt`));
      assert.match(String(before.description), /^\d+(\.\d)?\u202fKB$/);
      assert.equal(before.contextValue, 'prunability.model');
      assert.equal(before.resourceUri?.toString(), sample(`${SCRATCH}/fresh.pt`).toString());
      assert.equal(before.tooltip, undefined);
      const after = await hovered(`${SCRATCH}/fresh.pt`);
      assert.match(String(after.description), /^20\.\d\u202fK · \d+(\.\d)?\u202fKB$/);
      assert.match(after.accessibilityInformation?.label ?? '', /^fresh\.pt, model with 20\.\d\u202fK parameters/);
      assert.ok(after.tooltip instanceof vscode.MarkdownString);
      assert.match(after.tooltip.value, /20[,.]?\d/);
    });

    test('says of a file that is no model that it is not readable', async () => {
      await mkdir(scratch(), { recursive: true });
      await writeFile(scratch('broken.pt'), 'this is no pickle');
      const shown = await hovered(`${SCRATCH}/broken.pt`);
      assert.equal(shown.contextValue, 'prunability.unreadable');
      assert.equal(shown.description, 'not readable');
      assert.match(shown.accessibilityInformation?.label ?? '', /^broken\.pt, model, not readable: ./);
      assert.ok(shown.tooltip instanceof vscode.MarkdownString);
    });

    test('shows what is hidden in a name', async () => {
      await mkdir(scratch(), { recursive: true });
      await copyFile(sample('fashion-mnist/epoch1.pt').fsPath, scratch('a\u202Etp.pt'));
      await showsScratch('a‹U+202E›tp.pt');
    });

    test('lists what only its content tells to be a model, and nothing else of such names', async () => {
      await mkdir(scratch(), { recursive: true });
      await writeFile(scratch('model.json'), '{"name": "no model"}');
      await writeFile(scratch('data.bin'), new Uint8Array(1000));
      await copyFile(sample('fashion-mnist/epoch3.safetensors').fsPath, scratch('weights.bin'));
      await copyFile(sample('fashion-mnist/epoch3.pt').fsPath, scratch('zz.pt'));
      await showsScratch('weights.bin', 'zz.pt');
      await writeFile(scratch('weights.bin'), 'no model any more');
      await showsScratch('zz.pt');
    });

    test('lists a TensorFlow.js model once the last of its shards is there', async () => {
      await mkdir(scratch(), { recursive: true });
      await copyFile(sample('fashion-mnist/untrained.pt').fsPath, scratch('zz.pt'));
      const copy = async (name: string): Promise<void> =>
        copyFile(sample(`fashion-mnist/tfjs/${name}`).fsPath, scratch(name));
      await copy('model.json');
      await showsScratch('zz.pt');
      await copy('group1-shard1of2.bin');
      // Until it was looked into: nothing tells that it was not listed.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await showsScratch('zz.pt');
      await copy('group1-shard2of2.bin');
      await showsScratch('model.json', 'zz.pt');
      assert.deepEqual((await model(`${SCRATCH}/model.json`)).entry.shards, { found: 2, expected: 2, indexed: true });
    });

    test('has one item for a sharded model, and says what it lacks', async () => {
      await mkdir(scratch(), { recursive: true });
      await writeShards(scratch());
      await showsScratch('model.safetensors');
      const index = `${SCRATCH}/model.safetensors.index.json`;
      assert.match(String((await hovered(index)).description), /^12 · \d+\u202fB$/);
      await rm(scratch('model-00002-of-00002.safetensors'));
      await eventually('the missing shard', () =>
        tree.find(sample(index))?.entry.shards?.found === 1 ? true : undefined,
      );
      assert.equal((await hovered(index)).contextValue, 'prunability.unreadable');
      await rm(scratch('model.safetensors.index.json'));
      const first = tree.getTreeItem(await model(`${SCRATCH}/model-00001-of-00002.safetensors`));
      assert.equal(first.label, 'model.safetensors');
      assert.match(String(first.description), /^1 of 2 shards · /);
    });

    test('takes the checkpoints of the Hugging Face trainer for a run', async () => {
      for (const step of [500, 1000]) {
        await mkdir(scratch(`checkpoint-${step}`), { recursive: true });
        const file = scratch(`checkpoint-${step}`, 'model.safetensors');
        await copyFile(sample('fashion-mnist/epoch3.safetensors').fsPath, file);
        await writeFile(scratch(`checkpoint-${step}`, 'optimizer.pt'), 'not looked at');
      }
      await showsScratch(
        'checkpoint-*/model.safetensors',
        '  checkpoint-500/model.safetensors',
        '  checkpoint-1000/model.safetensors',
      );
    });
  });

  suite('follows the disk', () => {
    const source = (): string => sample('fashion-mnist/untrained.pt').fsPath;

    test('when files are created, renamed and deleted', async () => {
      await mkdir(scratch(), { recursive: true });
      await copyFile(source(), scratch('new.pt'));
      await showsScratch('new.pt');
      await rename(scratch('new.pt'), scratch('renamed.pt'));
      await showsScratch('renamed.pt');
      await rm(scratch('renamed.pt'));
      await showsScratch();
    });

    test('when folders with models are moved in, renamed and deleted', async () => {
      const outside = join(sample('..').fsPath, 'outside');
      await mkdir(join(outside, 'deep'), { recursive: true });
      await copyFile(source(), join(outside, 'deep', 'a.pt'));
      await mkdir(scratch(), { recursive: true });
      await rename(outside, scratch('in'));
      await shows([...SAMPLES, `${SCRATCH}/in/deep`, '  a.pt']);
      await rename(scratch('in'), scratch('out'));
      await shows([...SAMPLES, `${SCRATCH}/out/deep`, '  a.pt']);
      await rm(scratch('out'), { recursive: true });
      await shows(SAMPLES);
    });

    test('when a file grows', async () => {
      await mkdir(scratch(), { recursive: true });
      await writeFile(scratch('a.npy'), new Uint8Array(10));
      const grown = (size: number): Promise<true> =>
        eventually(`${size} bytes`, () =>
          tree.find(sample(`${SCRATCH}/a.npy`))?.entry.size === size ? true : undefined,
        );
      await grown(10);
      await writeFile(scratch('a.npy'), new Uint8Array(20));
      await grown(20);
    });

    test('when hundreds of files come at once, with few refreshes', async () => {
      let refreshes = 0;
      const listening = tree.onDidChangeTreeData(() => refreshes++);
      await mkdir(scratch('many'), { recursive: true });
      for (let i = 0; i < 400; i++) await writeFile(scratch('many', `array${i}.npy`), '');
      await eventually('all of them', () =>
        Array.from({ length: 400 }, (_, i) => tree.find(sample(`${SCRATCH}/many/array${i}.npy`))).every(Boolean)
          ? true
          : undefined,
      );
      listening.dispose();
      assert.ok(refreshes < 40, `${refreshes} refreshes`);
    });

    test('but leaves out the folders of libraries', async () => {
      await mkdir(scratch('node_modules', 'x'), { recursive: true });
      await copyFile(source(), scratch('node_modules', 'x', 'a.pt'));
      await copyFile(source(), scratch('b.pt'));
      await showsScratch('b.pt');
      await vscode.commands.executeCommand('prunability.models.refresh');
      await showsScratch('b.pt');
    });

    test('and finds what git ignores', async () => {
      await cp(sample('fashion-mnist').fsPath, scratch('fm'), { recursive: true });
      await writeFile(scratch('.gitignore'), '*.pt\n');
      await vscode.commands.executeCommand('prunability.models.refresh');
      assert.ok(tree.find(sample(`${SCRATCH}/fm/untrained.pt`)));
    });
  });

  suite('commands', () => {
    /** Labels of the first level. */
    const top = async (): Promise<string[]> => (await drawn()).filter((line) => !line.startsWith(' '));

    test('group by run, as a list and by folder', async () => {
      await vscode.commands.executeCommand('prunability.models.groupByRun');
      assert.deepEqual(await top(), [
        'epoch*.pt',
        'epoch3-bfloat16.safetensors',
        'epoch3.npz',
        'epoch3.safetensors',
        'model.json',
        'model.json',
        'untrained.pt',
        'with-l1.onnx',
        'without-l1.onnx',
      ]);
      const run = tree.getTreeItem(await item(['epoch*.pt']));
      assert.equal(run.description, '3 checkpoints · fashion-mnist');
      await vscode.commands.executeCommand('prunability.models.flat');
      assert.deepEqual(await drawn(), await top());
      assert.equal((await top()).length, 11);
      const listed = tree.getTreeItem(await model('fashion-mnist/epoch3.npz'));
      assert.match(String(listed.description), / · fashion-mnist$/);
      await vscode.commands.executeCommand('prunability.models.groupByFolder');
      await shows(SAMPLES);
    });

    test('sort by size, time, limit and name', async () => {
      await mkdir(scratch(), { recursive: true });
      await writeFile(scratch('a.npy'), new Uint8Array(1));
      await writeFile(scratch('b.npy'), new Uint8Array(3));
      await writeFile(scratch('c.npy'), new Uint8Array(2));
      await utimes(scratch('c.npy'), 3000, 3000);
      await utimes(scratch('a.npy'), 2000, 2000);
      await utimes(scratch('b.npy'), 1000, 1000);
      await showsScratch('a.npy', 'b.npy', 'c.npy');
      await vscode.commands.executeCommand('prunability.models.refresh');
      const order = async (command: string): Promise<string[]> => {
        await vscode.commands.executeCommand(command);
        const folder = await item([SCRATCH]);
        return (await tree.getChildren(folder)).map(({ label }) => label);
      };
      assert.deepEqual(await order('prunability.models.sortBySize'), ['b.npy', 'c.npy', 'a.npy']);
      assert.deepEqual(await order('prunability.models.sortByModified'), ['c.npy', 'a.npy', 'b.npy']);
      // None of them was analyzed.
      assert.deepEqual(await order('prunability.models.sortByLimit'), ['a.npy', 'b.npy', 'c.npy']);
      assert.deepEqual(await order('prunability.models.sortByName'), ['a.npy', 'b.npy', 'c.npy']);
    });

    test('filter and clear the filter', async () => {
      await vscode.commands.executeCommand('prunability.models.filter', 'FASHION tensors');
      await shows(['fashion-mnist', '  epoch3-bfloat16.safetensors', '  epoch3.safetensors']);
      assert.match(tree.view.message ?? '', /FASHION tensors.*2/);
      await vscode.commands.executeCommand('prunability.models.clearFilter');
      await shows(SAMPLES);
      assert.equal(tree.view.message, '');
    });

    test('ask for the filter, and keep the one before if the question is dismissed', async () => {
      await vscode.commands.executeCommand('prunability.models.filter', 'npz');
      const asking = vscode.commands.executeCommand('prunability.models.filter');
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await asking;
      await shows(['fashion-mnist', '  epoch3.npz']);
    });

    test('copy the paths of the selected items, and of the clicked one', async () => {
      const [first, second] = [await model('fashion-mnist/epoch1.pt'), await model('fashion-mnist/epoch2.pt')];
      await vscode.commands.executeCommand('prunability.models.copyPath', first, [first, second]);
      assert.equal(await vscode.env.clipboard.readText(), `${first.uri.fsPath}\n${second.uri.fsPath}`);
      await vscode.commands.executeCommand('prunability.models.copyPath', await item(['fashion-mnist']));
      assert.equal(await vscode.env.clipboard.readText(), sample('fashion-mnist').fsPath);
      await tree.view.reveal(second, { select: true, focus: true });
      await eventually('the selection', () => (tree.view.selection[0]?.id === second.id ? true : undefined));
      await vscode.commands.executeCommand('prunability.models.copyPath');
      assert.equal(await vscode.env.clipboard.readText(), second.uri.fsPath);
    });

    test('reveal a model in the explorer', async () => {
      await vscode.commands.executeCommand('prunability.models.reveal', await model('fashion-mnist/epoch3.npz'));
      await eventually('the view to be left', () => (tree.view.visible ? undefined : true));
      await vscode.commands.executeCommand('copyFilePath');
      assert.equal(await vscode.env.clipboard.readText(), sample('fashion-mnist/epoch3.npz').fsPath);
      await vscode.commands.executeCommand('prunability.models.focus');
    });

    test('search again', async () => {
      let refreshes = 0;
      const listening = tree.onDidChangeTreeData(() => refreshes++);
      await vscode.commands.executeCommand('prunability.models.refresh');
      listening.dispose();
      assert.ok(refreshes > 0);
      await shows(SAMPLES);
    });
  });

  test('drags all models of the selected items out as URIs', async () => {
    const transfer = new vscode.DataTransfer();
    const epoch2 = await model('fashion-mnist/epoch2.pt');
    tree.handleDrag([await item(['fashion-mnist', 'epoch*.pt']), epoch2, await item(['language-detection'])], transfer);
    const uris = await transfer.get('text/uri-list')?.asString();
    const expected = ['fashion-mnist/epoch1.pt', 'fashion-mnist/epoch2.pt', 'fashion-mnist/epoch3.pt'];
    assert.deepEqual(
      uris?.split('\r\n'),
      [...expected, 'language-detection/model.json'].map((path) => sample(path).toString()),
    );
  });

  test('remembers how the models are shown, and forgives what it does not know', async () => {
    const kept = new Map<string, unknown>();
    const memory: vscode.Memento = {
      keys: () => [...kept.keys()],
      get: (key: string) => kept.get(key) as never,
      update: (key, value) => Promise.resolve(void kept.set(key, value)),
    };
    await new ModelsTreeOptions(memory).change({ layout: 'run', order: 'size', filter: 'x' });
    assert.deepEqual(new ModelsTreeOptions(memory).current, { layout: 'run', order: 'size', filter: 'x' });
    for (const key of kept.keys()) kept.set(key, { layout: 'spiral', order: 3, filter: null });
    assert.deepEqual(new ModelsTreeOptions(memory).current, { layout: 'folder', order: 'name', filter: '' });
    await tree.show({});
  });
});

function labelOf({ label }: vscode.TreeItem): string {
  return typeof label === 'string' ? label : '';
}

/** Two safetensors files of eight and four weights, and their index. */
async function writeShards(folder: string): Promise<void> {
  const counts = { a: 8, b: 4 };
  const names = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
  for (const tensor of ['a', 'b'] as const) {
    const bytes = 4 * counts[tensor];
    const header = Buffer.from(
      JSON.stringify({ [tensor]: { dtype: 'F32', shape: [2, counts[tensor] / 2], data_offsets: [0, bytes] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(join(folder, names[tensor]), Buffer.concat([length, header, Buffer.alloc(bytes)]));
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: { total_size: 48 }, weight_map: names }),
  );
}
