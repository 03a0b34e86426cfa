import { PickleCall, type PickleDict, type PickleValue } from '../containers/pickle-values';

/** The items of a dict or of an object of a subclass of it (`OrderedDict`, `defaultdict`); undefined for others. */
export function dictOf(value: PickleValue | undefined): PickleDict | undefined {
  if (value instanceof Map) return value;
  if (!(value instanceof PickleCall)) return undefined;
  if (value.entries !== undefined) return value.entries;
  if (!/^(collections\.(OrderedDict|defaultdict|Counter)|builtins\.dict|__builtin__\.dict)$/.test(value.calleeName)) {
    return undefined;
  }
  // Python 2 pickles an OrderedDict as a call with a list of pairs.
  const pairs = value.args.find((argument) => Array.isArray(argument));
  const dict: PickleDict = new Map();
  for (const pair of Array.isArray(pairs) ? pairs : []) {
    if (Array.isArray(pair) && pair.length === 2) dict.set(pair[0] ?? null, pair[1] ?? null);
  }
  value.entries = dict;
  return dict;
}

/** The `__dict__` of an object; undefined if it keeps its state otherwise. */
export function attributes(value: PickleValue | undefined): PickleDict | undefined {
  return value instanceof PickleCall && value.state instanceof Map ? value.state : undefined;
}

/** A tuple of integers, or `torch.Size` of one. */
export function integers(value: PickleValue | undefined): number[] | undefined {
  const list = value instanceof PickleCall && value.calleeName === 'torch.Size' ? value.args[0] : value;
  if (!Array.isArray(list)) return undefined;
  return list.every((item): item is number => typeof item === 'number') ? list : undefined;
}

/** A whole number that can be a size or an offset. */
export function isIndex(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
