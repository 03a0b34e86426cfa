import { setImmediate } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { spectrumOf } from '../curvature/spectrum';
import { CancelledError, throwIfCancelled } from '../formats/errors';
import { radiusCurve } from '../limits/radius-curve';
import { PRUNING_CRITERIA, type PruningCriterion, type SweepPoint } from '../report/measurement';
import { adaptiveSweep } from './adaptive-sweep';
import { criterionScores } from './criteria';
import { directTest, DIRECT_TEST_PRODUCTS } from './direct-test';
import { EPSILON_BATCH, toleratedLoss } from './epsilon';
import { once, type KeptResults } from './kept-results';
import type { MeasurementPart } from './measurement-part';
import type { Evaluation, Objective, ParameterLayout } from './objective';
import { prunableCount, prunableWeights, prunedCopy, pruningOrder } from './pruning-order';
import { parameterSensitivity, sensitivityPlan } from './sensitivity';

/** Weights below are what an L1 penalty leaves of those that the network does not need. */
export const SMALL_WEIGHT = 1e-3;

/** Criteria that prune in the same order as another one: see {@link criterionScores}. */
const SAME_ORDER: Readonly<Partial<Record<PruningCriterion, PruningCriterion>>> = { snip: 'taylor' };

/** The part of a spectrum is told every so many steps: what there is when a run is cancelled. */
const SPECTRUM_TOLD_EVERY = 8;

export interface MeasureOptions {
  /** Of the random order, the shuffles and the probes. */
  readonly seed: number;
  /** Hessian-vector products for the spectrum, for each probe. */
  readonly steps: number;
  readonly probes: number;
  /** Orders to prune in; `magnitude` is always measured, and first. */
  readonly criteria: readonly PruningCriterion[];
  /** Pruned copies measured in the order of magnitude. */
  readonly sweepEvaluations: number;
  /** Pruned copies measured in each other order. */
  readonly criterionEvaluations: number;
  /** Thresholds are found to within this pruned fraction. */
  readonly resolution: number;
  /** Whether each parameter is pruned on its own. */
  readonly sensitivity: boolean;
}

/** The authors take 128 steps with one probe and sweep in thousandths. */
export const DEFAULT_MEASURE_OPTIONS: MeasureOptions = {
  seed: 1,
  steps: 128,
  probes: 1,
  criteria: PRUNING_CRITERIA,
  sweepEvaluations: 48,
  criterionEvaluations: 20,
  resolution: 0.001,
  sensitivity: true,
};

export interface MeasureInput {
  /** The loss that is differentiated: over a fixed part of the training samples. */
  readonly objective: Objective;
  /** Over samples of their own, for the accuracy; without it the accuracy is that on the samples of `objective`. */
  readonly test?: Objective | undefined;
  /** Losses of more of the samples for training, of the network as it is, for ε; those of `objective` if not given. */
  readonly trainingLosses?: ((signal: AbortSignal) => Promise<Float32Array>) | undefined;
  readonly layout: readonly ParameterLayout[];
  readonly weights: Float32Array;
  readonly options: MeasureOptions;
  /** Results of an earlier run of the same measurement are taken from here, and new ones kept. */
  readonly kept?: KeptResults | undefined;
  /** Tells the errors after which nothing can be computed any more: they end the measurement, not only a stage. */
  readonly isFatal?: (error: unknown) => boolean;
}

/** What a network does at one point. */
type PointFigures = Omit<SweepPoint, 'prunedFraction'>;

/** Stages in the order in which they run: the most useful first. */
export type MeasureStage = 'dense' | 'sweep' | 'spectrum' | 'direct-test' | 'criteria' | 'sensitivity';

/** Is told what a run finds and how far it is. */
export interface MeasureObserver {
  part(part: MeasurementPart): void;
  /** `done` of `total` runs of the network; a stage may end before. */
  progress(stage: MeasureStage, done: number, total: number): void;
}

/**
 * Measures a network: its figures unpruned, R(s), the sweep by magnitude, the spectrum, the direct test, the other criteria
 * and the sensitivity of each parameter, telling each part as soon as it is there. A stage that fails (numbers that are not
 * finite, a full disk) leaves a note and what it had found; the others go on.
 * @throws CancelledError; what is fatal; whatever the objective throws for the unpruned network, without which there is
 *   nothing to tell
 */
