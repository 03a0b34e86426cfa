import type { Checkpoint, TensorEntry } from '../formats/checkpoint';
import { layerName } from '../formats/layer-name';
import { isPrunable } from '../formats/roles';
import type { Topology } from '../formats/topology';
import { CosineCurve } from '../limits/cosine-curve';
import { cosineUtopiaOnGrid } from '../limits/cosine-utopia';
import { limitEstimates, type ScopeSummary } from '../limits/estimates';
import { modelInitialisation } from '../limits/initialisation';
import { kurtosisOfKurtoses } from '../limits/kurtosis';
import { LayerwiseCurve } from '../limits/layerwise';
import { tensorSurvival } from '../limits/survival';
import { optimizerEstimate } from '../limits/optimizer-estimate';
import { momentFit, type MomentFit } from '../limits/moment-fit';
import { SecondMoments } from '../limits/second-moments';
import { momentWarnings, reportWarnings } from '../limits/warnings';
import type { MagnitudeCells, MomentCells } from '../sketch/cells';
import { coarsenMagnitudes } from '../sketch/magnitude-cells';
import { ModelSketch } from '../sketch/model-sketch';
import { kurtosis } from '../sketch/moments';
import type { TensorSketch } from '../sketch/tensor-sketch';
import {
  REPORT_SCHEMA,
  type CurvatureChoice,
  type FileFacts,
  type LimitEstimate,
  type LimitScope,
  type ModelReport,
  type ModelStatistics,
  type ReportWarning,
  type TensorFacts,
  type TensorReport,
  type TensorStatistics,
} from './report';

/**
 * Cells kept of all tensors together, to tell in the end what the global threshold leaves of each: 48 MB. Models of up to
 * a thousand tensors keep full resolution.
 */
const KEPT_CELLS = 1_500_000;

/** Even of a hundred thousand tensors each keeps this many. */
const MIN_KEPT_CELLS = 24;

/** Statistics of a tensor without values, or with none that can be ordered. */
const NO_STATISTICS: TensorStatistics = {
  nanCount: 0,
  infCount: 0,
  zeroCount: 0,
  min: null,
  max: null,
  mean: null,
  std: null,
  skewness: null,
  kurtosis: null,
  meanAbsoluteDeviation: null,
  l1Norm: 0,
  l2Norm: 0,
  limit: null,
};

const NO_CELLS: MagnitudeCells = {
  low: new Float64Array(0),
  high: new Float64Array(0),
  count: new Float64Array(0),
  energy: new Float64Array(0),
};

/** The whole model as far as it has been read. */
export interface ModelSummary {
  readonly model: ModelStatistics;
  readonly limits: readonly LimitEstimate[];
  readonly warnings: readonly ReportWarning[];
  /** Distribution of |w| by scope, at full resolution. */
  readonly magnitudes: Readonly<Record<LimitScope, MagnitudeCells>>;
  /** Distribution of Adam's second moments, once all are read; undefined where there are none that fit the tensors. */
  readonly moments: MomentCells | undefined;
  /** By tensor; null until it is read, and where it is not prunable. */
  readonly survivingFractions: readonly (number | null)[];
}

/** Sketches, limits and moments of the tensors that one scope counts. */
class Scope {
  readonly sketch = new ModelSketch();
  readonly layerwise = new LayerwiseCurve();
  readonly kurtoses: (number | null)[] = [];

  add(sketch: TensorSketch, curve: CosineCurve, statistics: TensorStatistics): void {
    this.sketch.add(sketch);
    this.layerwise.add(curve);
    // A tensor without finite values has no kurtosis to be undefined.
    if (statistics.min !== null) this.kurtoses.push(statistics.kurtosis);
  }

  summary(scope: LimitScope, magnitudes: MagnitudeCells): ScopeSummary {
    const { layerwise, kurtoses } = this;
    return { scope, curve: new CosineCurve(magnitudes), layerwise, moments: this.sketch.moments(), kurtoses };
  }
}

/** Puts a report together, tensor by tensor. Add tensors always in the same order: the last bits depend on it. */
export class ReportBuilder {
  readonly facts: readonly TensorFacts[];
  private readonly statistics: (TensorStatistics | undefined)[];
  private readonly hashes = new Map<number, string>();
  private readonly cells = new Map<number, MagnitudeCells>();
  private readonly cellsPerTensor: number;
  private readonly moments: SecondMoments;
  private readonly momentFit: MomentFit | undefined;
  /** Name of the file that holds nothing but optimiser state. */
  private readonly stateFile: string | undefined;
  private readonly scopes: Readonly<Record<LimitScope, Scope>> = { parameters: new Scope(), weights: new Scope() };

