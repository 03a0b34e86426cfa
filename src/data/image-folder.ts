import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { listFolder, type FolderFile } from '../formats/folder';
import { IMAGE_NAMES } from './decode-image';
import { MAX_CLASSES } from './data-limits';
import { bestTestWord, partOf } from './partner-names';

/** An image, and the class whose folder it is in. */
export interface ClassImage {
  readonly file: FolderFile;
  readonly label: number;
}

/** The images of a folder, before any is read. */
export interface ImageFolder {
  /** Names of the folders of the classes, in the order of their characters, as torchvision and Keras number them. */
  readonly classNames: readonly string[];
  readonly train: readonly ClassImage[];
  readonly test?: readonly ClassImage[];
  readonly notes: readonly string[];
}

/** With so many classes, folders that are named 0, 1, 2, … 10 are not numbered by their numbers any more. */
const FIRST_MISPLACED = 11;

/**
 * Finds the images in a folder: a folder a class, in folders `train` and `test` (or `val`) if there are such.
 * @throws {FormatError} if there are no images, or they are not in folders of classes
 */
export async function listImageFolder(folder: string, signal?: AbortSignal): Promise<ImageFolder> {
  const files = await listFolder(`${folder}${path.sep}.`, signal);
  const images = files.filter(({ name }) => IMAGE_NAMES.test(name) && !/(?:^|\/)\./.test(name));
  const parts = new Set(
    images.map(({ name }) => name.split('/')[0] ?? '').filter((word) => partOf(word) !== undefined),
  );
  const split = parts.size > 0;
  const trainWord = [...parts].find((word) => partOf(word) === 'train');
  const testWord = bestTestWord([...parts]);
  const within = (word: string | undefined): FolderFile[] =>
    word === undefined ? images : images.filter(({ name }) => name.startsWith(`${word}/`));
  const depth = split ? 1 : 0;
  const train = within(split ? (trainWord ?? testWord) : undefined);
  const test = trainWord === undefined || testWord === undefined ? undefined : within(testWord);
  const className = ({ name }: FolderFile): string => {
    const folders = name.split('/').slice(depth, -1);
    if (folders[0] !== undefined) return folders[0];
    throw noClasses(path.join(folder, name), l10n.t('is an image that is in no folder of a class'));
  };
  const classNames = [...new Set(train.map(className))].sort((a, b) => (a < b ? -1 : 1));
  if (train.length === 0) throw noClasses(folder, l10n.t('holds no images'));
  if (classNames.length > MAX_CLASSES)
    throw noClasses(folder, l10n.t('has more than {0} folders of classes', MAX_CLASSES));
  const numbers = new Map(classNames.map((name, index) => [name, index]));
  const labelled = (file: FolderFile): ClassImage => {
    const label = numbers.get(className(file));
    if (label !== undefined) return { file, label };
    throw noClasses(
      file.path,
      l10n.t('is of the class "{0}", which the samples for training do not have', className(file)),
    );
  };
  const notes = numberedNotes(classNames);
  const found = { classNames, train: train.map(labelled), notes };
  return test === undefined || test.length === 0 ? found : { ...found, test: test.map(labelled) };
}

function numberedNotes(classNames: readonly string[]): string[] {
  if (classNames.length < FIRST_MISPLACED || !classNames.every((name) => /^\d+$/.test(name))) return [];
  const inOrder = classNames.every((name, index) => index === 0 || Number(name) > Number(classNames[index - 1]));
  return inOrder
    ? []
    : [
        l10n.t(
          'The folders are numbered, but the classes are in the order of their characters (0, 1, 10, 2, …), as torchvision and Keras have them.',
        ),
      ];
}

function noClasses(file: string, reason: string): FormatError {
  return new FormatError({
    file,
    reason,
    remedy: l10n.t('Put the images of each class in a folder of its own.'),
  });
}
