/** Eigenvalues of a symmetric tridiagonal matrix, with what quadrature has to know of the eigenvectors. */
export interface TridiagonalSpectrum {
  /** Ascending. */
  readonly eigenvalues: Float64Array;
  /** The first component of each normalised eigenvector, up to its sign; their squares add up to 1. */
  readonly firstComponents: Float64Array;
}

/** Off-diagonals this small are rounding of rounding, or so near to the smallest float64 numbers that rotations lose them. */
const SMALLEST_NORMAL = 1e-290;

/** QL iterations for one eigenvalue; two or three are usual. */
const ITERATIONS = 60;

/**
 * Eigenvalues and first components of the eigenvectors of the symmetric tridiagonal matrix with this diagonal (m numbers)
 * and off-diagonal (m − 1 numbers): implicit QL with Wilkinson's shift, carrying the first row of the eigenvectors only,
 * in O(m²) (Golub & Welsch, Calculation of Gauss quadrature rules, Math. Comp. 23, 1969).
 * @throws Error if a number is not finite or an eigenvalue does not settle
 */
export function tridiagonalSpectrum(diagonal: ArrayLike<number>, offDiagonal: ArrayLike<number>): TridiagonalSpectrum {
  const size = diagonal.length;
  const values = Float64Array.from(diagonal);
  // One number more than there are, so that the last row has an off-diagonal of 0.
  const off = new Float64Array(size);
  off.set(Array.from(offDiagonal).slice(0, Math.max(0, size - 1)));
  if (![...values, ...off].every(Number.isFinite))
    throw new Error('The tridiagonal matrix has numbers that are not finite.');
  const first = new Float64Array(size);
  if (size > 0) first[0] = 1;
  const scale = Math.max(0, ...values.map(Math.abs), ...off.map(Math.abs));
  const negligible = Math.max(SMALLEST_NORMAL, Number.EPSILON ** 2 * scale);
  for (let low = 0; low < size; low++) settle(values, off, first, low, negligible);
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  return {
    eigenvalues: Float64Array.from(order, (index) => values[index]!),
    firstComponents: Float64Array.from(order, (index) => first[index]!),
  };
}

/** Turns the matrix from row `low` on until that row is on its own: then `values[low]` is an eigenvalue. */
function settle(values: Float64Array, off: Float64Array, first: Float64Array, low: number, negligible: number): void {
  for (let iteration = 0; ; iteration++) {
    const high = blockEnd(values, off, low, negligible);
    if (high === low) return;
    if (iteration === ITERATIONS) throw new Error('An eigenvalue of the tridiagonal matrix does not settle.');
    sweep(values, off, first, low, high);
  }
}

/** The last row that hangs together with row `low`. */
function blockEnd(values: Float64Array, off: Float64Array, low: number, negligible: number): number {
  let high = low;
  while (high < values.length - 1) {
    const scale = Math.abs(values[high]!) + Math.abs(values[high + 1]!);
    if (Math.abs(off[high]!) <= Math.max(negligible, Number.EPSILON * scale)) break;
    high++;
  }
  return high;
}

/** One QL sweep with plane rotations over the rows from `low` to `high`. */
function sweep(values: Float64Array, off: Float64Array, first: Float64Array, low: number, high: number): void {
  const half = (values[low + 1]! - values[low]!) / (2 * off[low]!);
  const root = Math.hypot(half, 1);
  const shift = values[low]! - off[low]! / (half + (half >= 0 ? root : -root));
  let cosine = 1;
  let sine = 1;
  let moved = 0;
  let bulge = values[high]! - shift;
  for (let row = high - 1; row >= low; row--) {
    const toEliminate = sine * off[row]!;
    const besides = cosine * off[row]!;
    const length = Math.hypot(toEliminate, bulge);
    off[row + 1] = length;
    if (length === 0) {
      // The matrix falls apart here: what is above has been dealt with.
      values[row + 1] = values[row + 1]! - moved;
      off[high] = 0;
      return;
    }
    sine = toEliminate / length;
    cosine = bulge / length;
    const remaining = values[row + 1]! - moved;
    const turned = (values[row]! - remaining) * sine + 2 * cosine * besides;
    moved = sine * turned;
    values[row + 1] = remaining + moved;
    bulge = cosine * turned - besides;
    const upper = first[row + 1]!;
    first[row + 1] = sine * first[row]! + cosine * upper;
    first[row] = cosine * first[row]! - sine * upper;
  }
  values[low] = values[low]! - moved;
  off[low] = bulge;
  off[high] = 0;
}