  constructor(
    private readonly file: FileFacts,
    private readonly checkpoint: Checkpoint,
    private readonly curvature?: CurvatureChoice,
  ) {
    const operators = operatorsByTensor(checkpoint.topology);
    this.facts = checkpoint.tensors.map((tensor) => tensorFacts(tensor, operators.get(tensor.name)));
    this.statistics = new Array<TensorStatistics | undefined>(this.facts.length);
    this.moments = new SecondMoments(checkpoint.secondMoments ?? []);
    this.momentFit = momentFit(checkpoint);
    this.stateFile = /[^/\\]+$/.exec(checkpoint.optimizerFile ?? '')?.[0];
    this.cellsPerTensor = Math.max(MIN_KEPT_CELLS, Math.floor(KEPT_CELLS / Math.max(1, this.facts.length)));
  }

  /** Adds a tensor whose values have all been read; `sketch` is undefined if it has none to read. */
  add(index: number, sketch: TensorSketch | undefined, sha256?: string): TensorStatistics {
    const facts = this.facts[index];
    if (facts === undefined) throw new RangeError(`There is no tensor ${index}`);
    if (sha256 !== undefined) this.hashes.set(index, sha256);
    if (sketch === undefined) {
      this.statistics[index] = NO_STATISTICS;
      this.moments.add(facts.name, { ...NO_STATISTICS, count: 0 }, facts.count === 0 ? NO_CELLS : undefined);
      return NO_STATISTICS;
    }
    const magnitudes = sketch.magnitudeCells();
    const own = sketch.statistics();
    this.moments.add(facts.name, { ...own, count: facts.count }, magnitudes);
    const curve = new CosineCurve(magnitudes);
    const limit = facts.prunable ? (cosineUtopiaOnGrid(curve)?.prunedFraction ?? null) : null;
    const statistics = { ...own, limit };
    this.statistics[index] = statistics;
    if (!facts.prunable) return statistics;
    this.cells.set(index, coarsenMagnitudes(magnitudes, this.cellsPerTensor));
    if (facts.aliasOf !== undefined) return statistics;
    this.scopes.parameters.add(sketch, curve, statistics);
    if (facts.shape.length >= 2) this.scopes.weights.add(sketch, curve, statistics);
    return statistics;
  }

  /** Adds a tensor that is the same view of the same memory as `original`, which has been added. */
  addCopy(index: number, original: number): TensorStatistics {
    const statistics = this.statistics[original];
    if (statistics === undefined) throw new RangeError(`Tensor ${original} has not been added`);
    const { prunable, name = '', count = 0 } = this.facts[index] ?? {};
    this.moments.add(name, { ...statistics, count }, undefined);
    const cells = this.cells.get(original);
    const hash = this.hashes.get(original);
    if (prunable === true && cells !== undefined) this.cells.set(index, cells);
    if (hash !== undefined) this.hashes.set(index, hash);
    this.statistics[index] = statistics;
    return statistics;
  }

  /** Everything that concerns the model as a whole, over the tensors added so far. */
  summary(complete: boolean): ModelSummary {
    const { parameters, weights } = this.scopes;
    const magnitudes = { parameters: parameters.sketch.magnitudeCells(), weights: weights.sketch.magnitudeCells() };
    const whole = parameters.summary('parameters', magnitudes.parameters);
    const dense = weights.summary('weights', magnitudes.weights);
    const moments = complete ? this.moments.cells() : undefined;
    const limits = [whole, dense].flatMap((scope) => [
      ...limitEstimates(scope),
      ...(moments !== undefined && this.momentFit?.scopes.includes(scope.scope) === true
        ? optimizerEstimate(scope.scope, moments, magnitudes[scope.scope], scope.curve, this.curvature, this.stateFile)
        : []),
    ]);
    const survivingFractions = this.survivingFractions(whole, limits);
    const weightSurvival = this.byName(this.survivingFractions(dense, limits));
    const tensors = this.tensorReports(survivingFractions);
    const model = this.modelStatistics(whole, dense, tensors);
    const notes = this.checkpoint.notes.map((note) => ({ ...note }));
    return {
      model,
      limits,
      warnings: [
        ...notes,
        ...reportWarnings({ tensors, model, limits, complete, weightSurvival }),
        ...(complete ? momentWarnings(this.momentFit, moments === undefined, this.stateFile) : []),
      ],
      magnitudes,
      moments: (this.momentFit?.scopes.length ?? 0) > 0 ? moments : undefined,
      survivingFractions,
    };
  }

