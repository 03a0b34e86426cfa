/** Words for the part that a network is trained on, and for the parts that it is tested on, the best first. */
const TRAIN = ['training', 'train'];
const TEST = ['testing', 'test', 't10k', 'validation', 'valid', 'val'];

/** Whether a word stands for a part of a data set. */
export function partOf(word: string): 'train' | 'test' | undefined {
  const lower = word.toLowerCase();
  if (TRAIN.includes(lower)) return 'train';
  return TEST.includes(lower) ? 'test' : undefined;
}

/** The best of some words for the part to test on: what is called a test goes before what is called a validation. */
export function bestTestWord(words: readonly string[]): string | undefined {
  const rank = (word: string): number => TEST.indexOf(word.toLowerCase());
  return words.filter((word) => rank(word) >= 0).sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * Among `names`, the file with the samples for testing that belong to a file whose name has "train" in it: `t10k-images…` for
 * `train-images…`, `mnist_test.csv` for `mnist_train.csv`.
 */
export function testPartner(train: string, names: readonly string[]): string | undefined {
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const lower = train.toLowerCase();
  for (const word of TRAIN) {
    const at = lower.lastIndexOf(word);
    if (at < 0) continue;
    for (const test of TEST) {
      const partner = known.get(lower.slice(0, at) + test + lower.slice(at + word.length));
      if (partner !== undefined) return partner;
    }
  }
  return undefined;
}
