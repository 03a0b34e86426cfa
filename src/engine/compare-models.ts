import { comparedModel, ComparisonBuilder, type AnalyzedModel } from '../compare/comparison-builder';
import type { CompareRequest, ComparedLayer, ComparisonEvent } from '../protocol/comparison';
import type { ComparisonReport } from '../report/comparison';
import type { ValueCells } from '../sketch/cells';
import { Progress } from './progress';
import { bytesToAnalyze, checkUnchanged, readHeader, readModel, type Analyze } from './read-model';
import { pairReadingPlan, readPairs } from './read-pairs';
import type { WorkerPool } from './worker-pool';

/** Layers are sent together if they come faster than this. */
const LAYERS_EVERY_MS = 40;

/**
 * Compares two model files: analyses each, then reads both at once, tensor by tensor.
 *
 * @param report gets `progress` all along, `models` once both are analyzed, then `layers`: every tensor once.
 * @throws {FormatError} if one of the files cannot be read, or changes meanwhile.
 * @throws CancelledError once the signal is raised and no thread reads any more.
 */
export async function compareModels(
  request: CompareRequest,
  pool: WorkerPool,
  analyze: Analyze,
  report: (event: ComparisonEvent) => void,
  signal: AbortSignal,
): Promise<ComparisonReport> {
  const started = performance.now();
  pool.warmUp();
  const first = await readHeader(request.before, signal);
  const second = await readHeader(request.after, signal);
  const reading = pairReadingPlan(first.checkpoint, second.checkpoint);
  const progress = new Progress((bytesDone, totalBytes) => {
    report({ type: 'progress', bytesDone, totalBytes });
  });
  progress.expectFurther(bytesToAnalyze(first) + bytesToAnalyze(second) + reading.plan.totalBytes);
  const before = await readModel(first, analyze, progress.part(bytesToAnalyze(first)), signal);
  const after = await readModel(second, analyze, progress.part(bytesToAnalyze(second)), signal);
  report({ type: 'models', before: comparedModel(before.report), after: comparedModel(after.report) });

  const { matching } = reading;
  const builder = new ComparisonBuilder(before, after, matching);
  const layers = new LayerSender(report);
  const advance = progress.part(reading.plan.totalBytes);
  await readPairs(
    reading,
    pool,
    { magnitudes: true },
    (index, pair) => {
      const match = matching.matches[index];
      layers.add({
        comparison: builder.add(index, pair),
        cellsBefore: cellsOf(before, match?.before),
        cellsAfter: cellsOf(after, match?.after),
      });
    },
    (bytesDone) => {
      layers.sendIfDue();
      advance(bytesDone);
    },
    signal,
  );
  await checkUnchanged(first);
  await checkUnchanged(second);
  layers.send();
  progress.finish();
  return builder.report((performance.now() - started) / 1000);
}

function cellsOf({ cells }: AnalyzedModel, index: number | null | undefined): ValueCells | null {
  const found = cells[index ?? -1];
  return found === undefined || found.count.length === 0 ? null : found;
}

class LayerSender {
  private layers: ComparedLayer[] = [];
  private last = Number.NEGATIVE_INFINITY;

  constructor(private readonly report: (event: ComparisonEvent) => void) {}

  add(layer: ComparedLayer): void {
    this.layers.push(layer);
  }

  sendIfDue(): void {
    if (performance.now() - this.last >= LAYERS_EVERY_MS) this.send();
  }

  send(): void {
    this.last = performance.now();
    if (this.layers.length === 0) return;
    this.report({ type: 'layers', layers: this.layers });
    this.layers = [];
  }
}
