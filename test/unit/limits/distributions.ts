import type { MagnitudeCells } from '../../../src/sketch/cells';

/** A distribution of magnitudes by its (unnormalised) density on [0, end]. */
export interface Distribution {
  readonly density: (x: number) => number;
  /** A power of two; what lies beyond is nothing, or under 1e-15 of the energy. */
  readonly end: number;
}

/** Generalised normal distribution, density ~ exp(−|x|^b). */
export function generalisedNormal(b: number): Distribution {
  return { density: (x) => Math.exp(-(x ** b)), end: 2 ** Math.ceil(Math.log2(90) / b) };
}

export const UNIFORM: Distribution = { density: () => 1, end: 1 };
export const TRIANGULAR: Distribution = { density: (x) => 1 - x, end: 1 };
export const LOGISTIC: Distribution = { density: (x) => Math.exp(-x) / (1 + Math.exp(-x)) ** 2, end: 128 };

/** Nodes and weights of Gauss-Legendre integration on [−1, 1], exact to degree 9 (Abramowitz & Stegun, table 25.4). */
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891];

/**
 * What a sketch of infinitely many values would hold: cells of `perOctave` equal parts of each octave, with the counts
 * (of `total` values) and energies that the density gives them. 128 an octave is float32's upper 16 bits.
 * As `atoms` each cell shrinks to its root mean square.
 */
export function densityCells(
  distribution: Distribution,
  perOctave: number,
  total: number,
  atoms: boolean,
): MagnitudeCells {
  const edges = [0];
  for (let octave = 2 ** -30; octave < distribution.end; octave *= 2) {
    for (let part = 0; part < perOctave; part++) edges.push(octave * (1 + part / perOctave));
  }
  edges.push(distribution.end);
  const size = edges.length - 1;
  const mass = new Float64Array(size);
  const energy = new Float64Array(size);
  let whole = 0;
  for (let i = 0; i < size; i++) {
    const [from, to] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    let zeroth = 0;
    let second = 0;
    NODES.forEach((node, j) => {
      const x = (from + to + node * (to - from)) / 2;
      const weight = ((WEIGHTS[j] ?? 0) * distribution.density(x) * (to - from)) / 2;
      zeroth += weight;
      second += weight * x * x;
    });
    mass[i] = zeroth;
    energy[i] = second;
    whole += zeroth;
  }
  const scale = total / whole;
  const present = [...mass.keys()].filter((i) => (mass[i] ?? 0) > 0);
  const pick = (column: ArrayLike<number>, factor: number): Float64Array =>
    Float64Array.from(present, (i) => (column[i] ?? 0) * factor);
  const rms = Float64Array.from(mass, (m, i) => Math.sqrt((energy[i] ?? 0) / m));
  return {
    low: atoms ? pick(rms, 1) : pick(edges, 1),
    high: atoms ? pick(rms, 1) : pick(edges.slice(1), 1),
    count: pick(mass, scale),
    energy: pick(energy, scale),
  };
}
