import type { SpectrumFacts, SpectrumNode } from '../report/measurement';
import { Lanczos, type SymmetricOperator } from './lanczos';
import { tridiagonalSpectrum } from './tridiagonal';
import { VECTOR_MEMORY_BYTES } from './vector-store';

export interface SpectrumOptions {
  /** D. */
  readonly size: number;
  /** Products with the operator for each probe. */
  readonly steps: number;
  readonly probes: number;
  readonly seed: number;
  /** Samples that the operator is the mean over. */
  readonly samples: number;
  /** The basis is held in memory up to so many bytes, the rest in a temporary file. */
  readonly memoryBytes?: number;
  /** Told after each step; `facts` computes the spectrum as it is known then. */
  readonly onStep?: (done: number, total: number, facts: () => SpectrumFacts) => void;
}

/** What one probe has found. */
interface ProbeNodes {
  readonly steps: number;
  readonly nodes: readonly SpectrumNode[];
  readonly halfNodes: readonly SpectrumNode[];
}

/**
 * Spectrum of a symmetric operator by stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017): for a random unit vector v,
 * vᵀf(H)v ≈ Σ τ_k f(θ_k) with θ_k the eigenvalues of Lanczos' matrix and τ_k the squared first components of its
 * eigenvectors; its expectation over the probes is the mean of f over the eigenvalues. Several probes are averaged.
 * @throws CancelledError; Error if the operator gives numbers that are not finite
 */
export async function spectrumOf(
  operator: SymmetricOperator,
  options: SpectrumOptions,
  signal: AbortSignal,
): Promise<SpectrumFacts> {
  const { size, probes, seed, samples, memoryBytes = VECTOR_MEMORY_BYTES, onStep } = options;
  const steps = Math.min(options.steps, size);
  const finished: ProbeNodes[] = [];
  for (let probe = 0; probe < probes; probe++) {
    const run = await Lanczos.start(size, seed + probe, memoryBytes);
    try {
      while (run.steps < steps && (await run.advance(operator, signal))) {
        const done = probe * steps + run.steps;
        onStep?.(done, probes * steps, () => averaged([...finished, probeNodes(run)], samples));
      }
      finished.push(probeNodes(run));
    } finally {
      await run.close();
    }
  }
  return averaged(finished, samples);
}

function probeNodes(run: Lanczos): ProbeNodes {
  const { steps } = run;
  return { steps, nodes: quadratureNodes(run, steps), halfNodes: quadratureNodes(run, Math.ceil(steps / 2)) };
}

function quadratureNodes(run: Lanczos, steps: number): SpectrumNode[] {
  const { diagonal, offDiagonal } = run.matrix(steps);
  const { eigenvalues, firstComponents } = tridiagonalSpectrum(diagonal, offDiagonal);
  return Array.from(eigenvalues, (eigenvalue, index) => ({ eigenvalue, weight: firstComponents[index]! ** 2 }));
}

/** Nodes of all probes, each probe with the same weight. */
function averaged(probes: readonly ProbeNodes[], samples: number): SpectrumFacts {
  const merged = (nodesOf: (probe: ProbeNodes) => readonly SpectrumNode[]): SpectrumNode[] =>
    probes
      .flatMap(nodesOf)
      .map(({ eigenvalue, weight }) => ({ eigenvalue, weight: weight / probes.length }))
      .sort((a, b) => a.eigenvalue - b.eigenvalue);
  return {
    nodes: merged(({ nodes }) => nodes),
    steps: Math.max(0, ...probes.map(({ steps }) => steps)),
    probes: probes.length,
    samples,
    halfNodes: merged(({ halfNodes }) => halfNodes),
  };
}
