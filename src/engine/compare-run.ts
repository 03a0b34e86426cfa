import { comparedModel, ComparisonBuilder, type AnalyzedModel } from '../compare/comparison-builder';
import { FormatError } from '../formats/errors';
import type { RunEvent, RunRequest } from '../protocol/comparison';
import type { PairStatistics, RunLayer, RunReport, RunStep } from '../report/comparison';
import type { ModelReport, ModelStatistics } from '../report/report';
import { Progress } from './progress';
import { bytesToAnalyze, checkUnchanged, readHeader, readModel, type Analyze, type ModelHeader } from './read-model';
import { pairReadingPlan, readPairs } from './read-pairs';
import type { WorkerPool } from './worker-pool';

type Checkpoint = RunRequest['checkpoints'][number];

/** A step that has been read, as far as later ones are compared with it. */
interface ReadStep {
  readonly header: ModelHeader;
  readonly report: ModelReport;
}

const NO_STATISTICS: ModelStatistics = {
  initialisation: 'unknown',
  count: 0,
  prunableCount: 0,
  weightCount: 0,
  kurtosis: null,
  kurtosisWeights: null,
  kurtosisOfKurtoses: null,
  kurtosisOfDefinedKurtoses: null,
};

/** Each step is read to be analyzed, and beside two others. */
const READINGS = 5;

/**
 * Follows a training run: analyses its checkpoints in the order of their steps, and reads each beside the one before and
 * the first. A file that cannot be read is a step of its own kind; the next is compared with the last that could be. Of
 * earlier steps two headers and reports are kept, however many there are, and of the others what the result says.
 *
 * @param turn runs a step when it is its turn: a run may take long, and others must come in between its steps.
 * @param report gets `progress` all along, and every `step` as it is known.
 * @throws CancelledError once the signal is raised and no thread reads any more.
 */
export async function compareRun(
  { checkpoints }: RunRequest,
  pool: WorkerPool,
  analyze: Analyze,
  turn: (read: () => Promise<RunStep>) => Promise<RunStep>,
  report: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunReport> {
  const started = performance.now();
  pool.warmUp();
  const progress = new Progress((bytesDone, totalBytes) => {
    report({ type: 'progress', bytesDone, totalBytes });
  });
  const reader = new RunReader(pool, analyze, progress, signal);
  const steps: RunStep[] = [];
  const inOrder = [...checkpoints].sort((a, b) => a.step - b.step);
  for (const [index, checkpoint] of inOrder.entries()) {
    const step = await turn(() => reader.read(checkpoint, inOrder.length - index));
    steps.push(step);
    report({ type: 'step', step });
  }
  progress.finish();
  return { schema: 'prunability-run/1', steps, seconds: (performance.now() - started) / 1000 };
}

class RunReader {
  private first: ReadStep | undefined;
  private previous: ReadStep | undefined;

  constructor(
    private readonly pool: WorkerPool,
    private readonly analyze: Analyze,
    private readonly progress: Progress,
    private readonly signal: AbortSignal,
  ) {}

  /** @param left number of steps that are still to be read, this one included. */
  async read(checkpoint: Checkpoint, left: number): Promise<RunStep> {
    try {
      return await this.readStep(checkpoint, left);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return unreadableStep(checkpoint, error);
    }
  }

  private async readStep({ path, step }: Checkpoint, left: number): Promise<RunStep> {
    const header = await readHeader(path, this.signal);
    const bytes = bytesToAnalyze(header);
    this.progress.expectFurther(left * READINGS * bytes);
    const { report } = await readModel(header, this.analyze, this.progress.part(bytes), this.signal);
    const current = { header, report };
    const toPrevious = await this.compare(this.previous, current);
    const toFirst = this.first === this.previous ? toPrevious : await this.compare(this.first, current);
    await checkUnchanged(header);
    this.first ??= current;
    this.previous = current;
    return {
      step,
      ...comparedModel(report),
      toPrevious: toPrevious.model,
      toFirst: toFirst.model,
      layers: runLayers(report, toPrevious, toFirst),
    };
  }

  /**
   * Nothing if there is no other step, and if its file is gone or changed by now: runs keep their last few checkpoints
   * only, and that is not this step's fault.
   */
  private async compare(other: ReadStep | undefined, current: ReadStep): Promise<StepComparison> {
    if (other === undefined) return NO_COMPARISON;
    const reading = pairReadingPlan(other.header.checkpoint, current.header.checkpoint);
    const builder = new ComparisonBuilder(withoutCells(other), withoutCells(current), reading.matching);
    const cosines = new Map<string, number | null>();
    try {
      await checkUnchanged(other.header);
      await readPairs(
        reading,
        this.pool,
        { magnitudes: false },
        (index, pair) => {
          const { after, pair: statistics } = builder.add(index, pair);
          if (after !== null) cosines.set(after.name, statistics?.cosineSimilarity ?? null);
        },
        this.progress.part(reading.plan.totalBytes),
        this.signal,
      );
      await checkUnchanged(other.header);
    } catch (error) {
      if (error instanceof FormatError && other.header.files.includes(error.detail.file)) return NO_COMPARISON;
      throw error;
    }
    return { model: builder.report(0).pair, cosines };
  }
}

interface StepComparison {
  readonly model: PairStatistics | null;
  /** By name of the later step's tensor. */
  readonly cosines: ReadonlyMap<string, number | null>;
}

const NO_COMPARISON: StepComparison = { model: null, cosines: new Map() };

function withoutCells({ report }: ReadStep): AnalyzedModel {
  return { report, cells: [] };
}

function runLayers({ tensors }: ModelReport, toPrevious: StepComparison, toFirst: StepComparison): RunLayer[] {
  return tensors
    .filter(({ prunable }) => prunable)
    .map(({ name, kurtosis, limit, zeroCount, count }) => ({
      name,
      kurtosis,
      limit,
      zeroFraction: count === 0 ? 0 : zeroCount / count,
      cosineToPrevious: toPrevious.cosines.get(name) ?? null,
      cosineToFirst: toFirst.cosines.get(name) ?? null,
    }));
}

function unreadableStep({ path, step }: Checkpoint, error: FormatError): RunStep {
  return {
    step,
    file: { path, format: '', formatLabel: '', bytes: 0, files: 0 },
    model: NO_STATISTICS,
    limit: null,
    zeroFraction: 0,
    toPrevious: null,
    toFirst: null,
    layers: [],
    unreadable: error.message,
  };
}
