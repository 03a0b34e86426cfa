/** Neumaier's summation: the error does not grow with the number of terms. */
export class CompensatedSum {
  private sum = 0;
  private lost = 0;

  /** Adds a term and returns the sum so far. */
  add(term: number): number {
    const next = this.sum + term;
    this.lost += Math.abs(this.sum) >= Math.abs(term) ? this.sum - next + term : term - next + this.sum;
    this.sum = next;
    return this.value;
  }

  get value(): number {
    return this.sum + this.lost;
  }
}
