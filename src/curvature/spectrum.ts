import type { SpectrumFacts, SpectrumNode } from '../report/measurement';
import { Lanczos, type LanczosState, type SymmetricOperator } from './lanczos';
import { tridiagonalSpectrum } from './tridiagonal';
import { roomForVectors, VECTOR_MEMORY_BYTES } from './vector-store';

/** Keeps the runs of the probes (from 0), so that a later call can go on with them. Its calls do not reject. */
export interface LanczosKeeper {
  /** What is kept of a probe's run. */
  state(probe: number): LanczosState | undefined;
  /** The run itself; undefined if its basis is not there any more. */
  restore(probe: number): Promise<Lanczos | undefined>;
  /** Is told after each step, and (`isLast`) before the run is given back. */
  keep(probe: number, run: Lanczos, isLast: boolean): Promise<void>;
}

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
  readonly keeper?: LanczosKeeper | undefined;
  /** Told after each step, and when a run goes on; `facts` computes the spectrum as it is known then. */
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
 * @throws CancelledError; Error if the operator gives numbers that are not finite, or there is no room for the basis
 */
export async function spectrumOf(
  operator: SymmetricOperator,
  options: SpectrumOptions,
  signal: AbortSignal,
): Promise<SpectrumFacts> {
  const { size, probes, seed, samples, memoryBytes = VECTOR_MEMORY_BYTES, keeper, onStep } = options;
  const steps = Math.min(options.steps, size);
  const finished: ProbeNodes[] = [];
  // The vector that would come after the last step is kept, too: a run can be gone on with.
  await roomForVectors(steps + 1, size, memoryBytes);
  for (let probe = 0; probe < probes; probe++) {
    const kept = keeper?.state(probe);
    if (kept !== undefined && (kept.exhausted || kept.diagonal.length >= steps)) {
      finished.push(probeNodes(kept));
      continue;
    }
    const restored = kept === undefined ? undefined : await keeper?.restore(probe);
    const run = restored ?? (await Lanczos.start(size, seed + probe, memoryBytes));
    const tell = (): void => {
      onStep?.(probe * steps + run.steps, probes * steps, () =>
        averaged([...finished, probeNodes(run.state)], samples),
      );
    };
    try {
      if (run.steps > 0) tell();
      while (run.steps < steps && (await run.advance(operator, signal))) {
        await keeper?.keep(probe, run, false);
        tell();
      }
      finished.push(probeNodes(run.state));
    } finally {
      await keeper?.keep(probe, run, true);
      await run.close();
    }
  }
  return averaged(finished, samples);
}

function probeNodes(state: LanczosState): ProbeNodes {
  const steps = state.diagonal.length;
  return { steps, nodes: quadratureNodes(state, steps), halfNodes: quadratureNodes(state, Math.ceil(steps / 2)) };
}

/** Of Lanczos' matrix after the first so many steps. */
function quadratureNodes({ diagonal, offDiagonal }: LanczosState, steps: number): SpectrumNode[] {
  const { eigenvalues, firstComponents } = tridiagonalSpectrum(
    diagonal.slice(0, steps),
    offDiagonal.slice(0, Math.max(0, steps - 1)),
  );
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
