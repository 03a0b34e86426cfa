import type { ParameterSensitivity, SweepPoint } from '../report/measurement';
import { prunedCount } from './adaptive-sweep';
import type { ParameterLayout } from './objective';
import { prunedCopy, pruningOrder } from './pruning-order';

/** Pruned copies that the sensitivities may cost in all: with many parameters there are fewer levels for each. */
export const SENSITIVITY_EVALUATIONS = 150;

/** Pruned fractions, the most telling first. */
const LEVELS = [0.9, 0.5, 0.99, 0.8, 0.95];

/** Which parameters are pruned on their own, and how far. */
export interface SensitivityPlan {
  readonly parameters: readonly ParameterLayout[];
  /** Ascending. */
  readonly levels: readonly number[];
}

/** As many levels as can be paid for all prunable parameters; if there are too many even for one level, the largest of them. */
export function sensitivityPlan(layout: readonly ParameterLayout[]): SensitivityPlan {
  const prunable = layout.filter((parameter) => parameter.prunable && parameter.count > 0);
  const levels = Math.max(
    1,
    Math.min(LEVELS.length, Math.floor(SENSITIVITY_EVALUATIONS / Math.max(1, prunable.length))),
  );
  const largest = [...prunable].sort((a, b) => b.count - a.count).slice(0, SENSITIVITY_EVALUATIONS);
  return {
    parameters: prunable.length > largest.length ? prunable.filter((one) => largest.includes(one)) : prunable,
    levels: LEVELS.slice(0, levels).sort((a, b) => a - b),
  };
}

/**
 * What each of these pruned fractions of one parameter, by magnitude within it, does to the network, all others unpruned.
 * @param dense the unpruned network, the first of the points
 * @param measure what the copy with so many of the parameter's weights pruned does; it is made when it is asked for
 */
export async function parameterSensitivity(
  parameter: ParameterLayout,
  levels: readonly number[],
  weights: Float32Array,
  dense: SweepPoint,
  measure: (prunedCount: number, copy: () => Float32Array) => Promise<Omit<SweepPoint, 'prunedFraction'>>,
): Promise<ParameterSensitivity> {
  const { name, count } = parameter;
  const order = pruningOrder([parameter], { scores: weights.map(Math.abs), scope: 'parameter' });
  const points = [dense];
  for (const pruned of new Set(levels.map((level) => prunedCount(level, count)))) {
    const figures = await measure(pruned, () => prunedCopy(weights, order, pruned));
    points.push({ prunedFraction: pruned / count, ...figures });
  }
  return { name, count, points };
}
