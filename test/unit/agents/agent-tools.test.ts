import { describe, expect, it } from 'vitest';
import { agentTools, type AgentBackend, type AgentTool, type ToolOutcome } from '../../../src/agents/agent-tools';
import { AccessError, failureText } from '../../../src/agents/failure';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import type { DescriptionResult } from '../../../src/protocol/description';
import { comparison, report } from './reports';

const idle = new AbortController().signal;
const nothing = (): void => undefined;

const unreadableAt = (path: string): Promise<DescriptionResult> => {
  const description = {
    state: 'unreadable' as const,
    recognised: true,
    path,
    reason: 'is empty',
    offset: 0,
    remedy: 'Copy it again.',
  };
  return Promise.resolve(description);
};

function toolOf(name: string, backend: Partial<AgentBackend> = {}): AgentTool {
  const found = agentTools({
    locate: (path) => Promise.resolve(`/found/${path}`),
    analyze: () => Promise.resolve(report()),
    describe: unreadableAt,
    compare: () => Promise.resolve(comparison()),
    log: (error) => {
      throw error;
    },
    ...backend,
  }).find((tool) => tool.name === name);
  if (found === undefined) throw new Error(`There is no tool ${name}`);
  return found;
}

async function failure(outcome: Promise<ToolOutcome>): Promise<string> {
  const settled = await outcome;
  if (settled.ok) throw new Error('It did not fail');
  return `${settled.failure.kind}: ${failureText(settled.failure)}`;
}

describe('agentTools', () => {
  it('offers the comparison only where there is one', () => {
    const { compare, ...rest } = { ...backendOf(), compare: () => Promise.resolve(comparison()) };
    expect(agentTools(rest).map(({ name }) => name)).toEqual(['analyze_prunability', 'describe_model']);
    expect(agentTools({ ...rest, compare }).map(({ name }) => name)).toContain('compare_checkpoints');
  });

  it('gives the backend the located files', async () => {
    const asked: unknown[] = [];
    const backend: Partial<AgentBackend> = {
      analyze: (path) => {
        asked.push(path);
        return Promise.resolve(report());
      },
      compare: (request) => {
        asked.push(request);
        return Promise.resolve(comparison());
      },
    };
    await toolOf('analyze_prunability', backend).call({ path: 'a.pt' }, idle, nothing);
    await toolOf('compare_checkpoints', backend).call({ before: 'a.pt', after: 'b.pt' }, idle, nothing);
    expect(asked).toEqual(['/found/a.pt', { before: '/found/a.pt', after: '/found/b.pt' }]);
  });

  it.each([
    [undefined, /takes an object with "path", "maxLayers" \(optional\), "sortBy" \(optional\)/],
    [[], /takes an object/],
    [{}, /"path" must be the path/],
    [{ path: ' ' }, /"path" must be the path/],
    [{ path: 7 }, /"path" must be the path/],
    [{ path: 'a\0b' }, /NUL/],
    [{ path: 'x'.repeat(5000) }, /4096/],
    [{ path: 'a', file: 'b' }, /not "file"/],
    [{ path: 'a', maxLayers: -1 }, /whole number from 0 to 200/],
    [{ path: 'a', maxLayers: 201 }, /whole number from 0 to 200/],
    [{ path: 'a', maxLayers: 1.5 }, /whole number/],
    [{ path: 'a', maxLayers: '20' }, /whole number/],
    [{ path: 'a', sortBy: 'name' }, /one of limit, kurtosis, size, file/],
    [{ path: 'a', constructor: 1 }, /not "constructor"/],
  ])('refuses %j', async (input, message) => {
    const text = await failure(toolOf('analyze_prunability').call(input, idle, nothing));
    expect(text).toMatch(/^invalid-input: /);
    expect(text).toMatch(message);
  });

  it('tells of a file that cannot be read where and why, and what to do', async () => {
    const error = new FormatError({
      file: '/m/a.pt',
      tensor: 'w\u202e',
      reason: 'ends too early',
      offset: 12,
      remedy: 'Copy it again.',
    });
    const analyze = (): Promise<never> => Promise.reject(error);
    const outcome = await toolOf('analyze_prunability', { analyze }).call({ path: 'a.pt' }, idle, nothing);
    expect(outcome).toEqual({
      ok: false,
      failure: {
        kind: 'unreadable',
        file: '/m/a.pt',
        tensor: 'w\ufffd',
        reason: 'ends too early',
        byte: 12,
        remedy: 'Copy it again.',
      },
    });
    expect(await failure(toolOf('describe_model').call({ path: 'a.pt' }, idle, nothing))).toBe(
      'unreadable: /found/a.pt: is empty (byte 0). Copy it again.',
    );
  });

  it('tells of a file that may not be read', async () => {
    const locate = (path: string): Promise<never> => Promise.reject(new AccessError(path, ['/models']));
    const text = await failure(toolOf('describe_model', { locate }).call({ path: '/etc/passwd' }, idle, nothing));
    expect(text).toMatch(/^not-allowed: \/etc\/passwd: is outside .*below \/models/);
  });

  it('logs what is its own fault, and says so', async () => {
    const logged: unknown[] = [];
    const bug = new TypeError('x is undefined');
    const tool = toolOf('analyze_prunability', {
      analyze: () => Promise.reject(bug),
      log: (error) => logged.push(error),
    });
    expect(await failure(tool.call({ path: 'a' }, idle, nothing))).toMatch(/^internal: .*x is undefined.*report/);
    expect(logged).toEqual([bug]);
  });

  it('passes a cancel on', async () => {
    const analyze = (): Promise<never> => Promise.reject(new CancelledError());
    const call = toolOf('analyze_prunability', { analyze }).call({ path: 'a' }, idle, nothing);
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });
});

function backendOf(): Omit<AgentBackend, 'compare'> {
  return {
    locate: (path) => Promise.resolve(path),
    analyze: () => Promise.resolve(report()),
    describe: unreadableAt,
    log: nothing,
  };
}
