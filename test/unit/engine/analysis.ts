import { join } from 'node:path';
import { afterAll } from 'vitest';
import { analyzeWeights } from '../../../src/engine/analyze-weights';
import { WorkerPool } from '../../../src/engine/worker-pool';
import type { AnalysisEvent } from '../../../src/protocol/analysis';
import type { ModelReport } from '../../../src/report/report';

const root = join(import.meta.dirname, '../../..');

/** A pool of `threads` on the built worker, disposed with the test file. */
export function workerPool(threads: number): WorkerPool {
  const pool = new WorkerPool(join(root, 'dist', 'worker.js'), threads);
  afterAll(() => pool.dispose());
  return pool;
}

export function fixture(path: string): string {
  return join(root, 'test', 'fixtures', path);
}

/** A file of a package that is a development dependency. */
export function packageFile(path: string): string {
  return join(root, 'node_modules', path);
}

export interface Analysis {
  readonly report: ModelReport;
  readonly events: readonly AnalysisEvent[];
}

export async function analysis(
  pool: WorkerPool,
  path: string,
  options: { hash?: boolean; signal?: AbortSignal; onEvent?: (event: AnalysisEvent) => void } = {},
): Promise<Analysis> {
  const events: AnalysisEvent[] = [];
  const onEvent = (event: AnalysisEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  const signal = options.signal ?? new AbortController().signal;
  const report = await analyzeWeights({ path, hash: options.hash ?? false }, pool, onEvent, signal);
  return { report, events };
}
