import { CancelledError } from '../formats/errors';
import type { AnalysisEvent, AnalyzeRequest, LayerResult } from '../protocol/analysis';
import type { ModelReport } from '../report/report';
import { analysisSummary } from './analysis-summary';
import { analyzeCheckpoint } from './analyze-weights';
import { modelKey, type ModelKey } from './model-key';
import type { ResultCache } from './result-cache';
import type { WorkerPool } from './worker-pool';
import { openModel } from './open-model';
import { withOptimizerState } from './optimizer-beside';

/** Results of more tensors are not kept: writing them as text would take more memory than this process may have. */
const MAX_TENSORS_KEPT = 20_000;

/**
 * As `analyzeWeights`, but tells again what is known already, and keeps what it finds. Hashes of values, and what was computed with the caller's own figures, are neither.
 * @throws {FormatError} if the file, or a file that belongs to it, cannot be read.
 * @throws {CancelledError}
 */
export async function cachedAnalysis(
  request: AnalyzeRequest,
  cache: ResultCache,
  pool: WorkerPool,
  report: (event: AnalysisEvent) => void,
  signal: AbortSignal,
): Promise<ModelReport> {
  const started = performance.now();
  pool.warmUp();
  const model = await openModel(request.path, signal);
  try {
    const opened = await withOptimizerState(model, signal);
    const isUsual = !request.hash && request.curvature === undefined;
    const key = isUsual && request.cache !== 'none' ? await keyOf(opened) : undefined;
    const known = key === undefined || request.cache === 'refresh' ? undefined : await cache.result(key);
    if (signal.aborted) throw new CancelledError();
    if (known !== undefined) return tellAgain(known.events, known.report, request.path, report);
    const record = new Record();
    const result = await analyzeCheckpoint(
      opened.checkpoint,
      request,
      pool,
      (event) => {
        record.add(event);
        report(event);
      },
      signal,
      started,
    );
    const after = await keyOf(opened);
    // A file that was written meanwhile has given numbers of neither version.
    const { events } = record;
    if (key !== undefined && events !== undefined && JSON.stringify(after) === JSON.stringify(key)) {
      const summary = analysisSummary(result, events, Date.now());
      await cache.store(key, { report: result, events, summary }).catch((error: unknown) => {
        process.stderr.write(`The result of ${request.path} could not be kept: ${String(error)}\n`);
      });
    }
    return result;
  } finally {
    await model.close();
  }
}

/** Undefined if a file is gone: the analysis will say so better. */
async function keyOf(opened: Parameters<typeof modelKey>[0]): Promise<ModelKey | undefined> {
  return modelKey(opened).catch(() => undefined);
}

/** The same model may have been asked for by its file or by its folder: the answer names what was asked for now. */
function tellAgain(
  events: readonly AnalysisEvent[],
  result: ModelReport,
  path: string,
  report: (event: AnalysisEvent) => void,
): ModelReport {
  const file = { ...result.file, path };
  for (const event of events) report(event.type === 'opened' ? { ...event, file } : event);
  return { ...result, file };
}

/** What an analysis tells, without what it corrects later: one `layers` event in place of many, and the last `model`. */
class Record {
  private opened: Extract<AnalysisEvent, { type: 'opened' }> | undefined;
  private readonly layers: LayerResult[] = [];
  private model: Extract<AnalysisEvent, { type: 'model' }> | undefined;

  /** Undefined unless the analysis has come to its end, and for models of too many tensors. */
  get events(): readonly AnalysisEvent[] | undefined {
    const { opened, layers, model } = this;
    if (opened === undefined || model === undefined || opened.tensors.length > MAX_TENSORS_KEPT) return undefined;
    return [opened, { type: 'layers', layers, bytesDone: model.bytesDone }, model];
  }

  add(event: AnalysisEvent): void {
    if (event.type === 'opened') this.opened = event;
    else if (event.type === 'model') this.model = event;
    else if ((this.opened?.tensors.length ?? 0) <= MAX_TENSORS_KEPT) this.layers.push(...event.layers);
  }
}
