/**
 * Which of `total` samples are taken, ascending: `count` of them at random, each as likely as any other; all if there are not
 * more. The same seed gives the same samples (R. Fisher, F. Yates, 1938, as R. Durstenfeld has it in ACM algorithm 235).
 */
export function chosenSamples(total: number, count: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: total }, (_, index) => index);
  if (count >= total) return order;
  const random = splitMix(seed);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor((random() / 2 ** 32) * (total - i));
    const other = order[j] ?? 0;
    order[j] = order[i] ?? 0;
    order[i] = other;
  }
  return order.slice(0, count).sort();
}

/** Whole numbers below 2³²: the finaliser of MurmurHash3 (A. Appleby) over a counter, as in SplitMix (G. Steele et al., 2014). */
function splitMix(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
