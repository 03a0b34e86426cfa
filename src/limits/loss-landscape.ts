import type { NegativeConvention, RadiusCurve, SpectrumFacts, SpectrumNode } from '../report/measurement';
import { fractionWithin, radiusAt } from './radius-curve';
import { largestEigenvalue } from './spectrum-figures';

/** Eigenvalues are taken to be no smaller: a flat direction is then free in any network, and nothing is divided by 0. */
const SMALLEST_EIGENVALUE = 1e-30;

/** Halvings of [0, 1]: more than float64 can tell apart. */
const BISECTIONS = 60;

/** Two limits closer than this are the same: the authors sweep in steps of a thousandth. */
export const CONVERGED_DIFFERENCE = 0.002;

/** What the loss landscape says about pruning by global magnitude. */
export interface LossLandscapeLimit {
  /** s*, the fraction of the weights that can be pruned while the loss grows by no more than ε. */
  readonly prunedFraction: number;
  /** R(s*), the norm of the pruned weights there. */
  readonly radius: number;
}

/**
 * G(R) = Σ τ_k r_k² / (R² + r_k²) with r_k² = 2ε/λ_k: the fraction of the dimensions that the ellipsoid of all points whose
 * loss is at most ε higher, seen from a point at distance R, covers on the unit sphere (Larsen, Fort, Becker & Ganguli 2022;
 * Zhang et al., arXiv 2306.05857, as in the authors' code). 1 at R = 0, falling with R.
 * @param epsilon ≥ 0, in units of the loss
 * @returns undefined if the convention leaves no eigenvalue
 */
export function coveredFraction(
  nodes: readonly SpectrumNode[],
  radius: number,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
): number | undefined {
  let covered = 0;
  let total = 0;
  for (const { eigenvalue, weight } of nodes) {
    const size = curvatureOf(eigenvalue, negatives);
    if (size === undefined) continue;
    total += weight;
    const squared = Math.max(size, SMALLEST_EIGENVALUE) * radius * radius;
    covered += squared === 0 ? weight : (weight * 2 * epsilon) / (squared + 2 * epsilon);
  }
  return total > 0 ? covered / total : undefined;
}

/** What an eigenvalue counts as; undefined if it is left out. */
function curvatureOf(eigenvalue: number, negatives: NegativeConvention): number | undefined {
  if (eigenvalue >= 0) return eigenvalue;
  if (negatives === 'absolute') return -eigenvalue;
  return negatives === 'clip' ? 0 : undefined;
}

/**
 * The prune limit of the loss landscape: the s with s = G(R(s)) (Zhang et al., arXiv 2306.05857, with s = 1 − ρ the
 * removed fraction). R grows and G falls with R, so there is exactly one; it is found by bisection. As in the authors' code
 * G is a fraction of all parameters that the loss is differentiated by, R(s) one of the weights that pruning may take.
 * @returns undefined if ε or the spectrum is no basis for it
 */
export function lossLandscapeLimit(
  nodes: readonly SpectrumNode[],
  radii: RadiusCurve,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
): LossLandscapeLimit | undefined {
  if (!(epsilon >= 0) || !Number.isFinite(epsilon)) return undefined;
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < BISECTIONS; halving++) {
    const middle = (low + high) / 2;
    const covered = coveredFraction(nodes, radiusAt(radii, middle), epsilon, negatives);
    if (covered === undefined || Number.isNaN(covered)) return undefined;
    if (covered > middle) low = middle;
    else high = middle;
  }
  const prunedFraction = (low + high) / 2;
  return { prunedFraction, radius: radiusAt(radii, prunedFraction) };
}

/**
 * Upper bound of the kept fraction by the trace of the Hessian alone: R²m / (R²m + 2ε), m the mean of what the eigenvalues
 * count as (by Jensen's inequality, G being convex in λ). Far above the limit where a few eigenvalues make up the trace.
 */
export function traceBoundOfKept(
  nodes: readonly SpectrumNode[],
  radius: number,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
): number | undefined {
  let sum = 0;
  let total = 0;
  for (const { eigenvalue, weight } of nodes) {
    const size = curvatureOf(eigenvalue, negatives);
    if (size === undefined) continue;
    sum += weight * size;
    total += weight;
  }
  if (total === 0) return undefined;
  const scaled = (radius * radius * sum) / total;
  return scaled === 0 ? 0 : scaled / (scaled + 2 * epsilon);
}

/** Whether Lanczos' method can tell the eigenvalues apart that decide the limit. */
export interface SpectrumResolution {
  /** 2ε/R(s*)²: eigenvalues above it are kept, those below it pruned. */
  readonly decisiveEigenvalue: number;
  /**
   * λ_max / steps²: eigenvalues below it are one lump, because Ritz values at the lower edge of a spectrum are so far apart.
   * With much negative curvature 0 is no edge and they are further apart: then {@link limitConvergence} tells.
   */
  readonly resolvedEigenvalue: number;
  /** False: the limit may be several points off, and be so at every number of steps tried. */
  readonly resolved: boolean;
}

/** Compares the eigenvalue that decides with the smallest one that so many steps can tell from 0. */
export function spectrumResolution(spectrum: SpectrumFacts, radius: number, epsilon: number): SpectrumResolution {
  const decisiveEigenvalue = (2 * epsilon) / radius ** 2;
  const resolvedEigenvalue = Math.max(0, largestEigenvalue(spectrum.nodes)) / Math.max(1, spectrum.steps) ** 2;
  return { decisiveEigenvalue, resolvedEigenvalue, resolved: decisiveEigenvalue >= resolvedEigenvalue };
}

/** How much the limit changed in the second half of the steps. */
export interface LimitConvergence {
  readonly halfLimit: number;
  readonly converged: boolean;
}

/** The limit after half of the steps, beside that after all of them; undefined where there is no limit. */
export function limitConvergence(
  spectrum: SpectrumFacts,
  radii: RadiusCurve,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
): LimitConvergence | undefined {
  const full = lossLandscapeLimit(spectrum.nodes, radii, epsilon, negatives);
  const half = lossLandscapeLimit(spectrum.halfNodes, radii, epsilon, negatives);
  if (full === undefined || half === undefined) return undefined;
  const converged = Math.abs(full.prunedFraction - half.prunedFraction) < CONVERGED_DIFFERENCE;
  return { halfLimit: half.prunedFraction, converged };
}

/** A point of the two curves whose crossing is the limit. */
export interface CrossingPoint {
  readonly radius: number;
  /** G(R): what the landscape allows at this distance. */
  readonly allowed: number;
  /** s(R): what pruning by magnitude takes away within this distance. */
  readonly pruned: number;
}

/** Both curves over the distance R, from 0 to the norm of all weights, `count` points evenly spaced; none without a spectrum. */
export function crossingCurves(
  nodes: readonly SpectrumNode[],
  radii: RadiusCurve,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
  count = 201,
): CrossingPoint[] {
  const norm = radii.radii.at(-1) ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const radius = (norm * index) / Math.max(1, count - 1);
    const allowed = coveredFraction(nodes, radius, epsilon, negatives);
    return allowed === undefined ? [] : [{ radius, allowed, pruned: fractionWithin(radii, radius) }];
  }).flat();
}
