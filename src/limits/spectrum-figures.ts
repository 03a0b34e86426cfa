import type { SpectrumNode } from '../report/measurement';

/** λ_max as the quadrature sees it; 0 without nodes. */
export function largestEigenvalue(nodes: readonly SpectrumNode[]): number {
  return nodes.reduce((largest, { eigenvalue }) => Math.max(largest, eigenvalue), nodes[0]?.eigenvalue ?? 0);
}

/** λ_min as the quadrature sees it; 0 without nodes. */
export function smallestEigenvalue(nodes: readonly SpectrumNode[]): number {
  return nodes.reduce((smallest, { eigenvalue }) => Math.min(smallest, eigenvalue), nodes[0]?.eigenvalue ?? 0);
}

/** Tr H = D Σ τ_k θ_k (Hutchinson's estimate: the first entries of Lanczos' matrices), D the number of parameters. */
export function traceEstimate(nodes: readonly SpectrumNode[], parameterCount: number): number {
  return parameterCount * nodes.reduce((sum, { eigenvalue, weight }) => sum + weight * eigenvalue, 0);
}

/** Share of the dimensions in which the loss curves downwards, rounding of flat ones included: Σ τ_k over θ_k < 0. */
export function negativeMass(nodes: readonly SpectrumNode[]): number {
  return nodes.reduce((sum, { eigenvalue, weight }) => (eigenvalue < 0 ? sum + weight : sum), 0);
}
