import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

export const root = join(import.meta.dirname, '../../..');

/** The built command line as an MCP server, started and initialised by the SDK's own client. */
export async function connected(
  args: readonly string[],
): Promise<{ client: Client; pid: number; stderr: () => string }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, 'dist', 'cli.js'), 'mcp', ...args],
    cwd: root,
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const client = new Client({ name: 'prunability-test', version: '1.0.0' });
  await client.connect(transport);
  if (transport.pid === null) throw new Error('The server has no process');
  return { client, pid: transport.pid, stderr: () => stderr };
}

/** A folder that is there for the length of a test file. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'prunability-mcp-'));
  return { path, remove: () => rm(path, { recursive: true }) };
}

/** A well-formed safetensors file of 64 GB that takes no room on disk: long enough to be interrupted. */
export async function sparseModel(path: string): Promise<void> {
  const tensorBytes = 2 ** 28;
  const entries = Array.from({ length: 256 }, (_, i) => [
    `layers.${i}.weight`,
    { dtype: 'F32', shape: [2 ** 13, 2 ** 13], data_offsets: [i * tensorBytes, (i + 1) * tensorBytes] },
  ]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  await file.writeFile(Buffer.concat([length, header]));
  await file.truncate(8 + header.length + entries.length * tensorBytes);
  await file.close();
}

/** Whether the process is still there. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until the condition holds. */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
