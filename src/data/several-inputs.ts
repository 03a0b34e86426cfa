import * as l10n from '@vscode/l10n';
import { type DType, isFloatingPoint } from '../formats/dtype';
import { FormatError } from '../formats/errors';
import { findFit } from './fit';
import { shapeText, type NetworkInput } from './network-shapes';
import { partOf } from './partner-names';

/** An array of a file, of which nothing but this is known yet. */
export interface ArrayFacts {
  readonly name: string;
  /** With the samples as first dimension. */
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** The arrays of one part of a data set for a network with several inputs. */
export interface SeveralArrays {
  /** Names of arrays, in the order of the network's inputs. */
  readonly inputs: readonly string[];
  readonly targets: string;
}

/** What arrays of targets are called, the likeliest first. */
const TARGETS = ['y', 'labels', 'label', 'targets', 'target'];

/** Arrays that a message lists at most. */
const SHOWN_ARRAYS = 12;

/** Ways to give arrays to inputs that are looked at before there are too many to be one. */
const MAX_WAYS = 2;

/** Attempts to give an array to an input: networks have a few inputs, of which most are told by their names. */
const MAX_STEPS = 10_000;

/**
 * Finds the array of each input: the one that is named as the input is, else, where there is one way only to give the
 * arrays that are left to the inputs that are left, by their shapes. `train` or `test` may stand in the names.
 * @param file for the message
 * @throws {FormatError} that says what each input takes, and which arrays there are
 */
export function severalArrays(
  arrays: readonly ArrayFacts[],
  inputs: readonly NetworkInput[],
  file: string,
): { readonly train: SeveralArrays; readonly test?: SeveralArrays } {
  const found = arrays.map((array) => ({ ...array, ...split(array.name, inputs) }));
  const targetNames = TARGETS.filter((name) => !inputs.some((input) => plain(input.name) === name));
  const part = (word: string | undefined): SeveralArrays | undefined => {
    const own = found.filter((array) => array.word === word);
    const targets = targetNames.map((name) => own.find(({ base }) => base === name)).find((one) => one !== undefined);
    if (targets === undefined) return undefined;
    const names = assigned(
      own.filter((array) => array !== targets),
      inputs,
    );
    return names === undefined ? undefined : { inputs: names, targets: targets.name };
  };
  const words = [...new Set(found.map(({ word }) => word))];
  const wordOf = (wanted: 'train' | 'test'): string[] =>
    words.flatMap((word) => (word !== undefined && partOf(word) === wanted ? [word] : []));
  const [test] = wordOf('test').flatMap((word) => part(word) ?? []);
  const train = wordOf('train').flatMap((word) => part(word) ?? [])[0] ?? part(undefined) ?? test;
  if (train === undefined) throw noArrays(arrays, inputs, file);
  return test === undefined || test === train ? { train } : { train, test };
}

interface NamedArray extends ArrayFacts {
  readonly base: string;
}

/** The arrays' names in the order of the inputs. */
function assigned(arrays: readonly NamedArray[], inputs: readonly NetworkInput[]): readonly string[] | undefined {
  const byName = inputs.map(({ name }) => arrays.find(({ base }) => base === plain(name)));
  const left = arrays.filter((array) => !byName.includes(array));
  const ways: NamedArray[][] = [];
  let steps = 0;
  const extend = (chosen: readonly NamedArray[]): void => {
    const input = inputs[chosen.length];
    if (ways.length >= MAX_WAYS || ++steps >= MAX_STEPS) return;
    if (input === undefined) {
      ways.push([...chosen]);
      return;
    }
    const named = byName[chosen.length];
    for (const array of named === undefined ? left : [named]) {
      if (!chosen.includes(array) && (array === named || fits(array, input))) extend([...chosen, array]);
    }
  };
  extend([]);
  const [way, ...others] = ways;
  return others.length > 0 || steps >= MAX_STEPS ? undefined : way?.map(({ name }) => name);
}

function fits({ shape, dtype }: ArrayFacts, input: NetworkInput): boolean {
  const isReal = isFloatingPoint(dtype);
  // Whole numbers are read as real ones only where they are those of an image.
  if (input.whole ? isReal : !isReal && dtype !== 'uint8') return false;
  return findFit(shape.slice(1), 'unknown', input) !== undefined;
}

/** `input_ids_train` is the `input_ids` of `train`; a name of an input is never taken apart. */
function split(
  name: string,
  inputs: readonly NetworkInput[],
): { readonly base: string; readonly word: string | undefined } {
  const base = plain(name);
  if (inputs.some((input) => plain(input.name) === base)) return { base, word: undefined };
  const words = base.split('_');
  const word = words.find((each) => partOf(each) !== undefined);
  return { base: word === undefined ? base : words.filter((each) => each !== word).join('_'), word };
}

/** `serving_default_input_ids:0` and `Input-IDs` are `input_ids`. */
function plain(name: string): string {
  return name
    .replace(/:\d+$/, '')
    .replace(/^serving_default_/, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join('_');
}

function noArrays(arrays: readonly ArrayFacts[], inputs: readonly NetworkInput[], file: string): FormatError {
  const shown = arrays.slice(0, SHOWN_ARRAYS).map(({ name, shape }) => `"${name.slice(0, 40)}" (${shapeText(shape)})`);
  return new FormatError({
    file,
    reason: l10n.t(
      'has no array for each of the inputs that the network takes: {0}; it has {1}',
      inputsText(inputs),
      shown.join(', ') + (arrays.length > SHOWN_ARRAYS ? ', …' : ''),
    ),
    remedy: l10n.t(
      'Name the arrays as the inputs are named, and the labels y: numpy.savez("data.npz", {0}, y=…).',
      inputs
        .slice(0, SHOWN_ARRAYS)
        .map(({ name }) => `${plain(name).slice(0, 40)}=…`)
        .join(', '),
    ),
  });
}

/** `"input_ids" (16 whole numbers), "image" (28 × 28 × 1)`. */
function inputsText(inputs: readonly NetworkInput[]): string {
  const shown = inputs.slice(0, SHOWN_ARRAYS).map(({ name, shape, whole }) => {
    const sizes = shapeText(shape);
    return `"${name.slice(0, 40)}" (${whole ? l10n.t('{0} whole numbers', sizes) : sizes})`;
  });
  return shown.join(', ') + (inputs.length > SHOWN_ARRAYS ? ', …' : '');
}

/** Data of another kind hold one array for all. @throws {FormatError} that says which data would do */
export function onlyNpz(inputs: readonly NetworkInput[], file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t(
      'holds one array of samples, but the network takes {0} inputs: {1}',
      inputs.length,
      inputsText(inputs),
    ),
    remedy: l10n.t('Save an npz file with an array for each input, named as the input is, and the labels as y.'),
  });
}
