import { once } from 'node:events';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type CallToolResult,
  type ServerNotification,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import type { AgentTool, OnProgress, ToolOutcome } from '../agents/agent-tools';

/** Clients show progress to people: more than this a second only costs messages. */
const PROGRESS_EVERY_MS = 100;

/** Calls carry paths and numbers; the SDK closes the connection where a message is longer. */
const MAX_MESSAGE_BYTES = 2 ** 20;

const INSTRUCTIONS =
  'Tells from the weights of a checkpoint how far a neural network can be pruned. ' +
  'Start with analyze_prunability on a model file; describe_model is cheaper where only the header matters. ' +
  'Fractions are in [0, 1]; kurtosis is Pearson\u2019s (a normal distribution has 3).';

/** What the tools only read, and only on this machine. */
const ANNOTATIONS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

/**
 * Serves the tools as an MCP server on standard input and output, until the input ends or the signal is raised; then
 * open calls are cancelled. Nothing but the protocol is written to standard output.
 *
 * @param log gets a line for people.
 */
export async function serveOverStdio(
  tools: readonly AgentTool[],
  version: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- McpServer takes zod schemas only; ours are plain, shared with the editor's manifest
  const server = new Server(
    { name: 'prunability', title: 'Prunability', version },
    {
      capabilities: { tools: {} },
      instructions: INSTRUCTIONS,
      // For answers of users to questions of the server; it asks none.
      jsonSchemaValidator: {
        getValidator: () => {
          throw new Error('This server asks its users nothing');
        },
      },
    },
  );
  server.onerror = (error) => {
    log(error.message);
  };
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, 'There is no such tool');
    const onProgress = progressSender(params._meta?.progressToken, extra.sendNotification);
    return toolResult(await tool.call(params.arguments ?? {}, extra.signal, onProgress));
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  await server.connect(new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: MAX_MESSAGE_BYTES }));
  // The SDK does not notice that its client has gone.
  const ended = once(process.stdin, 'close').catch(() => undefined);
  const interrupted = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  await Promise.race([closed, ended, interrupted]);
  await server.close();
}

function listed({ name, title, description, inputSchema, outputSchema }: AgentTool): Tool {
  return { name, title, description, inputSchema, outputSchema, annotations: { title, ...ANNOTATIONS } };
}

/** The result twice, as the protocol advises: structured, and as text for clients that know no structure. */
function toolResult(outcome: ToolOutcome): CallToolResult {
  if (!outcome.ok) {
    return { content: [{ type: 'text', text: JSON.stringify({ error: outcome.failure }) }], isError: true };
  }
  return {
    content: [{ type: 'text', text: JSON.stringify(outcome.result) }],
    structuredContent: outcome.result as Record<string, unknown>,
  };
}

/** Progress as notifications, if the client has asked for them; the protocol wants each to tell of more than the last. */
function progressSender(
  progressToken: string | number | undefined,
  send: (notification: ServerNotification) => Promise<void>,
): OnProgress {
  if (progressToken === undefined) return () => undefined;
  let sent = { at: -Infinity, bytes: -1 };
  return (progress, total) => {
    const now = performance.now();
    if (progress <= sent.bytes || (now - sent.at < PROGRESS_EVERY_MS && progress < total)) return;
    sent = { at: now, bytes: progress };
    // A client that has gone is told of by the transport.
    send({ method: 'notifications/progress', params: { progressToken, progress, total, message: 'bytes read' } }).catch(
      () => undefined,
    );
  };
}
