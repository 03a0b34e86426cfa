import * as assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { activated, eventually, sample } from './extension';

const GIGABYTE = 2 ** 30;

/** A file system that holds files in memory and, as virtual workspaces do, hands them out whole. */
class MemoryFiles implements vscode.FileSystemProvider {
  readonly files = new Map<string, Uint8Array>();
  /** Sizes that are told instead of the true ones. */
  readonly claimed = new Map<string, number>();
  reads = 0;
  private readonly emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.emitter.event;

  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, bytes);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const bytes = this.files.get(uri.path);
    if (bytes === undefined && ![...this.files.keys()].some((path) => path.startsWith(`${uri.path}/`))) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    const type = bytes === undefined ? vscode.FileType.Directory : vscode.FileType.File;
    return { type, ctime: 0, mtime: 1, size: this.claimed.get(uri.path) ?? bytes?.length ?? 0 };
  }

  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    return [...this.files.keys()]
      .filter((path) => path.startsWith(`${uri.path}/`))
      .map((path) => [path.slice(uri.path.length + 1), vscode.FileType.File]);
  }

  readFile(uri: vscode.Uri): Uint8Array {
    this.reads++;
    const bytes = this.files.get(uri.path);
    if (bytes === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return bytes;
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  writeFile(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }
}

suite('Virtual file systems', () => {
  const files = new MemoryFiles();
  let registration: vscode.Disposable;
  suiteSetup(() => {
    registration = vscode.workspace.registerFileSystemProvider('memory', files, { isReadonly: true });
  });
  suiteTeardown(() => {
    registration.dispose();
  });
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  const at = (path: string): vscode.Uri => vscode.Uri.from({ scheme: 'memory', path });
  const ended = async (uri: vscode.Uri): Promise<void> => {
    const api = await activated();
    await vscode.commands.executeCommand('prunability.analyze', uri);
    await eventually('the end', () => (api.session(uri)?.status.state === 'running' ? undefined : true));
  };

  test('a model is read whole, and named by its own place', async () => {
    const api = await activated();
    files.put('/models/epoch3.pt', await readFile(sample('fashion-mnist/epoch3.pt').fsPath));
    const uri = at('/models/epoch3.pt');
    await ended(uri);
    const session = api.session(uri);
    assert.equal(session?.status.state, 'complete');
    assert.equal(session.report?.file.path, 'memory:/models/epoch3.pt');
    await vscode.commands.executeCommand('prunability.analyze', sample('fashion-mnist/epoch3.pt'));
    const local = api.session(sample('fashion-mnist/epoch3.pt'))?.report;
    assert.deepEqual(session.report.limits, local?.limits);
  });

  test('weights beside a manifest are found', async () => {
    const api = await activated();
    for (const name of ['model.json', 'group1-shard1of1.bin']) {
      files.put(`/tfjs/${name}`, await readFile(sample(`language-detection/${name}`).fsPath));
    }
    await ended(at('/tfjs/model.json'));
    assert.equal(api.session(at('/tfjs/model.json'))?.status.state, 'complete');
  });

  test('a model that is too large is refused before it is read', async () => {
    const api = await activated();
    files.put('/models/large.safetensors', new Uint8Array(100));
    files.claimed.set('/models/large.safetensors', 3 * GIGABYTE);
    const reads = files.reads;
    const uri = at('/models/large.safetensors');
    await ended(uri);
    const status = api.session(uri)?.status;
    assert.ok(status?.state === 'failed');
    assert.match(status.message, /large\.safetensors has 3\.0 GB; .*"memory".* 256\.0 MB\./);
    assert.equal(files.reads, reads);
    assert.match(status.remedy ?? '', /Copy/);
  });

  test('what is wrong with a model is told of the model, not of a copy', async () => {
    const api = await activated();
    files.put('/models/bad.safetensors', new TextEncoder().encode('{"not": "a model"}'));
    const uri = at('/models/bad.safetensors');
    await ended(uri);
    const status = api.session(uri)?.status;
    assert.ok(status?.state === 'failed');
    assert.match(status.where ?? '', /^memory:\/models\/bad\.safetensors/);
    assert.match(status.message, /^bad\.safetensors /);
  });

  test('is not read by what only shows names', async () => {
    const api = await activated();
    files.put('/models/hovered.pt', new Uint8Array(10));
    const reads = files.reads;
    const description = await api.descriptions.describe(at('/models/hovered.pt'));
    assert.deepEqual([description.state, files.reads - reads], ['unreadable', 0]);
  });
});
