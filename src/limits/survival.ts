import type { MagnitudeCells } from '../sketch/cells';
import type { CosineCurve, PruneThreshold } from './cosine-curve';

/** What a prune leaves of one tensor. */
export interface TensorSurvival {
  /** Number of values that stay; fractional where a tie, or a cell of the sketch, is shared between tensors. */
  readonly survivingCount: number;
  /** survivingCount / count, in [0, 1]; 1 for an empty tensor. */
  readonly survivingFraction: number;
}

/** A tensor, and the fraction of it that stays. */
export interface SurvivingTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly survivingFraction: number;
}

/** Layers that a global prune cuts, or all but cuts, out of the network. */
export interface LayerCollapse {
  /** No value stays: the layer's output no longer depends on its input. */
  readonly emptied: readonly string[];
  /** Something stays, but under {@link NEARLY_EMPTIED_FRACTION}. */
  readonly nearlyEmptied: readonly string[];
}

/**
 * Under this surviving fraction a layer counts as nearly emptied: where 1 % stays, a unit of 100 inputs keeps one of
 * them on average and, were they spread evenly, a third of such units (e⁻¹) would keep none.
 */
export const NEARLY_EMPTIED_FRACTION = 0.01;

/** What a global threshold of `curve` leaves of one of its tensors. */
export function tensorSurvival(curve: CosineCurve, threshold: PruneThreshold, tensor: MagnitudeCells): TensorSurvival {
  const count = tensor.count.reduce((sum, cell) => sum + cell, 0);
  const survivingCount = curve.survivingCount(tensor, threshold);
  return { survivingCount, survivingFraction: count === 0 ? 1 : survivingCount / count };
}

/**
 * Which layers a prune empties. Only tensors of ≥ 2 dimensions: without its bias a layer still computes something,
 * without its weights it does not.
 */
export function layerCollapse(tensors: readonly SurvivingTensor[]): LayerCollapse {
  const emptied: string[] = [];
  const nearlyEmptied: string[] = [];
  for (const { name, shape, count, survivingFraction } of tensors) {
    if (shape.length < 2 || count === 0) continue;
    // Shares of a tie are expectations: under half a value, most likely none is left.
    if (survivingFraction * count < 0.5) emptied.push(name);
    else if (survivingFraction < NEARLY_EMPTIED_FRACTION) nearlyEmptied.push(name);
  }
  return { emptied, nearlyEmptied };
}
