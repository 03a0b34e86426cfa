import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../formats/checkpoint';
import { FormatError } from '../formats/errors';
import { npyReader } from '../formats/numpy/npy';
import { npzReader } from '../formats/numpy/npz';
import type { RandomAccessSource } from '../formats/source';
import { readArray, type DataArray } from './data-array';
import { withDataFile } from './data-file';
import type { LoadedData, LoadedSamples } from './loaded-data';
import type { NetworkInput } from './network-shapes';
import { pairArrays, type ArrayPart } from './numpy-names';
import { severalArrays, type SeveralArrays } from './several-inputs';
import { labelledSamples } from './targets';

export interface NumpyOptions {
  readonly firstLabel?: number;
}

/**
 * Reads the arrays of an npz file that are named as samples and labels are, or, for a network with several inputs, as those are.
 * @throws {FormatError} if no pair is found, or one cannot be read
 */
export async function readNpzData(
  source: RandomAccessSource,
  inputs: readonly NetworkInput[],
  options: NumpyOptions,
  signal?: AbortSignal,
): Promise<LoadedData> {
  const { tensors } = await npzReader.open({ source, signal, openSibling: () => noSiblings(source.path) });
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const read = async (name: string): Promise<DataArray> => await readArray(source, entry(byName, name), signal);
  if (inputs.length > 1) return await readSeveral(source.path, [...byName.values()], inputs, read, options);
  return await readPairs('npz', source.path, [...byName.keys()], read, () => [source.path], options);
}

async function readSeveral(
  file: string,
  tensors: readonly TensorEntry[],
  inputs: readonly NetworkInput[],
  read: (name: string) => Promise<DataArray>,
  { firstLabel }: NumpyOptions,
): Promise<LoadedData> {
  const parts = severalArrays(tensors, inputs, file);
  const samplesOf = async (part: SeveralArrays): Promise<LoadedSamples> => {
    const arrays: DataArray[] = [];
    for (const name of part.inputs) arrays.push(await read(name));
    const [first, ...others] = arrays;
    if (first === undefined) throw new Error('There are no inputs');
    const samples = labelledSamples(first, await read(part.targets), firstLabel);
    const further = others.map(({ shape: [count = 0, ...shape], values }, index) => {
      if (count === samples.count) return { shape, count, values };
      throw new FormatError({
        file,
        tensor: part.inputs[index + 1],
        reason: l10n.t('holds {0} samples, "{1}" {2}', count, part.inputs[0] ?? '', samples.count),
        remedy: l10n.t('Save the arrays with as many samples each.'),
      });
    });
    return { samples: { ...samples, further }, paths: [file] };
  };
  const train = await samplesOf(parts.train);
  const test = parts.test === undefined ? undefined : await samplesOf(parts.test);
  return { kind: 'npz', layout: 'unknown', train, ...(test === undefined ? {} : { test }), notes: [] };
}

/**
 * Reads `X_train.npy`, `y_train.npy` and the like of a folder.
 * @param names of the npy files in the folder
 * @throws {FormatError}
 */
export async function readNpyData(
  folder: string,
  names: readonly string[],
  options: NumpyOptions,
  signal?: AbortSignal,
): Promise<LoadedData> {
  const files = new Map(names.map((name) => [name.replace(/\.npy$/i, ''), path.join(folder, name)]));
  const fileOf = (name: string): string => files.get(name) ?? '';
  const read = (name: string): Promise<DataArray> =>
    withDataFile(fileOf(name), async (source) => {
      const { tensors } = await npyReader.open({ source, signal, openSibling: () => noSiblings(source.path) });
      return await readArray(source, entry(new Map(tensors.map((tensor) => ['', tensor])), ''), signal);
    });
  const pathsOf = ({ inputs, targets }: ArrayPart): string[] => [fileOf(inputs), fileOf(targets)];
  return await readPairs('npy', folder, [...files.keys()], read, pathsOf, options);
}

async function readPairs(
  kind: 'npz' | 'npy',
  file: string,
  names: readonly string[],
  read: (name: string) => Promise<DataArray>,
  pathsOf: (pair: ArrayPart) => string[],
  { firstLabel }: NumpyOptions,
): Promise<LoadedData> {
  const pairs = pairArrays(names);
  const samplesOf = async (pair: ArrayPart): Promise<LoadedSamples> => {
    const samples = labelledSamples(await read(pair.inputs), await read(pair.targets), firstLabel);
    return { samples, paths: pathsOf(pair) };
  };
  const main = pairs.train ?? pairs.test;
  if (main === undefined) throw noPair(file, names);
  const train = await samplesOf(main);
  const test = pairs.train === undefined || pairs.test === undefined ? undefined : await samplesOf(pairs.test);
  return { kind, layout: 'unknown', train, ...(test === undefined ? {} : { test }), notes: [] };
}

function entry(tensors: ReadonlyMap<string, TensorEntry>, name: string): TensorEntry {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`There is no array ${name}`);
  return tensor;
}

function noSiblings(file: string): Promise<never> {
  return Promise.reject(new Error(`${file} asked for another file`));
}

/** Names that a message lists at most. */
const SHOWN_NAMES = 8;

function noPair(file: string, names: readonly string[]): FormatError {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name.slice(0, 40)));
  return new FormatError({
    file,
    reason:
      names.length === 0
        ? l10n.t('holds no arrays')
        : l10n.t(
            'has no arrays that are named as samples and labels are; it has {0}',
            shown.join(', ') + (names.length > SHOWN_NAMES ? ', …' : ''),
          ),
    remedy: l10n.t('Name the arrays x_train and y_train (and x_test and y_test), or x and y.'),
  });
}
