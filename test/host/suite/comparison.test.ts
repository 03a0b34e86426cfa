import * as assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { ComparisonReport, RunReport } from '../../../src/report/comparison';
import { activated, eventually, sample } from './extension';

const git = promisify(execFile);

/** The comparison that was made last, once it is complete. */
async function compared(): Promise<ComparisonReport> {
  const result = await finished();
  assert.ok(result.schema === 'prunability-comparison/1');
  return result;
}

async function finished(): Promise<ComparisonReport | RunReport> {
  const api = await activated();
  return eventually('the comparison', () => {
    const session = api.comparison();
    if (session?.status.state === 'failed') throw new Error(session.status.message);
    return session?.result ?? undefined;
  });
}

suite('Comparison', () => {
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  test('of two files that are selected in the explorer', async () => {
    const [before, after] = [sample('fashion-mnist/epoch1.pt'), sample('fashion-mnist/epoch3.pt')];
    await vscode.commands.executeCommand('prunability.compare', before, [before, after]);
    const report = await compared();
    assert.equal(report.before.file.path, before.fsPath);
    assert.equal(report.after.file.path, after.fsPath);
    assert.ok(report.tensors.every(({ change }) => change === 'common'));
    const cosine = report.pair?.cosineSimilarity ?? 0;
    assert.ok(cosine > 0.5 && cosine < 0.9999, `${cosine}`);
    assert.equal(report.pruning, null);
  });

  test('of one network in two formats finds no difference', async () => {
    const [before, after] = [sample('fashion-mnist/epoch3.pt'), sample('fashion-mnist/epoch3.npz')];
    await vscode.commands.executeCommand('prunability.compare', before, [before, after]);
    const { pair, tensors } = await compared();
    assert.equal(pair?.equalCount, pair?.count);
    assert.equal(pair?.relativeChange, 0);
    assert.ok(tensors.every(({ change }) => change === 'common'));
  });

  test('asks for the other file', async () => {
    const run = vscode.commands.executeCommand('prunability.compareWith', sample('fashion-mnist/epoch1.pt'));
    const api = await activated();
    // The choice has the keyboard once it is open: its first entry is taken.
    await eventually(
      'the comparison',
      () => {
        void vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
        return api.comparison()?.result ?? undefined;
      },
      20_000,
      200,
    );
    await run;
    const { before, after } = await compared();
    assert.equal(before.file.path, sample('fashion-mnist/epoch1.pt').fsPath);
    assert.notEqual(after.file.path, before.file.path);
  });

  test('is not made of three', async () => {
    const api = await activated();
    const uris = ['epoch1.pt', 'epoch2.pt', 'epoch3.pt'].map((name) => sample(`fashion-mnist/${name}`));
    await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
    assert.equal(api.comparison(), undefined);
  });

  test('is shown once, and again when it is asked for again', async () => {
    const api = await activated();
    const uris = [sample('fashion-mnist/epoch1.pt'), sample('fashion-mnist/epoch2.pt')];
    await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
    const first = api.comparison();
    await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
    assert.equal(api.comparison(), first);
    await eventually('one tab', () =>
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).length === 1 ? true : undefined,
    );
  });

  test('names the file that cannot be read', async () => {
    const api = await activated();
    const uris = [sample('fashion-mnist/epoch1.pt'), sample('README.md')];
    await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
    const status = api.comparison()?.status;
    assert.ok(status?.state === 'failed');
    assert.match(status.message, /README\.md/);
  });

  test('of the epochs of a run', async () => {
    await vscode.commands.executeCommand('prunability.compareRun', {
      folder: sample('fashion-mnist'),
      checkpoints: [1, 2, 3].map((step) => ({ step, uri: sample(`fashion-mnist/epoch${step}.pt`) })),
    });
    const run = await finished();
    assert.ok(run.schema === 'prunability-run/1');
    assert.deepEqual(
      run.steps.map(({ step }) => step),
      [1, 2, 3],
    );
    assert.equal(run.steps[0]?.toPrevious, null);
    assert.ok((run.steps[2]?.toPrevious?.cosineSimilarity ?? 0) > (run.steps[2]?.toFirst?.cosineSimilarity ?? 1));
  });

  test('finds the run in a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'prunability-'));
    try {
      const run = join(folder, 'run');
      await mkdir(run);
      for (const epoch of [1, 2])
        await copyFile(sample(`fashion-mnist/epoch${epoch}.pt`).fsPath, join(run, `epoch${epoch}.pt`));
      await vscode.commands.executeCommand('prunability.compareRun', vscode.Uri.file(run));
      const report = await finished();
      assert.ok(report.schema === 'prunability-run/1');
      assert.equal(report.steps.length, 2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('of the epochs that come with the extension', async () => {
    await vscode.commands.executeCommand('prunability.compareSamples');
    const run = await finished();
    assert.ok(run.schema === 'prunability-run/1');
    assert.equal(run.steps.length, 3);
  });

  test('with the last commit', async () => {
    const configuration = vscode.workspace.getConfiguration('git');
    const repository = await realpath(await mkdtemp(join(tmpdir(), 'prunability-')));
    const inRepository = (...args: string[]): Promise<unknown> =>
      git('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: repository });
    try {
      const uri = vscode.Uri.file(join(repository, 'model.pt'));
      await copyFile(sample('fashion-mnist/epoch1.pt').fsPath, uri.fsPath);
      await inRepository('init', '-q');
      await inRepository('add', '.');
      await inRepository('commit', '-q', '-m', 'first epoch');
      await copyFile(sample('fashion-mnist/epoch3.pt').fsPath, uri.fsPath);
      await configuration.update('enabled', true, vscode.ConfigurationTarget.Global);
      await vscode.extensions.getExtension('vscode.git')?.activate();
      await vscode.commands.executeCommand('git.openRepository', repository);
      await vscode.commands.executeCommand('prunability.compareWithHead', uri);
      const report = await compared();
      assert.match(report.before.file.path, /^git:.*model\.pt$/);
      assert.equal(report.after.file.path, uri.fsPath);
      const withGit = report.pair?.cosineSimilarity;
      const uris = [sample('fashion-mnist/epoch1.pt'), sample('fashion-mnist/epoch3.pt')];
      await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
      assert.equal((await compared()).pair?.cosineSimilarity, withGit);
    } finally {
      await configuration.update('enabled', undefined, vscode.ConfigurationTarget.Global);
      await rm(repository, { recursive: true });
    }
  });

  test('of a dense network with its pruned copy tells what was pruned, and by what rule', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'prunability-'));
    try {
      const dense = sample('fashion-mnist/epoch3.safetensors');
      const pruned = join(folder, 'pruned.safetensors');
      const zeros = await prune(dense.fsPath, pruned, 0.01);
      const uris = [dense, vscode.Uri.file(pruned)];
      await vscode.commands.executeCommand('prunability.compare', uris[0], uris);
      const { pruning } = await compared();
      assert.equal(pruning?.prunedCount, zeros);
      assert.equal(pruning.globalMagnitude?.same, true);
      assert.deepEqual(pruning.globalMagnitude.interval, [1, 1]);
      assert.equal(pruning.unchangedFraction, 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Writes a copy of a safetensors file without the float32 values of at most this magnitude; returns how many went. */
async function prune(from: string, to: string, threshold: number): Promise<number> {
  const bytes = await readFile(from);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  let zeros = 0;
  for (const {
    data_offsets: [begin, end],
  } of Object.values(header).filter(({ dtype }) => dtype === 'F32')) {
    for (let at = start + begin; at < start + end; at += 4) {
      const value = bytes.readFloatLE(at);
      if (value === 0 || Math.abs(value) > threshold) continue;
      bytes.writeFloatLE(0, at);
      zeros++;
    }
  }
  await writeFile(to, bytes);
  return zeros;
}
