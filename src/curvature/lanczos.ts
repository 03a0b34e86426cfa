import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../formats/errors';
import { RandomStream } from './random-stream';
import { transfer, VECTOR_MEMORY_BYTES, VectorStore } from './vector-store';

/** A symmetric operator: v → H·v, both of D numbers; it must not change v. */
export type SymmetricOperator = (vector: Float32Array, signal: AbortSignal) => Promise<Float32Array>;

/** What a run has found: as JSON, it can be kept beside the file of {@link Lanczos.save}. */
export interface LanczosState {
  readonly size: number;
  /** Diagonal of the tridiagonal matrix: one number a step. */
  readonly diagonal: readonly number[];
  /** Norms of the remainders: one number a step; the last leads to the next vector. */
  readonly offDiagonal: readonly number[];
  /** The vectors found span a space that the operator does not leave: there is no next step. */
  readonly exhausted: boolean;
}

/** A remainder smaller than the matrix by this factor is rounding: the space is exhausted. */
const EXHAUSTED = 1e-12;

/** Vectors of the basis are of length 1, up to the rounding of float32: others are not what was written. */
const LENGTH_TOLERANCE = 1e-3;

/** Between two looks at the signal so many numbers are gone through: some ten milliseconds. */
const NUMBERS_A_TURN = 2 ** 24;

/**
 * Lanczos' method with full re-orthogonalisation: after k steps an orthonormal basis v₁ … v_k (float32) and the tridiagonal
 * matrix VᵀHV. All dot products are summed in float64 and each remainder is orthogonalised twice against all vectors
 * (modified Gram–Schmidt; "twice is enough": Giraud, Langou & Rozložník 2005), because lost orthogonality gives copies of
 * the outer eigenvalues. Starts from a Rademacher probe, ±1/√D.
 *
 * A step that is cancelled or fails leaves the run as it was before it; `advance` can then be called again.
 */
export class Lanczos {
  private readonly diagonal: number[] = [];
  private readonly offDiagonal: number[] = [];
  private exhausted = false;

  private constructor(
    private readonly size: number,
    private readonly basis: VectorStore,
  ) {}

  /** @param memoryBytes the basis is held in memory up to so many bytes, the rest in a temporary file. */
  static async start(size: number, seed: number, memoryBytes = VECTOR_MEMORY_BYTES): Promise<Lanczos> {
    const run = new Lanczos(size, new VectorStore(size, memoryBytes));
    await run.basis.append(rademacherProbe(size, seed));
    return run;
  }

  /** Goes on with a run that {@link save} has kept. Rejects if the file is not what was written. */
  static async restore(state: LanczosState, path: string, memoryBytes = VECTOR_MEMORY_BYTES): Promise<Lanczos> {
    const run = new Lanczos(state.size, new VectorStore(state.size, memoryBytes));
    run.diagonal.push(...state.diagonal);
    run.offDiagonal.push(...state.offDiagonal);
    run.exhausted = state.exhausted;
    const file = await open(path, 'r');
    try {
      const vector = new Float32Array(state.size);
      const count = state.diagonal.length + (state.exhausted ? 0 : 1);
      for (let index = 0; index < count; index++) {
        await transfer(file, 'read', vector, index * vector.byteLength);
        if (!(Math.abs(dot(vector, Float64Array.from(vector)) - 1) < LENGTH_TOLERANCE)) {
          throw new Error(`Vector ${index} of the basis is damaged.`);
        }
        await run.basis.append(vector);
      }
    } finally {
      await file.close();
    }
    return run;
  }

  get steps(): number {
    return this.diagonal.length;
  }

  /**
   * One step: one product with the operator.
   * @returns false if there was none to make: the space is exhausted
   * @throws CancelledError; Error if the operator gives numbers that are not finite
   */
  async advance(operator: SymmetricOperator, signal: AbortSignal): Promise<boolean> {
    if (this.exhausted) return false;
    throwIfCancelled(signal);
    const step = this.diagonal.length;
    // A copy: while the operator is at work the store may not use the memory again.
    const vector = (await this.basis.read(step)).slice();
    const remainder = Float64Array.from(await operator(vector, signal));
    const diagonal = dot(vector, remainder);
    if (!Number.isFinite(diagonal)) throw new Error('The Hessian-vector product has numbers that are not finite.');
    await this.orthogonalise(remainder, signal);
    await this.orthogonalise(remainder, signal);
    const norm = Math.sqrt(dot(remainder, remainder));
    const scale = Math.max(norm, Math.abs(diagonal), ...this.diagonal.map(Math.abs), ...this.offDiagonal);
    const exhausted = step + 1 >= this.size || norm <= EXHAUSTED * scale;
    if (!exhausted) await this.basis.append(Float32Array.from(remainder, (number) => number / norm));
    this.exhausted = exhausted;
    this.diagonal.push(diagonal);
    this.offDiagonal.push(exhausted ? 0 : norm);
    return true;
  }

  /** What there is beside the basis. */
  get state(): LanczosState {
    const { size, diagonal, offDiagonal, exhausted } = this;
    return { size, diagonal: [...diagonal], offDiagonal: [...offDiagonal], exhausted };
  }

  /** Number of vectors of the basis. */
  get vectors(): number {
    return this.basis.count;
  }

  /**
   * Writes the basis to a file (D float32 a vector) and tells the rest.
   * @param from the first so many vectors are in the file already; with 0, it is made anew
   */
  async save(path: string, from = 0): Promise<LanczosState> {
    const file = await open(path, from === 0 ? 'w' : 'r+', 0o600);
    try {
      for (let index = from; index < this.basis.count; index++) {
        const vector = await this.basis.read(index);
        await transfer(file, 'write', vector, index * vector.byteLength);
      }
    } finally {
      await file.close();
    }
    return this.state;
  }

  /** Gives the basis back; the matrix stays. */
  async close(): Promise<void> {
    await this.basis.close();
  }

  /** Takes from the remainder what lies along the vectors found. */
  private async orthogonalise(remainder: Float64Array, signal: AbortSignal): Promise<void> {
    let numbers = 0;
    for (let index = 0; index < this.basis.count; index++) {
      const vector = await this.basis.read(index);
      const share = dot(vector, remainder);
      for (let at = 0; at < remainder.length; at++) remainder[at] = remainder[at]! - share * vector[at]!;
      numbers += 2 * remainder.length;
      if (numbers < NUMBERS_A_TURN) continue;
      numbers = 0;
      await setImmediate();
      throwIfCancelled(signal);
    }
  }
}

/** ±1/√D, each with the same chance: unit length, and E[vvᵀ] = I/D. */
export function rademacherProbe(size: number, seed: number): Float32Array {
  const random = new RandomStream(seed);
  const entry = 1 / Math.sqrt(size);
  return Float32Array.from({ length: size }, () => (random.nextUint32() >= 2 ** 31 ? entry : -entry));
}

/** Four sums side by side: their errors are a quarter, and the processor need not wait for each addition. */
function dot(a: Float32Array | Float64Array, b: Float64Array): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let at = 0;
  for (; at + 3 < a.length; at += 4) {
    first += a[at]! * b[at]!;
    second += a[at + 1]! * b[at + 1]!;
    third += a[at + 2]! * b[at + 2]!;
    fourth += a[at + 3]! * b[at + 3]!;
  }
  for (; at < a.length; at++) first += a[at]! * b[at]!;
  return first + second + (third + fourth);
}
