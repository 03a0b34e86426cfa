import { basename, join, resolve } from 'node:path';
import packageJson from '../../package.json';
import { analyzeWeights } from '../engine/analyze-weights';
import { useRoles } from '../engine/open-model';
import { threadCount, WorkerPool } from '../engine/worker-pool';
import { CancelledError, ComputationError, FormatError } from '../formats/errors';
import { parseRoleSettings } from '../formats/role-settings';
import type { AnalysisEvent } from '../protocol/analysis';
import { DisconnectedError } from '../protocol/rpc';
import { reportToCsv } from '../report/csv';
import { reportToJson } from '../report/json';
import { reportToMarkdown } from '../report/markdown';
import type { ModelReport } from '../report/report';
import { parseCliArguments, USAGE, type AnalyzeArguments, type OutputFormat } from './arguments';
import { compareFiles } from './compare';
import { measureFile } from './measure';
import { serveAgents } from './mcp';
import { ProgressBar } from './progress-bar';
import { reportToText } from './text';

const EXIT = { done: 0, gateFailed: 1, unreadable: 2, cancelled: 130 } as const;

const WRITERS: Readonly<Record<OutputFormat, (report: ModelReport) => string>> = {
  text: reportToText,
  json: (report) => reportToJson(report, 0),
  csv: reportToCsv,
  markdown: reportToMarkdown,
};

/** Runs the command line; resolves to the exit code. */
export async function runCli(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const parsed = parseCliArguments(argv);
  if ('roles' in parsed) useRoles(parseRoleSettings(parsed.roles).settings);
  switch (parsed.command) {
    case 'help':
      process.stdout.write(USAGE);
      return EXIT.done;
    case 'version':
      process.stdout.write(`${packageJson.version}\n`);
      return EXIT.done;
    case 'wrong':
      process.stderr.write(`prunability: ${parsed.reason}\n\n${USAGE}`);
      return EXIT.unreadable;
    case 'mcp':
      await serveAgents(parsed.roots, signal);
      return EXIT.done;
    case 'analyze':
      return withPool((pool) => analyzeFiles(parsed, pool, signal));
    case 'measure':
      return (
        (await failure(parsed.model, async () => {
          process.stdout.write(await measureFile(parsed, signal));
        })) ?? EXIT.done
      );
    case 'compare':
      return withPool(async (pool) => {
        const what = `${parsed.before}, ${parsed.after}`;
        return (
          (await failure(what, async () => {
            process.stdout.write(await compareFiles(parsed, pool, signal));
          })) ?? EXIT.done
        );
      });
  }
}

async function withPool(work: (pool: WorkerPool) => Promise<number>): Promise<number> {
  const pool = new WorkerPool(join(__dirname, 'worker.js'), threadCount());
  try {
    return await work(pool);
  } finally {
    await pool.dispose();
  }
}

/** Tells what goes wrong with `what`; resolves to its exit code, or to nothing if nothing does. */
async function failure(what: string, work: () => Promise<void>): Promise<number | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof CancelledError) {
      process.stderr.write(`${what}: cancelled\n`);
      return EXIT.cancelled;
    }
    if (error instanceof ComputationError || error instanceof DisconnectedError) {
      process.stderr.write(`${what}: ${error.message}\n`);
      return EXIT.unreadable;
    }
    if (!(error instanceof FormatError)) throw error;
    process.stderr.write(`${error.message}\n${error.detail.remedy}\n`);
    return EXIT.unreadable;
  }
}

/** Every file is tried: one that cannot be read does not hide the others' reports. */
async function analyzeFiles(parsed: AnalyzeArguments, pool: WorkerPool, signal: AbortSignal): Promise<number> {
  let code: number = EXIT.done;
  for (const file of parsed.files) {
    const failed = await failure(file, async () => {
      const report = await analyzeFile(resolve(file), parsed, pool, signal);
      process.stdout.write(WRITERS[parsed.format](report));
      if (parsed.failIfLimitBelow !== undefined && !reaches(report, parsed.failIfLimitBelow)) {
        process.stderr.write(`${file}: ${gateMessage(report, parsed.failIfLimitBelow)}\n`);
        if (code === EXIT.done) code = EXIT.gateFailed;
      }
    });
    if (failed === EXIT.cancelled) return failed;
    code = failed ?? code;
  }
  return code;
}

async function analyzeFile(
  path: string,
  { hash, curvature }: AnalyzeArguments,
  pool: WorkerPool,
  signal: AbortSignal,
): Promise<ModelReport> {
  const bar = new ProgressBar(process.stderr, basename(path));
  let total = 0;
  const onEvent = (event: AnalysisEvent): void => {
    if (event.type === 'opened') total = event.totalBytes;
    else bar.update(event.bytesDone, total);
  };
  try {
    return await analyzeWeights(
      { path, hash, ...(curvature === undefined ? {} : { curvature }) },
      pool,
      onEvent,
      signal,
    );
  } finally {
    bar.clear();
  }
}

function predictedLimit(report: ModelReport): number | undefined {
  return report.limits.find(({ method, scope }) => method === 'cosine-utopia-grid' && scope === 'parameters')
    ?.prunedFraction;
}

/** A file without a limit (nothing prunable) cannot pass a gate on it. */
function reaches(report: ModelReport, bound: number): boolean {
  const limit = predictedLimit(report);
  return limit !== undefined && limit >= bound;
}

function gateMessage(report: ModelReport, bound: number): string {
  const limit = predictedLimit(report);
  return limit === undefined
    ? `there is no predicted limit to compare with ${bound}: nothing in the file is prunable`
    : `the predicted limit ${limit} is below ${bound}`;
}
