import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { activated, sample } from './extension';
import { largeFile } from './large-file';

/** A line in each language that VS Code brings (TOML it does not); `¦` is where the pointer rests. */
const LINES: readonly (readonly [language: string, line: string])[] = [
  ['python', `torch.load(os.path.join("fashion-mnist", "epo¦ch3.pt"))`],
  ['javascript', `load(path.join(root, 'fashion-mnist', 'epo¦ch3.pt'))`],
  ['javascriptreact', `load('fashion-mnist/epo¦ch3.pt')`],
  ['typescript', 'load(`fashion-mnist/epo¦ch3.pt`)'],
  ['typescriptreact', `load("fashion-mnist/epo¦ch3.pt")`],
  ['json', `{ "weights": "fashion-mnist\\/epo¦ch3.pt" }`],
  ['jsonc', `{ "weights": "fashion-mnist/epo¦ch3.pt" } // best`],
  ['yaml', `weights: fashion-mnist/epo¦ch3.pt # best`],
  ['shellscript', `python train.py --weights=fashion-mnist/epo¦ch3.pt | tee log`],
];

/** What the hovers of a place show, as Markdown; only those of this extension. */
async function cardsAt(uri: vscode.Uri, position: vscode.Position): Promise<vscode.MarkdownString[]> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, position);
  return hovers
    .flatMap(({ contents }) => contents)
    .filter((content) => content instanceof vscode.MarkdownString)
    .filter(({ value }) => value.includes('Reveal in Explorer') || value.includes('command:prunability'));
}

let documents = 0;

/** Makes a document of a marked line, in the workspace folder, and hovers there. */
async function hover(language: string, marked: string): Promise<vscode.MarkdownString[]> {
  const character = marked.indexOf('¦');
  // A name of its own for each: of untitled documents VS Code uses the names again, and may answer for the one before.
  const uri = await written(`hover-${++documents}.txt`, `\n${marked.replace('¦', '')}\n`);
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, language);
    return await cardsAt(uri, new vscode.Position(1, character));
  } finally {
    await rm(uri.fsPath);
  }
}

/** A file of the workspace, with its folder. */
async function written(path: string, content: string | Uint8Array): Promise<vscode.Uri> {
  const uri = sample(path);
  await mkdir(dirname(uri.fsPath), { recursive: true });
  await writeFile(uri.fsPath, content);
  return uri;
}

