/** What threads send back for a piece of a tensor. */
interface Piece {
  readonly tensor: number;
  /** Number of the piece within the tensor, from 0. */
  readonly ordinal: number;
}

interface Pending<T, R> {
  readonly sum: T;
  /** Results that came before their turn, by ordinal. */
  readonly early: Map<number, R>;
  next: number;
}

/**
 * Puts the pieces of each tensor together in order of position, so that nothing in a sum depends on which thread was
 * faster.
 */
export class Piecewise<T, R extends Piece> {
  private readonly pending = new Map<number, Pending<T, R>>();

  constructor(
    private readonly steps: {
      /** Number of results that a tensor gives. */
      readonly pieces: (tensor: number) => number;
      readonly begin: (tensor: number) => T;
      readonly add: (sum: T, result: R) => void;
      /** Gets each tensor once, when all its pieces are there. */
      readonly complete: (tensor: number, sum: T) => void;
    },
  ) {}

  add(result: R): void {
    const { tensor } = result;
    let pending = this.pending.get(tensor);
    if (pending === undefined) {
      pending = { sum: this.steps.begin(tensor), early: new Map(), next: 0 };
      this.pending.set(tensor, pending);
    }
    pending.early.set(result.ordinal, result);
    for (let ready = pending.early.get(pending.next); ready !== undefined; ready = pending.early.get(pending.next)) {
      pending.early.delete(pending.next);
      pending.next++;
      this.steps.add(pending.sum, ready);
    }
    if (pending.next < this.steps.pieces(tensor)) return;
    this.pending.delete(tensor);
    this.steps.complete(tensor, pending.sum);
  }
}