export async function measure(input: MeasureInput, observer: MeasureObserver, signal: AbortSignal): Promise<void> {
  const run = new MeasureRun(input, observer, signal);
  if (await run.dense()) {
    const { criteria, sensitivity } = input.options;
    await run.stage(l10n.t('pruning by magnitude'), () => run.sweep('magnitude'));
    await run.stage(l10n.t('the spectrum of the Hessian'), () => run.spectrum());
    await run.stage(l10n.t('the second-order test'), () => run.directTest());
    const others = criteria.filter((criterion) => criterion !== 'magnitude');
    for (const [index, criterion] of others.entries()) {
      await run.stage(l10n.t('pruning by the criterion "{0}"', criterion), () =>
        run.sweep(criterion, index, others.length),
      );
    }
    if (sensitivity) await run.stage(l10n.t('the sensitivity of each parameter'), () => run.sensitivity());
  }
  observer.part({ kind: 'complete' });
}

class MeasureRun {
  private densePoint: SweepPoint = { prunedFraction: 0, loss: Number.NaN };
  private epsilon = Number.NaN;
  private readonly swept = new Map<PruningCriterion, readonly SweepPoint[]>();

  constructor(
    private readonly input: MeasureInput,
    private readonly observer: MeasureObserver,
    private readonly signal: AbortSignal,
  ) {
    const { layout, weights, objective } = input;
    const length = layout.reduce((sum, { count }) => sum + count, 0);
    if (length !== weights.length || length !== objective.size) {
      throw new RangeError(
        `The layout has ${length} parameters, the objective ${objective.size}, and there are ${weights.length} weights.`,
      );
    }
  }

  /** Runs a stage; if it fails, says so. */
  async stage(what: string, run: () => Promise<void>): Promise<void> {
    throwIfCancelled(this.signal);
    try {
      await run();
    } catch (error) {
      if (error instanceof CancelledError || this.signal.aborted) throw new CancelledError();
      if (this.input.isFatal?.(error) === true) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.observer.part({ kind: 'note', note: l10n.t('This part is incomplete: {0}. {1}', what, reason) });
    }
  }

  /** @returns whether there is anything to be measured further */
  async dense(): Promise<boolean> {
    const { objective, test, layout, weights, options, trainingLosses } = this.input;
    const runs = test === undefined ? 1 : 2;
    this.observer.progress('dense', 0, runs);
    const { epsilon: ofSamples, ...figures } = await once(this.input.kept, 'dense', async () => {
      const evaluation = await objective.evaluate(weights, this.signal);
      this.observer.progress('dense', runs - 1, runs);
      const figuresOfDense = await this.figures(evaluation, weights);
      return { ...figuresOfDense, epsilon: toleratedLoss(evaluation.losses, options.seed) };
    });
    // Not kept: the other samples are not part of what tells one measurement from another.
    const losses = await trainingLosses?.(this.signal);
    const epsilon = losses === undefined ? ofSamples : toleratedLoss(losses, options.seed);
    this.epsilon = epsilon;
    this.densePoint = { prunedFraction: 0, ...figures };
    const prunable = prunableWeights(layout, weights);
    const small = prunable.reduce((count, weight) => (Math.abs(weight) < SMALL_WEIGHT ? count + 1 : count), 0);
    const start = {
      parameterCount: objective.size,
      prunableCount: prunable.length,
      dense: { ...figures, epsilon, batchSize: EPSILON_BATCH },
      radii: radiusCurve(prunable),
      smallFraction: prunable.length === 0 ? 0 : small / prunable.length,
    };
    this.observer.part({ kind: 'start', figures: start });
    this.observer.progress('dense', runs, runs);
    const note =
      prunable.length === 0 ? l10n.t('The network has no weights that could be pruned.') : lossNote(figures.loss);
    if (note !== undefined) this.observer.part({ kind: 'note', note });
    return note === undefined;
  }

