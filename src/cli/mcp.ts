import { join, resolve } from 'node:path';
import packageJson from '../../package.json';
import { agentTools, type AgentBackend, type OnProgress } from '../agents/agent-tools';
import { AccessError } from '../agents/failure';
import { absolutePath, isBelow, isModelBelow } from '../agents/file-access';
import { analyzeWeights } from '../engine/analyze-weights';
import { compareModels } from '../engine/compare-models';
import { describeModel } from '../engine/describe-model';
import { JobQueue } from '../engine/job-queue';
import type { Analyze } from '../engine/read-model';
import { threadCount, WorkerPool } from '../engine/worker-pool';
import { mainFile } from '../formats/registry';
import type { AnalysisEvent } from '../protocol/analysis';
import type { ComparisonEvent } from '../protocol/comparison';

/** Serves agents on standard input and output until the input ends or the signal is raised. */
export async function serveAgents(roots: readonly string[], signal: AbortSignal): Promise<void> {
  const { serveOverStdio } = await import('../mcp/server');
  const pool = new WorkerPool(join(__dirname, 'worker.js'), threadCount());
  const log = (line: string): void => {
    process.stderr.write(`prunability mcp: ${line}\n`);
  };
  try {
    const tools = agentTools(
      engineBackend(
        pool,
        roots.map((root) => resolve(root)),
        log,
      ),
    );
    await serveOverStdio(tools, packageJson.version, signal, log);
  } finally {
    await pool.dispose();
  }
}

/** One file is read at a time; calls that come meanwhile wait. Headers are read at once. */
function engineBackend(pool: WorkerPool, roots: readonly string[], log: (line: string) => void): AgentBackend {
  const queue = new JobQueue();
  return {
    locate: (path) => locate(path, roots),
    analyze: (path, signal, onProgress) =>
      queue.run(() => analyzeWeights({ path, hash: false }, pool, bytesOf(onProgress), signal), signal),
    compare: (request, signal, onProgress) => {
      const analyze: Analyze = (path, onEvent, reading) =>
        analyzeWeights({ path, hash: false }, pool, onEvent, reading);
      const onEvent = (event: ComparisonEvent): void => {
        if (event.type === 'progress') onProgress(event.bytesDone, event.totalBytes);
      };
      return queue.run(() => compareModels(request, pool, analyze, onEvent, signal), signal);
    },
    describe: (path, signal) => describeModel({ path, contentOnly: false }, undefined, signal),
    log: (error) => {
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
  };
}

/** Relative paths start at the roots, or at the working directory where there are none. */
async function locate(path: string, roots: readonly string[]): Promise<string> {
  const place = await absolutePath(path, roots);
  if (roots.length === 0) return place;
  if (!(await isBelow(place, roots))) throw new AccessError(place, roots);
  const file = await mainFile(place);
  if (!(await isModelBelow(file, roots))) throw new AccessError(file, roots);
  return file;
}

function bytesOf(onProgress: OnProgress): (event: AnalysisEvent) => void {
  let total = 0;
  return (event) => {
    if (event.type === 'opened') total = event.totalBytes;
    else onProgress(event.bytesDone, total);
  };
}
