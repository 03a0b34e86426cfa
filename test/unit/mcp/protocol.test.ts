import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alive, connected, root, sparseModel, temporaryFolder, until } from './server-process';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let large: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  large = join(folder.path, 'large.safetensors');
  await sparseModel(large);
});
afterAll(() => folder.remove());

const small = join(root, 'samples/fashion-mnist/epoch3.pt');

describe('a long analysis', () => {
  it('tells its progress, and stops when it is cancelled: the next call is answered', async () => {
    const { client } = await connected([]);
    try {
      const cancel = new AbortController();
      const progress: { readonly progress: number; readonly total?: number | undefined }[] = [];
      const call = client.callTool({ name: 'analyze_prunability', arguments: { path: large } }, undefined, {
        signal: cancel.signal,
        onprogress: (update) => {
          progress.push(update);
          if (progress.length === 3) cancel.abort();
        },
      });
      await expect(call).rejects.toThrow(/abort/i);
      const done = progress.map((update) => update.progress);
      expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
      expect(progress.every(({ total }) => total === 2 ** 36)).toBe(true);
      expect(done.at(-1)).toBeLessThan(2 ** 36);
      // It waits in the queue behind the first: it gets its turn only once that has stopped.
      const next = await client.callTool({ name: 'analyze_prunability', arguments: { path: small } });
      expect(next.isError).toBeUndefined();
    } finally {
      await client.close();
    }
  });

  it('does not keep headers waiting, and a queued call can be cancelled', async () => {
    const { client } = await connected([]);
    try {
      const [first, second] = [new AbortController(), new AbortController()];
      const analyze = (path: string, { signal }: AbortController): Promise<unknown> =>
        client.callTool({ name: 'analyze_prunability', arguments: { path } }, undefined, { signal });
      const calls = Promise.allSettled([analyze(large, first), analyze(small, second)]);
      const header = await client.callTool({ name: 'describe_model', arguments: { path: large } });
      expect(header.structuredContent).toMatchObject({ tensors: 256, parameters: { total: 2 ** 34 } });
      second.abort();
      first.abort();
      expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(
        (await client.callTool({ name: 'analyze_prunability', arguments: { path: small } })).isError,
      ).toBeUndefined();
    } finally {
      await client.close();
    }
  });

  it('ends with the client: the process is gone', async () => {
    const { client, pid } = await connected([]);
    const call = client.callTool({ name: 'analyze_prunability', arguments: { path: large } }).catch(() => 'closed');
    await client.callTool({ name: 'describe_model', arguments: { path: small } });
    await client.close();
    expect(await call).toBe('closed');
    await until('the end of the process', () => !alive(pid));
  });
});

describe('standard input and output', () => {
  /** Speaks to the server in plain lines. */
  async function spoken(lines: readonly string[], answers: number): Promise<{ code: number | null; stdout: string }> {
    const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), 'mcp']);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stdin.write(lines.map((line) => `${line}\n`).join(''));
    await until(`${answers} answers`, () => stdout.split('\n').length > answers);
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout };
  }

  const initialize = JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'lines', version: '1' } },
  });
  const callOf = (id: number, path: string): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'analyze_prunability', arguments: { path } },
    });

  it('carry nothing but JSON-RPC, whatever comes in, and the end of input ends the process with 0', async () => {
    const { code, stdout } = await spoken(
      [
        initialize,
        'this is no JSON',
        '{"jsonrpc":"2.0","id":1,"method":"no/such/method"}',
        JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
        callOf(2, small),
        callOf(3, '/no/such/file'),
      ],
      4,
    );
    expect(code).toBe(0);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly jsonrpc: string; readonly id: number; readonly error?: object });
    expect(messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
    expect(messages.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3]);
    expect(messages.filter(({ error }) => error !== undefined).map(({ id }) => id)).toEqual([1]);
  });

  it('end with a signal as well', async () => {
    const { client, pid } = await connected([]);
    process.kill(pid, 'SIGTERM');
    await until('the end of the process', () => !alive(pid));
    await client.close();
  });
});
