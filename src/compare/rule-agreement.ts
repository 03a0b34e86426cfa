import type { RuleAgreement } from '../report/comparison';
import type { MagnitudeBins } from './joint-magnitudes';

/** How many positions were pruned, and how many of them the rule would also have taken: at least `low`, at most `high`. */
export interface Overlap {
  readonly pruned: number;
  readonly low: number;
  readonly high: number;
}

export const NO_OVERLAP: Overlap = { pruned: 0, low: 0, high: 0 };

/**
 * The L1 rule beside what was pruned: of the values that were not zero, it takes the smallest magnitudes, as many as
 * were pruned. Below the bin in which its count is reached it takes everything. Of the n values in that bin, p of them
 * pruned, it takes r: both took max(0, r + p − n) to min(r, p), and the latter if no pruned value there is larger than a
 * kept one. Values of equal magnitude are the rule's to choose among, so that it is taken to agree.
 */
export function magnitudeOverlap({ counts, pruned, highestPruned, lowestKept }: MagnitudeBins): Overlap {
  const total = pruned.reduce((sum, count) => sum + count, 0);
  let left = total;
  let agreed = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin]!;
    const taken = pruned[bin]!;
    if (count < left) {
      left -= count;
      agreed += taken;
      continue;
    }
    const most = Math.min(left, taken);
    const least = highestPruned[bin]! <= lowestKept[bin]! ? most : Math.max(0, left + taken - count);
    return { pruned: total, low: agreed + least, high: agreed + most };
  }
  return { pruned: total, low: agreed, high: agreed };
}

/** The overlap of rules that have each their own threshold. */
export function addOverlaps(left: Overlap, right: Overlap): Overlap {
  return { pruned: left.pruned + right.pruned, low: left.low + right.low, high: left.high + right.high };
}

/** @param overlap of at least one pruned position. */
export function ruleAgreement({ pruned, low, high }: Overlap): RuleAgreement {
  return { interval: [low / pruned, high / pruned], same: low === pruned };
}
