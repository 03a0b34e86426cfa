import { partOf } from './partner-names';

/** What an array is for, by its name. */
export interface ArrayPart {
  readonly part: 'train' | 'test';
  readonly inputs: string;
  readonly targets: string;
}

/** Names of samples and of their labels, as they are written next to one another; the first that are there are taken. */
const PAIRS: readonly (readonly [inputs: string, targets: string])[] = [
  ['x', 'y'],
  ['data', 'target'],
  ['data', 'targets'],
  ['data', 'labels'],
  ['data', 'label'],
  ['images', 'labels'],
  ['images', 'label'],
  ['image', 'label'],
  ['images', 'targets'],
  ['features', 'labels'],
  ['features', 'targets'],
  ['inputs', 'targets'],
  ['inputs', 'labels'],
  ['input', 'target'],
  ['samples', 'labels'],
];

/** `numpy.savez` without names: samples, labels, samples for testing, their labels. */
const UNNAMED: readonly ArrayPart[] = [
  { part: 'train', inputs: 'arr_0', targets: 'arr_1' },
  { part: 'test', inputs: 'arr_2', targets: 'arr_3' },
];

/**
 * Finds the pairs of samples and labels among named arrays: `x_train` and `y_train`, `test_images` and `test_labels`, `X` and
 * `y`, `data` and `target`, `arr_0` and `arr_1`.
 * @returns what there is for training and for testing; what has no part in its name counts as training
 */
export function pairArrays(names: readonly string[]): { readonly train?: ArrayPart; readonly test?: ArrayPart } {
  const found = names.map((name) => ({ name, ...split(name) }));
  const pair = (word: string | undefined, part: 'train' | 'test'): ArrayPart | undefined => {
    for (const [inputs, targets] of PAIRS) {
      const input = found.find((array) => array.word === word && array.base === inputs);
      const target = found.find((array) => array.word === word && array.base === targets);
      if (input !== undefined && target !== undefined) return { part, inputs: input.name, targets: target.name };
    }
    return undefined;
  };
  const words = [...new Set(found.map(({ word }) => word))];
  const trainWord = words.find((word) => word !== undefined && partOf(word) === 'train' && pair(word, 'train'));
  const train = pair(trainWord, 'train') ?? unnamed('train', names);
  const test = ['testing', 'test', 'validation', 'valid', 'val']
    .map((word) => pair(word, 'test'))
    .find((each) => each !== undefined);
  const tested = test ?? unnamed('test', names);
  return { ...(train === undefined ? {} : { train }), ...(tested === undefined ? {} : { test: tested }) };
}

function unnamed(part: 'train' | 'test', names: readonly string[]): ArrayPart | undefined {
  return UNNAMED.find((pair) => pair.part === part && names.includes(pair.inputs) && names.includes(pair.targets));
}

/** `X_train`, `train-x` and `xtrain` are the `x` of `train`. */
function split(name: string): { readonly base: string; readonly word: string | undefined } {
  const lower = name.toLowerCase().replace(/[-.\s]/g, '_');
  const words = lower.split('_').filter((word) => word !== '');
  const word = words.find((each) => partOf(each) !== undefined);
  if (word !== undefined) return { base: words.filter((each) => each !== word).join('_'), word };
  const joined = /^([xy])(train|test|val)$/.exec(lower);
  return joined === null ? { base: lower, word: undefined } : { base: joined[1] ?? '', word: joined[2] };
}