  async sweep(criterion: PruningCriterion, index = 0, total = 1): Promise<void> {
    const { layout, weights, options } = this.input;
    const known = this.swept.get(SAME_ORDER[criterion] ?? criterion);
    if (known !== undefined) {
      this.observer.part({ kind: 'sweep', sweep: { criterion, points: known } });
      return;
    }
    let found: Uint32Array | undefined;
    const order = async (): Promise<Uint32Array> => {
      const { objective } = this.input;
      const scored = { objective, layout, weights, seed: options.seed };
      return (found ??= pruningOrder(layout, await criterionScores(criterion, scored, this.signal)));
    };
    const count = prunableCount(layout);
    const byMagnitude = criterion === 'magnitude';
    const evaluations = byMagnitude ? options.sweepEvaluations : options.criterionEvaluations;
    const stage = byMagnitude ? 'sweep' : 'criteria';
    const plan = { count, evaluations, resolution: options.resolution, epsilon: this.epsilon };
    this.observer.progress(stage, index * evaluations, total * evaluations);
    const points = await adaptiveSweep(
      this.densePoint,
      plan,
      async (pruned) => ({
        prunedFraction: pruned / count,
        ...(await this.measured(`${criterion} ${pruned}`, async () => prunedCopy(weights, await order(), pruned))),
      }),
      (soFar) => {
        this.observer.part({ kind: 'sweep', sweep: { criterion, points: soFar } });
        this.observer.progress(stage, index * evaluations + soFar.length - 1, total * evaluations);
      },
    );
    this.swept.set(criterion, points);
    this.observer.progress(stage, (index + 1) * evaluations, total * evaluations);
  }

  async spectrum(): Promise<void> {
    const { objective, weights, options, kept } = this.input;
    const { steps, probes, seed } = options;
    let told = false;
    const spectrum = await spectrumOf(
      (vector, signal) => objective.hessianTimes(weights, vector, signal),
      {
        ...{ size: objective.size, steps, probes, seed, samples: objective.samples, keeper: kept?.lanczos },
        onStep: (done, total, facts) => {
          // A run that goes on begins with what it had.
          const isNews = done % SPECTRUM_TOLD_EVERY === 0 || (!told && done > 1);
          told = true;
          if (isNews && done < total) this.observer.part({ kind: 'spectrum', spectrum: facts() });
          this.observer.progress('spectrum', done, total);
        },
      },
      this.signal,
    );
    this.observer.part({ kind: 'spectrum', spectrum });
  }

  async directTest(): Promise<void> {
    const { objective, layout, weights, options, kept } = this.input;
    const order = pruningOrder(layout, { scores: weights.map(Math.abs), scope: 'network' });
    const { resolution } = options;
    const test = { objective, weights, order, epsilon: this.epsilon, resolution, kept };
    await directTest(test, this.signal, (points, done) => {
      this.observer.part({ kind: 'direct-test', points });
      this.observer.progress('direct-test', done, DIRECT_TEST_PRODUCTS);
    });
    this.observer.progress('direct-test', DIRECT_TEST_PRODUCTS, DIRECT_TEST_PRODUCTS);
  }

  async sensitivity(): Promise<void> {
    const { layout, weights } = this.input;
    const { parameters, levels } = sensitivityPlan(layout);
    const prunable = layout.filter((parameter) => parameter.prunable).length;
    if (parameters.length < prunable) {
      const note = l10n.t(
        'Only the {0} largest of {1} parameters were pruned on their own.',
        parameters.length,
        prunable,
      );
      this.observer.part({ kind: 'note', note });
    }
    const total = parameters.length * levels.length;
    let done = 0;
    this.observer.progress('sensitivity', done, total);
    for (const parameter of parameters) {
      const name = `parameter ${layout.indexOf(parameter)}`;
      const measured = await parameterSensitivity(parameter, levels, weights, this.densePoint, async (pruned, copy) => {
        const figures = await this.measured(`${name} ${pruned}`, copy);
        this.observer.progress('sensitivity', ++done, total);
        return figures;
      });
      this.observer.part({ kind: 'sensitivity', parameter: measured });
    }
    this.observer.progress('sensitivity', total, total);
  }

  private measured(name: string, copy: () => Float32Array | Promise<Float32Array>): Promise<PointFigures> {
    return once(this.input.kept, name, async () => {
      // An objective that never waits would else keep the signal from being raised.
      await setImmediate();
      throwIfCancelled(this.signal);
      const weights = await copy();
      return this.figures(await this.input.objective.evaluate(weights, this.signal), weights);
    });
  }

  private async figures({ loss, accuracy }: Evaluation, weights: Float32Array): Promise<PointFigures> {
    const { test } = this.input;
    const tested = test === undefined ? accuracy : (await test.evaluate(weights, this.signal)).accuracy;
    return tested === undefined ? { loss } : { loss, accuracy: tested };
  }
}

function lossNote(loss: number): string | undefined {
  if (Number.isFinite(loss)) return undefined;
  return l10n.t(
    'The loss of the unpruned network is not a finite number: check the data, its normalisation and the weights.',
  );
}
