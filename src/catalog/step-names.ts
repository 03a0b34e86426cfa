/** How names tell the step of a run: `epoch3`, `ckpt_1000`, `epoch=02-step=3000`, `iter_160k`, `0100`. */

/** Counters that count other counters' rounds come first: step 100 of epoch 2 is after step 900 of epoch 1. */
const COUNTERS: readonly (readonly string[])[] = [
  ['rounds?'],
  ['epochs?', 'ep'],
  ['checkpoint', 'chkpt', 'ckpt'],
  ['global[-_ ]?step', 'steps?', 'iterations?', 'iters?'],
];

const RANKS = COUNTERS.map((words) => new RegExp(`^(?:${words.join('|')})$`, 'i'));

/** A word that counts, the number after it, perhaps in thousands. `ckpt-7b` and `checkpoint_v2` have none. */
const COUNTED = new RegExp(
  `(${COUNTERS.flat().join('|')})[-_=.: ]{0,3}(\\d{1,15}(?:\\.\\d{1,9})?)(k?)(?![a-z0-9])`,
  'gi',
);

/** Figures of merit, which change from step to step and name no other run: `val_loss=0.32`, `acc1_77.3`. */
const MEASURED =
  /((?<![a-z])(?:loss|acc(?:uracy)?[15]?|top[15]|f1|auc|auroc|err(?:or)?|score|ppl|perplexity|bleu|m?iou|map|dice|r?mse|mae|wer|cer|psnr|ssim)[-_=: ]{1,2})-?\d{1,9}(?:\.\d{1,12})?/gi;

/** A name that is nothing but a number. */
const NUMBER = /^(\d{1,15})((?:\.[a-z][\w.]*)?)$/i;

/** A name with the numbers of its step taken out. */
export interface StepName {
  /** The name with `*` for what changes from step to step; the same for all steps of a run. */
  readonly pattern: string;
  /** The numbers, the one that changes least often first; never empty. */
  readonly counters: readonly number[];
}

/**
 * Reads the step from the name of a file or a folder. Only numbers after a word that counts are steps, or of a file
 * those that are its whole name: `resnet18`, `llama-7b` and `v2` are not. Undefined if the name tells no step.
 */
export function parseStepName(name: string, kind: 'file' | 'folder'): StepName | undefined {
  const [, whole, extension = ''] = (kind === 'file' ? NUMBER.exec(name) : null) ?? [];
  if (whole !== undefined) return { pattern: `*${extension}`, counters: [Number(whole)] };
  const found: { rank: number; value: number }[] = [];
  const pattern = name.replace(COUNTED, (match: string, word: string, digits: string, thousand: string, at: number) => {
    if (!startsWord(name, at)) return match;
    found.push({ rank: rankOf(word), value: Number(digits) * (thousand === '' ? 1 : 1000) });
    return match.slice(0, match.length - digits.length - thousand.length) + '*';
  });
  if (found.length === 0) return undefined;
  return {
    pattern: pattern.replace(MEASURED, '$1*'),
    counters: found.sort((a, b) => a.rank - b.rank).map(({ value }) => value),
  };
}

/** `footstep3` has no step, but `netEpoch3` has an epoch. */
function startsWord(name: string, at: number): boolean {
  const pair = name.slice(Math.max(0, at - 1), at + 1);
  return at === 0 || !/^[a-z]/i.test(pair) || /^[a-z][A-Z]$/.test(pair);
}

function rankOf(word: string): number {
  return RANKS.findIndex((words) => words.test(word));
}

/** Orders steps by their counters, of which those of one run have the same number. */
export function compareCounters(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? value);
    if (difference !== 0) return difference;
  }
  return 0;
}
