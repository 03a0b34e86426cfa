import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { unreadable } from '../formats/source';
import { readCsvData } from './csv-data';
import { withDataFile } from './data-file';
import { isIdx } from './idx';
import { idxImagesFor, isIdxLabels, readIdxData } from './idx-data';
import { readImageData } from './image-data';
import type { DataKind, LoadedData } from './loaded-data';
import type { NetworkInput, NetworkShapes } from './network-shapes';
import { readNpyData, readNpzData } from './numpy-data';
import { pairArrays } from './numpy-names';
import { partOf } from './partner-names';
import { readRawData } from './raw-data';
import type { DataSettings } from './settings';
import { onlyNpz } from './several-inputs';
import { product } from '../formats/shape';

/** Bytes from the start of a file by which its kind is told. */
const HEAD_BYTES = 4096;

/**
 * Reads a data set: finds out what a file or a folder is, and what belongs to it. What the person has said goes before what is
 * found.
 * @throws {FormatError} if it is no data set or cannot be read, {@link CancelledError} if `signal` is raised
 */
export async function readData(
  chosen: string,
  network: NetworkShapes,
  settings: DataSettings,
  signal?: AbortSignal,
): Promise<LoadedData> {
  const file = path.resolve(chosen);
  const loaded = await readOne(file, network, settings, settings.labels, signal);
  if (settings.test === undefined) return loaded;
  const ofSameKind = { ...settings, kind: loaded.kind };
  const test = await readOne(settings.test, network, ofSameKind, settings.testLabels, signal);
  checkNames(test, loaded, settings.test);
  return { ...loaded, test: test.train };
}

async function readOne(
  file: string,
  network: NetworkShapes,
  settings: DataSettings,
  labels: string | undefined,
  signal: AbortSignal | undefined,
): Promise<LoadedData> {
  const isFolder = await isDirectory(file);
  const names = await filesIn(isFolder ? file : path.dirname(file));
  const { main, kind } = isFolder ? inFolder(file, names, settings) : await ofFile(file, names, settings, signal);
  const siblings = names.files;
  const { firstLabel } = settings;
  const shift = firstLabel === undefined ? {} : { firstLabel };
  const [input, ...others] = network.inputs;
  if (others.length > 0 && kind !== 'npz') throw onlyNpz(network.inputs, main);
  switch (kind) {
    case 'idx':
      return await readIdxData(main, siblings, { ...shift, ...given('labels', labels) }, signal);
    case 'npz':
      return await withDataFile(main, async (source) => await readNpzData(source, network.inputs, shift, signal));
    case 'npy': {
      const folder = isFolder ? file : path.dirname(file);
      return await readNpyData(
        folder,
        siblings.filter((name) => /\.npy$/i.test(name)),
        shift,
        signal,
      );
    }
    case 'csv': {
      const options = {
        ...shift,
        ...given('labelColumn', settings.labelColumn),
        outputs: product(network.outputShape),
      };
      return await readCsvData(main, siblings, options, signal);
    }
    case 'images': {
      const channels = networkChannels(input);
      const { imageSize, samples, seed } = settings;
      const wanted = { ...given('imageSize', imageSize), ...given('samples', samples), ...given('seed', seed) };
      return await readImageData(main, channels === undefined ? wanted : { ...wanted, channels }, signal);
    }
    case 'raw': {
      const { raw } = settings;
      if (raw === undefined || labels === undefined) throw notDescribed(main);
      return await readRawData(main, labels, raw, firstLabel, signal);
    }
  }
}

