import { RandomStream } from '../curvature/random-stream';
import type { PruningCriterion } from '../report/measurement';
import type { Objective, ParameterLayout } from './objective';
import { indexAlong, type PruningScores } from './pruning-order';

/** What the scores are computed of. */
export interface CriterionInput {
  readonly objective: Objective;
  readonly layout: readonly ParameterLayout[];
  readonly weights: Float32Array;
  /** Of the random order. */
  readonly seed: number;
}

type ScoreRule = (input: CriterionInput, signal: AbortSignal) => Promise<PruningScores>;

/**
 * Scores of a criterion at these weights; what scores low is pruned first. Each is computed once, at the unpruned network
 * and over all samples of the objective:
 *
 * - `magnitude`, `magnitude-layerwise`: |w|, over all layers or in each on its own.
 * - `random`: the control.
 * - `taylor`: |w·g|, the first-order change of the loss (Molchanov et al., ICLR 2017), g the mean gradient.
 * - `snip`: |w·g| / Σ|w·g| (Lee et al., ICLR 2019). A common factor changes no order: the same prunes as `taylor` here,
 *   where both are taken of the trained network.
 * - `grasp`: −w·(Hg), of which the largest go first (Wang et al., ICLR 2020, in the order of the authors' code).
 * - `wanda`: |w|·‖x‖, x the input that w is multiplied with, compared within each output (Sun et al., ICLR 2024).
 * - `fisher`: ½w²·E[g²], g of single samples (Theis et al. 2018; the empirical Fisher matrix in place of the Hessian of
 *   Optimal Brain Damage).
 */
export function criterionScores(
  criterion: PruningCriterion,
  input: CriterionInput,
  signal: AbortSignal,
): Promise<PruningScores> {
  return RULES[criterion](input, signal);
}

const RULES: Readonly<Record<PruningCriterion, ScoreRule>> = {
  magnitude: ({ weights }) => Promise.resolve({ scores: weights.map(Math.abs), scope: 'network' }),
  'magnitude-layerwise': ({ weights }) => Promise.resolve({ scores: weights.map(Math.abs), scope: 'parameter' }),
  random: ({ weights, seed }) => {
    const random = new RandomStream(seed);
    return Promise.resolve({ scores: weights.map(() => random.nextUint32() / 2 ** 32), scope: 'network' });
  },
  taylor: async ({ objective, weights }, signal) => {
    const { gradient } = await objective.gradient(weights, signal);
    return { scores: weights.map((weight, at) => Math.abs(weight * gradient[at]!)), scope: 'network' };
  },
  snip: (input, signal) => RULES.taylor(input, signal),
  grasp: async ({ objective, weights }, signal) => {
    const { gradient } = await objective.gradient(weights, signal);
    const product = await objective.hessianTimes(weights, gradient, signal);
    return { scores: weights.map((weight, at) => weight * product[at]!), scope: 'network' };
  },
  wanda: async ({ objective, layout, weights }, signal) => {
    const norms = await objective.inputNorms(weights, signal);
    const scores = weights.map(Math.abs);
    for (const [index, parameter] of layout.entries()) {
      const norm = norms[index];
      if (norm === undefined || parameter.inputDimension === undefined) continue;
      const inputOf = indexAlong(parameter, parameter.inputDimension);
      for (let at = 0; at < parameter.count; at++) scores[parameter.offset + at]! *= norm[inputOf(at)]!;
    }
    return { scores, scope: 'output' };
  },
  fisher: async ({ objective, weights }, signal) => {
    const squares = await objective.squaredGradients(weights, signal);
    return { scores: weights.map((weight, at) => (weight * weight * squares[at]!) / 2), scope: 'network' };
  },
};
