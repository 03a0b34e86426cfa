import { createHash } from 'node:crypto';
import type { Checkpoint, TensorEntry } from '../formats/checkpoint';
import { throwIfCancelled } from '../formats/errors';
import { isPrunable } from '../formats/roles';
import type { AnalysisEvent, AnalyzeRequest, LayerResult } from '../protocol/analysis';
import type { ModelReport, TensorStatistics } from '../report/report';
import { ReportBuilder, type ModelSummary } from '../report/report-builder';
import type { ValueCells } from '../sketch/cells';
import { sketchPlan } from '../sketch/plan';
import { fileFacts } from './file-facts';
import { cellsPerLayer, modelUpdate } from './model-update';
import { batches, readingOrder, storedBytes } from './plan';
import { SegmentCollector } from './segment-collector';
import type { WorkerPool } from './worker-pool';
import { openModel } from './open-model';
import { withOptimizerState } from './optimizer-beside';

/** Layers are sent together if they come faster than this, and the model as a whole less often still. */
const LAYERS_EVERY_MS = 40;
const MODEL_EVERY_MS = 250;

/** A summary of the model may take this share of the time at most. */
const MODEL_SHARE = 0.1;

const NO_CELLS: ValueCells = { low: new Float32Array(0), high: new Float32Array(0), count: new Float64Array(0) };

/**
 * Reads all weights of a model file once, and reports layer by layer.
 *
 * @param report gets `opened`, then `layers` and `model` as they come.
 * @throws {FormatError} if the file, or a file that belongs to it, cannot be read.
 * @throws CancelledError once the signal is raised and no thread reads any more.
 */
export async function analyzeWeights(
  request: AnalyzeRequest,
  pool: WorkerPool,
  report: (event: AnalysisEvent) => void,
  signal: AbortSignal,
): Promise<ModelReport> {
  const started = performance.now();
  pool.warmUp();
  const model = await openModel(request.path, signal);
  try {
    const opened = await withOptimizerState(model, signal);
    return await analyzeCheckpoint(opened.checkpoint, request, pool, report, signal, started);
  } finally {
    await model.close();
  }
}

/** The same of a model that is open. @param started when it was asked for, on the clock of `performance.now()`. */
export async function analyzeCheckpoint(
  checkpoint: Checkpoint,
  request: AnalyzeRequest,
  pool: WorkerPool,
  report: (event: AnalysisEvent) => void,
  signal: AbortSignal,
  started: number,
): Promise<ModelReport> {
  const file = fileFacts(request.path, checkpoint);
  const builder = new ReportBuilder(file, checkpoint, request.curvature);
  const reporter = new Reporter(builder, report, started);
  const { toRead, copies, unread } = readingPlan(checkpoint);
  const totalBytes = toRead.reduce((sum, index) => sum + bytesOf(checkpoint, index), 0);
  report({ type: 'opened', file, tensors: builder.facts, totalBytes });
  for (const index of unread)
    reporter.add(index, builder.add(index, undefined, hashOfNothing(request, checkpoint.tensors[index])), NO_CELLS);
  const collector = new SegmentCollector(checkpoint.tensors, toRead, (index, sketch, sha256) => {
    const cells = sketch.valueCells(reporter.layerCells);
    reporter.add(index, builder.add(index, sketch, sha256), cells);
    for (const copy of copies.get(index) ?? []) reporter.add(copy, builder.addCopy(copy, index), cells);
  });
  try {
    await pool.run(
      'sketch',
      checkpoint.files,
      batches(checkpoint, toRead, request.hash),
      (result) => {
        collector.add(result);
        reporter.advance(collector.bytesDone);
      },
      signal,
    );
  } catch (error) {
    // What was read until then is worth having: a partial report needs the model as it stands.
    reporter.finish(builder.summary(false), collector.bytesDone);
    throw error;
  }
  throwIfCancelled(signal);
  const summary = builder.summary(true);
  reporter.finish(summary, totalBytes);
  return builder.report(summary, true, (performance.now() - started) / 1000);
}

function bytesOf(checkpoint: Checkpoint, index: number): number {
  const tensor = checkpoint.tensors[index];
  return tensor === undefined ? 0 : storedBytes(tensor);
}

interface ReadingPlan {
  /** Indices of the tensors to read, in reading order. */
  readonly toRead: readonly number[];
  /** Tensors that are the same view of the same memory as one that is read. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
  /** Tensors without values, or with values (complex numbers) that have no order to prune by. */
  readonly unread: readonly number[];
}

function readingPlan({ tensors }: Checkpoint): ReadingPlan {
  const byName = new Map(tensors.map(({ name }, index) => [name, index]));
  const toRead: number[] = [];
  const unread: number[] = [];
  const copies = new Map<number, number[]>();
  for (const index of readingOrder(tensors, ({ role, dtype }) => isPrunable(role, dtype))) {
    const tensor = tensors[index];
    if (tensor === undefined) continue;
    const original = tensor.aliasOf === undefined ? undefined : byName.get(tensor.aliasOf);
    if (tensor.count === 0 || sketchPlan(tensor.storage) === undefined) unread.push(index);
    else if (original !== undefined && isSameView(tensor, tensors[original])) {
      copies.set(original, [...(copies.get(original) ?? []), index]);
    } else toRead.push(index);
  }
  return { toRead, copies, unread };
}

/** The hash of a tensor without elements needs no reading. */
function hashOfNothing({ hash }: AnalyzeRequest, tensor: TensorEntry | undefined): string | undefined {
  return hash && tensor?.count === 0 ? createHash('sha256').digest('hex') : undefined;
}

function isSameView(alias: TensorEntry, original: TensorEntry | undefined): boolean {
  if (original === undefined || original.aliasOf !== undefined) return false;
  return JSON.stringify([alias.storage, alias.shape]) === JSON.stringify([original.storage, original.shape]);
}

/** Tells what comes, neither so often that telling it costs more than finding it out, nor so late that it looks stuck. */
class Reporter {
  readonly layerCells: number;
  private layers: LayerResult[] = [];
  private bytesDone = 0;
  private lastLayers = Number.NEGATIVE_INFINITY;
  private nextModel = 0;

  constructor(
    private readonly builder: ReportBuilder,
    private readonly report: (event: AnalysisEvent) => void,
    started: number,
  ) {
    this.layerCells = cellsPerLayer(builder.facts.length);
    this.nextModel = started + MODEL_EVERY_MS;
  }

  add(index: number, statistics: TensorStatistics, cells: ValueCells): void {
    this.layers.push({ index, statistics, cells });
  }

  /** Called after every piece of work. */
  advance(bytesDone: number): void {
    this.bytesDone = bytesDone;
    const now = performance.now();
    if (now - this.lastLayers < LAYERS_EVERY_MS) return;
    this.lastLayers = now;
    this.sendLayers();
    if (now < this.nextModel) return;
    this.sendModel(this.builder.summary(false));
    const cost = performance.now() - now;
    this.nextModel = now + Math.max(MODEL_EVERY_MS, cost / MODEL_SHARE);
  }

  finish(summary: ModelSummary, bytesDone: number): void {
    this.bytesDone = bytesDone;
    this.sendLayers();
    this.sendModel(summary);
  }

  private sendLayers(): void {
    this.report({ type: 'layers', layers: this.layers, bytesDone: this.bytesDone });
    this.layers = [];
  }

  private sendModel(summary: ModelSummary): void {
    this.report({ type: 'model', update: modelUpdate(summary), bytesDone: this.bytesDone });
  }
}