interface Names {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

interface Found {
  /** The file to read first, or the folder of images. */
  readonly main: string;
  readonly kind: DataKind;
}

async function ofFile(
  file: string,
  { files }: Names,
  { kind, raw }: DataSettings,
  signal: AbortSignal | undefined,
): Promise<Found> {
  if (kind === 'images') throw noFolder(file);
  if (kind !== undefined) return { main: file, kind };
  if (raw !== undefined) return { main: file, kind: 'raw' };
  const name = path.basename(file);
  const byName = kindOfName(name);
  if (byName !== undefined) return { main: file, kind: byName };
  const head = await withDataFile(
    file,
    async (source) => await source.read(0, Math.min(source.size, HEAD_BYTES), signal),
  );
  if (!isIdx(head)) throw unknown(file);
  const images = isIdxLabels(name) ? idxImagesFor(name, files) : name;
  return { main: path.join(path.dirname(file), images ?? name), kind: 'idx' };
}

/** The data set in a folder: the samples for training in IDX files, the only npz or table, npy files, else images. */
function inFolder(folder: string, names: Names, { kind }: DataSettings): Found {
  const files = names.files.filter((name) => !isHidden(name));
  const isWanted = (each: DataKind): boolean => kind === undefined || kind === each;
  const images = files.filter((name) => /images[-._]?idx\d/i.test(name));
  const train = images.find((name) => /train/i.test(name)) ?? images[0];
  if (isWanted('idx') && train !== undefined) return { main: path.join(folder, train), kind: 'idx' };
  for (const each of ['npz', 'csv'] as const) {
    if (!isWanted(each)) continue;
    const own = files.filter((name) => kindOfName(name) === each);
    const main = own.length === 1 ? own[0] : own.find((name) => wordsOf(name).some((word) => partOf(word) === 'train'));
    if (main !== undefined) return { main: path.join(folder, main), kind: each };
    if (own.length > 1) throw several(folder, own);
  }
  const arrays = files.filter((name) => kindOfName(name) === 'npy').map((name) => name.replace(/\.npy$/i, ''));
  const pairs = pairArrays(arrays);
  if (isWanted('npy') && (pairs.train ?? pairs.test) !== undefined) return { main: folder, kind: 'npy' };
  if (isWanted('images') && names.folders.some((name) => !isHidden(name))) return { main: folder, kind: 'images' };
  throw unknown(folder);
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function kindOfName(name: string): 'npz' | 'npy' | 'csv' | undefined {
  const extension = /\.(npz|npy|csv|tsv)$/i.exec(name)?.[1]?.toLowerCase();
  return extension === 'tsv' ? 'csv' : (extension as 'npz' | 'npy' | 'csv' | undefined);
}

function wordsOf(name: string): string[] {
  return name.split(/[-._\s]/);
}

function networkChannels({ shape, channels }: NetworkInput): 1 | 3 | undefined {
  if (channels === 'none') return undefined;
  const count = channels === 'last' ? shape.at(-1) : shape[0];
  return count === 1 || count === 3 ? count : undefined;
}

/** Classes of text are numbered in each file: the same numbers have to mean the same. */
function checkNames(test: LoadedData, train: LoadedData, file: string): void {
  if (test.classNames?.join('\n') === train.classNames?.join('\n')) return;
  throw new FormatError({
    file,
    reason: l10n.t('has other classes than the samples for training'),
    remedy: l10n.t('Choose samples of the same classes.'),
  });
}

function given<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function filesIn(folder: string): Promise<Names> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    files: sorted.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
    folders: sorted.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  };
}

function unknown(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('is no data set that is read'),
    remedy: l10n.t(
      'Choose IDX files, an npz file, a table (CSV), or a folder with a folder of images for each class; describe files of plain values in .prunability.json.',
    ),
  });
}

function several(folder: string, names: readonly string[]): FormatError {
  return new FormatError({
    file: folder,
    reason: l10n.t('holds several data sets, e.g. {0} and {1}', names[0] ?? '', names[1] ?? ''),
    remedy: l10n.t('Choose one of the files.'),
  });
}

function noFolder(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('is no folder of images'),
    remedy: l10n.t('Choose the folder with a folder of images for each class.'),
  });
}

function notDescribed(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('holds nothing but values, and nothing says what they are'),
    remedy: l10n.t('Set "raw" (shape and type of a sample) and "labels" (path of the labels) in .prunability.json.'),
  });
}
