/** Added to the state before each number: 2³² divided by the golden ratio, odd, so that the state takes every value. */
const INCREMENT = 0x9e3779b9;

/**
 * Random numbers that a seed determines on every platform: a counter that a mixing function scatters (the construction of
 * Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014, with the 32-bit finaliser of
 * MurmurHash3). For choosing samples and probes, not for secrets.
 */
export class RandomStream {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 32 random bits, as a number from 0 to 2³² − 1. */
  nextUint32(): number {
    this.state = (this.state + INCREMENT) >>> 0;
    let bits = this.state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
  }

  /** A whole number from 0 to `bound` − 1; its probabilities differ by less than `bound` / 2³². */
  nextBelow(bound: number): number {
    return Math.floor((this.nextUint32() / 2 ** 32) * bound);
  }
}

/** Brings the numbers into random order, in place (Fisher & Yates). */
export function shuffle(numbers: Uint32Array, random: RandomStream): void {
  for (let last = numbers.length - 1; last > 0; last--) {
    const other = random.nextBelow(last + 1);
    const kept = numbers[last]!;
    numbers[last] = numbers[other]!;
    numbers[other] = kept;
  }
}
