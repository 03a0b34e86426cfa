import { basename, resolve } from 'node:path';
import { analyzeWeights } from '../engine/analyze-weights';
import { compareModels } from '../engine/compare-models';
import type { Analyze } from '../engine/read-model';
import type { WorkerPool } from '../engine/worker-pool';
import type { ComparisonEvent } from '../protocol/comparison';
import type { ComparisonReport } from '../report/comparison';
import { comparisonToCsv } from '../report/comparison-csv';
import { comparisonToJson } from '../report/comparison-json';
import type { CompareArguments } from './arguments';
import { comparisonToText } from './comparison-text';
import { ProgressBar } from './progress-bar';

const WRITERS: Readonly<Record<CompareArguments['format'], (report: ComparisonReport) => string>> = {
  text: comparisonToText,
  json: (report) => comparisonToJson(report, 0),
  csv: comparisonToCsv,
};

/**
 * Compares two files; resolves to what there is to write.
 * @throws {FormatError} if one of them cannot be read.
 * @throws CancelledError
 */
export async function compareFiles(
  { before, after, format }: CompareArguments,
  pool: WorkerPool,
  signal: AbortSignal,
): Promise<string> {
  const bar = new ProgressBar(process.stderr, `${basename(before)} → ${basename(after)}`);
  const analyze: Analyze = (path, onEvent) => analyzeWeights({ path, hash: false }, pool, onEvent, signal);
  const onEvent = (event: ComparisonEvent): void => {
    if (event.type === 'progress') bar.update(event.bytesDone, event.totalBytes);
  };
  try {
    const request = { before: resolve(before), after: resolve(after) };
    return WRITERS[format](await compareModels(request, pool, analyze, onEvent, signal));
  } finally {
    bar.clear();
  }
}