  /** The report with the whole model as `summary` has it. */
  report(summary: ModelSummary, complete: boolean, seconds: number): ModelReport {
    const { model, limits, warnings } = summary;
    const tensors = this.tensorReports(summary.survivingFractions);
    const { topology } = this.checkpoint;
    const graph = topology === undefined ? {} : { topology };
    return { schema: REPORT_SCHEMA, complete, file: this.file, tensors, model, limits, warnings, ...graph, seconds };
  }

  private tensorReports(survivingFractions: readonly (number | null)[]): TensorReport[] {
    return this.facts.flatMap((facts, index) => {
      const statistics = this.statistics[index];
      if (statistics === undefined) return [];
      const sha256 = this.hashes.get(index);
      const survivingFraction = survivingFractions[index] ?? null;
      return { ...facts, ...statistics, survivingFraction, ...(sha256 === undefined ? {} : { sha256 }) };
    });
  }

  /** What each tensor keeps at the scope's optimum on the grid. */
  private survivingFractions({ scope, curve }: ScopeSummary, limits: readonly LimitEstimate[]): (number | null)[] {
    const limit = limits.find((estimate) => estimate.method === 'cosine-utopia-grid' && estimate.scope === scope);
    const threshold = limit === undefined ? undefined : curve.threshold(limit.prunedCount);
    return this.facts.map((_, index) => {
      const cells = this.cells.get(index);
      if (cells === undefined || threshold === undefined) return null;
      return tensorSurvival(curve, threshold, cells).survivingFraction;
    });
  }

  private byName(fractions: readonly (number | null)[]): Map<string, number> {
    return new Map(
      fractions.flatMap((fraction, index): [string, number][] =>
        fraction === null ? [] : [[this.facts[index]?.name ?? '', fraction]],
      ),
    );
  }

  private modelStatistics(whole: ScopeSummary, dense: ScopeSummary, tensors: readonly TensorReport[]): ModelStatistics {
    // A file beside the weights is no part of the model.
    const isModel = ({ role }: TensorFacts): boolean => this.stateFile === undefined || role !== 'optimizer';
    const own = this.facts.filter((facts) => facts.aliasOf === undefined && isModel(facts));
    const prunable = own.filter((facts) => facts.prunable);
    const k2 = kurtosisOfKurtoses(whole.kurtoses);
    return {
      initialisation: modelInitialisation(tensors.filter((tensor) => tensor.prunable && tensor.aliasOf === undefined))
        .state,
      count: totalCount(own),
      prunableCount: totalCount(prunable),
      weightCount: totalCount(prunable.filter(({ shape }) => shape.length >= 2)),
      kurtosis: kurtosis(whole.moments),
      kurtosisWeights: kurtosis(dense.moments),
      kurtosisOfKurtoses: k2.strict,
      kurtosisOfDefinedKurtoses: k2.defined,
    };
  }
}

/** Operators that take each tensor, every one once. */
function operatorsByTensor(topology: Topology | undefined): ReadonlyMap<string, readonly string[]> {
  const operators = new Map<string, string[]>();
  for (const { operator, parameters } of topology?.nodes ?? []) {
    for (const { tensor } of parameters) {
      const known = operators.get(tensor);
      if (known === undefined) operators.set(tensor, [operator]);
      else if (!known.includes(operator)) known.push(operator);
    }
  }
  return operators;
}

function tensorFacts(tensor: TensorEntry, operators: readonly string[] | undefined): TensorFacts {
  const { name, dtype, shape, count, role, roleFrom = 'format', storage, storedAs, aliasOf } = tensor;
  const storedDtype = storedAs ?? storage.dtype;
  return {
    name,
    dtype,
    ...(storedDtype === dtype ? {} : { storedDtype }),
    shape,
    layer: layerName(name),
    role,
    roleFrom,
    prunable: isPrunable(role, dtype),
    ...(operators === undefined ? {} : { operators }),
    count,
    ...(aliasOf === undefined ? {} : { aliasOf }),
  };
}

function totalCount(tensors: readonly TensorFacts[]): number {
  return tensors.reduce((sum, { count }) => sum + count, 0);
}
