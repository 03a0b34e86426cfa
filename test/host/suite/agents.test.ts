import * as assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rename, rm, symlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import type { AnalysisResult } from '../../../src/agents/analysis-result';
import type { ComparisonResult } from '../../../src/agents/comparison-result';
import type { ToolName } from '../../../src/agents/tool-definitions';
import { EditorTool } from '../../../src/editor/agents/language-model-tools';
import { activated, eventually, sample } from './extension';
import { largeFile } from './large-file';

const SETTING = 'prunability.agents.mcpServer';

async function invoke(name: string, input: object, token?: vscode.CancellationToken): Promise<unknown> {
  const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }, token);
  const [part] = content;
  assert.ok(part instanceof vscode.LanguageModelTextPart);
  return JSON.parse(part.value);
}

/** What VS Code would ask and show before the call. */
function prepared(name: ToolName, input: unknown): Promise<vscode.PreparedToolInvocation> {
  const call = (): never => assert.fail('It is not to be called');
  return new EditorTool({ name, call }).prepareInvocation({ input });
}

suite('Language-model tools', () => {
  suiteSetup(() => activated());

  test('are known to VS Code with their schemas', () => {
    const tools = vscode.lm.tools.filter(({ tags }) => tags.includes('prunability'));
    const names = tools.map(({ name }) => name);
    assert.ok(names.includes('analyze_prunability') && names.includes('describe_model'), names.join());
    for (const { description, inputSchema } of tools) {
      assert.match(description, /untrusted data/);
      assert.equal((inputSchema as { readonly type: string }).type, 'object');
    }
  });

  for (const path of ['fashion-mnist/epoch3.pt', sample('fashion-mnist/epoch3.pt').fsPath]) {
    test(`analyze a file of the workspace: ${path.startsWith('/') ? 'absolute' : 'relative'} path`, async () => {
      const result = (await invoke('analyze_prunability', { path, maxLayers: 3, sortBy: 'size' })) as AnalysisResult;
      assert.equal(result.file.path, sample('fashion-mnist/epoch3.pt').fsPath);
      assert.equal(result.limits.weights?.withFineTuning, 0.83);
      assert.equal(result.initialisation, 'trained');
      assert.equal(result.layers.rows.length, 3);
    });
  }

  test('describe a file by its header', async () => {
    const result = await invoke('describe_model', { path: 'language-detection/model.json' });
    assert.deepEqual((result as AnalysisResult).parameters, { total: 674731, prunable: 674604 });
  });

  test('compare two checkpoints', async () => {
    const input = { before: 'fashion-mnist/epoch1.pt', after: 'fashion-mnist/epoch3.pt', maxLayers: 1 };
    const result = (await invoke('compare_checkpoints', input)) as ComparisonResult;
    assert.equal(result.weights?.cosineSimilarity?.toFixed(4), '0.9094');
    assert.equal(result.layers.rows.length, 1);
  });

  test('say what is wrong with a file or a call', async () => {
    await assert.rejects(invoke('analyze_prunability', { path: 'README.md' }), /README\.md: is of no format.*Choose/);
    await assert.rejects(invoke('analyze_prunability', { path: 'absent.pt' }), /absent\.pt: does not exist/);
    await assert.rejects(invoke('analyze_prunability', { path: 'a.pt', sortBy: 'name' }), /sortBy/);
  });

  test('ask before they read a file outside the workspace, also by a link', async () => {
    const outside = await largeFile(1);
    const link = sample('fashion-mnist/link.safetensors').fsPath;
    await symlink(outside.uri.fsPath, link);
    try {
      for (const path of [outside.uri.fsPath, link, 'fashion-mnist/link.safetensors']) {
        const { message = '' } = (await prepared('analyze_prunability', { path })).confirmationMessages ?? {};
        const text = typeof message === 'string' ? message : message.value;
        assert.match(text, /Prunability is to read .*(large|link)\.safetensors.* given to the language model/);
      }
      const both = await prepared('compare_checkpoints', { before: 'fashion-mnist/epoch1.pt', after: link });
      assert.ok(both.confirmationMessages);
    } finally {
      await rm(link);
      await outside.remove();
    }
  });

  test('do not ask about files of the workspace', async () => {
    for (const path of ['fashion-mnist/epoch1.pt', sample('fashion-mnist').fsPath, 'absent.pt']) {
      assert.equal((await prepared('describe_model', { path })).confirmationMessages, undefined);
    }
    for (const input of [undefined, null, {}, { path: 7 }, 'epoch1.pt']) {
      assert.equal((await prepared('describe_model', input)).confirmationMessages, undefined);
    }
  });

  test('show names of strangers as text', async () => {
    const path = '/tmp/[x](command:y)\u202e<img src=z>`**.pt';
    const { invocationMessage, confirmationMessages } = await prepared('analyze_prunability', { path });
    for (const message of [invocationMessage, confirmationMessages?.message]) {
      assert.ok(message instanceof vscode.MarkdownString);
      assert.equal(message.isTrusted, undefined);
      assert.match(message.value, /\\\[x\\\]\\\(command:y\\\)\ufffd/);
      assert.doesNotMatch(message.value, /(?<!\\)[<`*]/);
    }
  });

  test('stop reading when they are cancelled', async () => {
    const api = await activated();
    const large = await largeFile(64);
    const file = sample('fashion-mnist/large.safetensors').fsPath;
    await rename(large.uri.fsPath, file);
    const source = new vscode.CancellationTokenSource();
    try {
      const call = invoke('analyze_prunability', { path: file }, source.token);
      await eventually('the engine', () => api.enginePid);
      source.cancel();
      await assert.rejects(call, /cancel/i);
      // The engine reads one file at a time: it would be hours before this one's turn.
      await invoke('analyze_prunability', { path: 'fashion-mnist/epoch1.pt' });
    } finally {
      source.dispose();
      await rm(file);
      await large.remove();
    }
  });
});

suite('MCP server of the window', () => {
  teardown(() => vscode.workspace.getConfiguration().update(SETTING, undefined, vscode.ConfigurationTarget.Workspace));

  test('is offered for the folders of the workspace, and answers', async () => {
    const { mcpServer } = await activated();
    assert.ok(mcpServer, 'This VS Code has no MCP servers');
    const [definition, ...others] = mcpServer.definitions();
    assert.ok(definition);
    assert.equal(others.length, 0);
    const folder = sample('.').fsPath.replace(/\/$/, '');
    assert.deepEqual(definition.args.slice(1), ['mcp', '--root', folder]);
    const child = spawn(definition.command, definition.args, {
      cwd: definition.cwd?.fsPath,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: String(definition.env.ELECTRON_RUN_AS_NODE) },
    });
    try {
      const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const ask = async (id: number, method: string, params: object): Promise<string> => {
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
        return String((await answers.next()).value);
      };
      const clientInfo = { name: 'test', version: '1' };
      const hello = await ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
      assert.match(hello, /"name":"prunability"/);
      const path = 'fashion-mnist/epoch3.pt';
      const inside = await ask(2, 'tools/call', { name: 'describe_model', arguments: { path } });
      assert.match(inside, /"total":20555/);
      const outside = await ask(3, 'tools/call', { name: 'describe_model', arguments: { path: __filename } });
      assert.match(outside, /not-allowed/);
    } finally {
      child.stdin.end();
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(code, 0);
  });

  test('is withdrawn by the setting', async () => {
    const { mcpServer } = await activated();
    await vscode.workspace.getConfiguration().update(SETTING, false, vscode.ConfigurationTarget.Workspace);
    assert.deepEqual(mcpServer?.definitions(), []);
  });
});
