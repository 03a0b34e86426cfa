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
 * Puts the threads' results together in order of position, and hands on the tensors in reading order, so that nothing
 * in a report depends on which thread was faster.
 */
export class InOrder<T, R extends Piece> {
  private readonly pending = new Map<number, Pending<T, R>>();
  private readonly finished = new Map<number, T>();
  private turn = 0;

  /**
   * @param order indices of the tensors that are read, in the order in which `finish` is to get them.
   * @param pieces number of results that a tensor gives.
   */
  constructor(
    private readonly order: readonly number[],
    private readonly steps: {
      readonly pieces: (tensor: number) => number;
      readonly begin: (tensor: number) => T;
      readonly add: (sum: T, result: R) => void;
      readonly finish: (tensor: number, sum: T) => void;
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
    this.finished.set(tensor, pending.sum);
    this.handOn();
  }

  private handOn(): void {
    for (;;) {
      const tensor = this.order[this.turn];
      const sum = tensor === undefined ? undefined : this.finished.get(tensor);
      if (tensor === undefined || sum === undefined) return;
      this.finished.delete(tensor);
      this.turn++;
      this.steps.finish(tensor, sum);
    }
  }
}