/** Bytes that a process has asked the system to read since it was started. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

suite('Path hover', () => {
  suiteSetup(activated);
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  suiteTeardown(() => rm(sample('hover').fsPath, { recursive: true, force: true }));

  for (const [language, line] of LINES) {
    test(`shows the model in ${language}`, async () => {
      const [card, ...others] = await hover(language, line);
      assert.ok(card);
      assert.equal(others.length, 0);
      assert.match(card.value, /^\*\*epoch3&#46;pt\*\* · fashion&#45;mnist {2}\nPyTorch zip · [\d,]+ parameters · /);
      assert.match(card.value, /\(command:prunability\.analyze\?[^()\s]+\)/);
      assert.match(card.value, /\(command:prunability\.compareWith\?[^()\s]+\)/);
      assert.match(card.value, /\(command:revealInExplorer\?[^()\s]+\)/);
    });
  }

  test('shows the model in a TOML file, which VS Code takes for plain text', async () => {
    const uri = await written('hover/train.toml', `[model]\nweights = 'fashion-mnist/epoch3.pt'\n`);
    await vscode.workspace.openTextDocument(uri);
    const [card] = await cardsAt(uri, new vscode.Position(1, 20));
    assert.match(card?.value ?? '', /^\*\*epoch3&#46;pt\*\*/);
  });

  test('shows it over the literal, and nowhere else', async () => {
    const line = `torch.load('fashion-mnist/epoch3.pt')`;
    const document = await vscode.workspace.openTextDocument({ language: 'python', content: line });
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      new vscode.Position(0, 20),
    );
    assert.deepEqual(
      hovers.map(({ range }) => (range === undefined ? undefined : document.getText(range))),
      [`'fashion-mnist/epoch3.pt'`],
    );
    assert.deepEqual(await cardsAt(document.uri, new vscode.Position(0, 3)), []);
  });

  test('looks beside the file, above it, and in the home', async () => {
    await written('hover/a/near.safetensors', readFileSync(sample('fashion-mnist/epoch3.safetensors').fsPath));
    const uri = await written('hover/a/b/c.py', `x = "../near.safetensors"\ny = "near.safetensors"\nz = "~/none.pt"`);
    await vscode.workspace.openTextDocument(uri);
    for (const line of [0, 1]) {
      const [card] = await cardsAt(uri, new vscode.Position(line, 8));
      assert.match(card?.value ?? '', /^\*\*near&#46;safetensors\*\* · hover&#47;a {2}\n/, `line ${line}`);
    }
    assert.deepEqual(await cardsAt(uri, new vscode.Position(2, 8)), []);
  });

  test('shows every model that a path may mean', async () => {
    const bytes = readFileSync(sample('fashion-mnist/epoch1.pt').fsPath);
    await written('hover/two/weights.pt', bytes);
    await written('hover/two/inner/weights.pt', bytes);
    const uri = await written('hover/two/inner/x.py', `x = "weights.pt"`);
    await vscode.workspace.openTextDocument(uri);
    const cards = await cardsAt(uri, new vscode.Position(0, 8));
    assert.deepEqual(
      cards.map(({ value }) => value.split('  \n')[0]),
      ['**weights&#46;pt** · hover&#47;two&#47;inner', '**weights&#46;pt** · hover&#47;two'],
    );
  });

  test('shows the model of a folder', async () => {
    await written('hover/bert/model.safetensors', readFileSync(sample('fashion-mnist/epoch3.safetensors').fsPath));
    const [card] = await hover('python', `AutoModel.from_pretrained("./hover/be¦rt")`);
    assert.match(card?.value ?? '', /^\*\*model&#46;safetensors\*\*/);
    // Several models, none of which is meant.
    assert.deepEqual(await hover('python', `os.listdir("fashion-m¦nist")`), []);
  });

  test('shows it in the cells of a notebook', async () => {
    const uri = await written(
      'hover/notes/a.ipynb',
      JSON.stringify({
        cells: [
          {
            cell_type: 'code',
            execution_count: null,
            metadata: {},
            outputs: [],
            source: ['torch.load("../../fashion-mnist/epoch2.pt")\n', '!ls ../../fashion-mnist/epoch1.pt'],
          },
        ],
        metadata: { language_info: { name: 'python' } },
        nbformat: 4,
        nbformat_minor: 5,
      }),
    );
    const notebook = await vscode.workspace.openNotebookDocument(uri);
    await vscode.window.showNotebookDocument(notebook);
    const document = notebook.cellAt(0).document;
    assert.equal(document.languageId, 'python');
    const [first] = await cardsAt(document.uri, new vscode.Position(0, 20));
    assert.match(first?.value ?? '', /^\*\*epoch2&#46;pt\*\*/);
    const [second] = await cardsAt(document.uri, new vscode.Position(1, 20));
    assert.match(second?.value ?? '', /^\*\*epoch1&#46;pt\*\*/);
  });

  test('says why a model cannot be read, and what to do', async () => {
    await written('hover/lfs.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 123\n');
    const [card] = await hover('python', `"hover/l¦fs.safetensors"`);
    assert.match(card?.value ?? '', /Not readable: lfs&#46;safetensors is a Git LFS pointer/);
    assert.match(card?.value ?? '', /git lfs pull/);
    assert.doesNotMatch(card?.value ?? '', /command:prunability/);
  });

  test('shows nothing where there is nothing', async () => {
    await written('hover/config.json', '{"hidden_size": 768}');
    await written('hover/notes.txt', 'no model');
    for (const [language, line] of [
      ['python', `"fashion-mnist/none¦.pt"`],
      ['python', `"bert-base-unc¦ased"`],
      ['python', `"https://example.org/mod¦el.pt"`],
      ['python', `"hover/con¦fig.json"`],
      ['python', `"hover/no¦tes.txt"`],
      ['python', `# "fashion-mnist/epo¦ch3.pt"`],
      ['python', `f"fashion-mnist/epo¦ch{i}.pt"`],
      ['shellscript', `cat $RUN/fashion-mnist/epo¦ch3.pt`],
      ['plaintext', `"fashion-mnist/epo¦ch3.pt"`],
    ] as const) {
      assert.deepEqual(await hover(language, line), [], line);
    }
  });

  test('shows nothing once it is switched off', async () => {
    const settings = vscode.workspace.getConfiguration('prunability');
    await settings.update('hover.enabled', false, vscode.ConfigurationTarget.Workspace);
    try {
      assert.deepEqual(await hover('python', `"fashion-mnist/epo¦ch3.pt"`), []);
    } finally {
      await settings.update('hover.enabled', undefined, vscode.ConfigurationTarget.Workspace);
      await rm(join(sample('.vscode').fsPath), { recursive: true, force: true });
    }
    assert.equal((await hover('python', `"fashion-mnist/epo¦ch3.pt"`)).length, 1);
  });

  test('reads no more than the header of a file of 64 GB', async function () {
    if (process.platform !== 'linux') this.skip();
    const api = await activated();
    // What the engine reads when it starts is not counted.
    await hover('python', `"fashion-mnist/epo¦ch3.pt"`);
    assert.ok(api.enginePid);
    const { uri, remove } = await largeFile(64);
    try {
      const document = await vscode.workspace.openTextDocument({ language: 'python', content: `"${uri.fsPath}"` });
      const before = bytesRead(api.enginePid);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        new vscode.Position(0, 5),
      );
      const read = bytesRead(api.enginePid) - before;
      const [card] = hovers.flatMap(({ contents }) => contents) as vscode.MarkdownString[];
      assert.match(card?.value ?? '', /17,179,869,184 parameters · float32 · 64\.0 GB/);
      assert.ok(read > 0 && read < 1e6, `${read} bytes were read`);
    } finally {
      await remove();
    }
  });
});
