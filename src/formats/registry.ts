import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { MAIN_FILES } from '../catalog/main-files';
import { isCompanionName } from '../catalog/model-names';
import type { Checkpoint, FormatReader, OpenContext } from './checkpoint';
import { coremlReader } from './coreml/coreml';
import { CancelledError, FormatError, throwIfCancelled } from './errors';
import { flaxReader } from './flax/flax';
import { ggufReader } from './gguf/gguf';
import { matlabReader } from './matlab/matlab';
import { hdf5Reader, kerasArchiveReader } from './keras/keras';
import { kerasShardsReader } from './keras/keras-shards';
import { npyReader } from './numpy/npy';
import { npyFolderReader } from './numpy/npy-folder';
import { npzReader } from './numpy/npz';
import { onnxReader } from './onnx/onnx';
import { orbaxReader } from './orbax/orbax';
import { paddleReader } from './paddle/paddle';
import { pickledReader } from './pickled/pickled';
import { distributedReader } from './pytorch/distributed';
import { pytorchReader } from './pytorch/pytorch';
import { withQuantizedWeights } from './quantized/quantized';
import { safetensorsReader } from './safetensors/safetensors';
import { pytorchIndexReader, safetensorsIndexReader } from './sharded-index';
import { SiblingFiles } from './sibling';
import { READABLE_FORMATS, recognisePlaceholder, recogniseUnreadable } from './sniff';
import { FileSource, FolderSource, type RandomAccessSource } from './source';
import { tensorflowGraphReader } from './tensorflow/saved-model';
import { tensorflowCheckpointReader } from './tensorflow/tensorflow';
import { tfjsReader } from './tfjs/tfjs';
import { manifestBeside } from './tfjs/tfjs-shard';
import { tfliteReader } from './tflite/tflite';
import { zarrReader } from './zarr/zarr';

/** All formats, in the order in which they are asked whether a file is theirs. */
export const READERS: readonly FormatReader[] = [
  // Before safetensors, to which its first eight bytes may be the length of a header in a file of 14 GB.
  ggufReader,
  // Their folders and small files of JSON, before what else is JSON.
  orbaxReader,
  zarrReader,
  safetensorsReader,
  safetensorsIndexReader,
  pytorchIndexReader,
  kerasShardsReader,
  npyReader,
  npyFolderReader,
  npzReader,
  tfliteReader,
  flaxReader,
  matlabReader,
  distributedReader,
  hdf5Reader,
  kerasArchiveReader,
  pytorchReader,
  paddleReader,
  pickledReader,
  tfjsReader,
  // Before TensorFlow's, which starts alike.
  coremlReader,
  onnxReader,
  tensorflowCheckpointReader,
  tensorflowGraphReader,
];

/** Bytes from the start of a file by which formats are told. */
const HEAD_BYTES = 4096;

/** What a Core ML package is opened by: a name that other folders have too. */
const PACKAGE_MANIFEST = 'Manifest.json';

/** A checkpoint with the files that were opened for it. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Absolute path of the file that was opened: the given one, or the model in the given folder. */
  readonly file: string;
  close(): Promise<void>;
}

/**
 * Opens a model file, or the model in a folder: finds its format by content, then by name, and reads its header.
 * @throws {FormatError} if it cannot be read, {@link CancelledError} if `signal` is raised
 */
export async function openCheckpoint(file: string, signal?: AbortSignal): Promise<OpenedCheckpoint> {
  const main = await mainFile(path.resolve(file));
  throwIfCancelled(signal);
  const source = (await stat(main)).isDirectory() ? new FolderSource(main) : await FileSource.open(main);
  const siblings = new SiblingFiles(main);
  const close = async (): Promise<void> => {
    await Promise.all([source.close(), siblings.close()]);
  };
  const openSibling = async (name: string): Promise<RandomAccessSource> => {
    const sibling = await siblings.open(name);
    const objection = recognisePlaceholder(await sibling.read(0, Math.min(HEAD_BYTES, sibling.size), signal));
    if (objection !== undefined) throw new FormatError({ file: sibling.path, ...objection });
    return sibling;
  };
  try {
    const checkpoint = await readCheckpoint({ source, signal, openSibling });
    return { checkpoint, file: main, close };
  } catch (error) {
    await close();
    throw asFormatError(error, main);
  }
}

/** Whether the first bytes of a file say that a reader understands it. False for what is no file that can be read. */
export async function isRecognised(file: string, signal?: AbortSignal): Promise<boolean> {
  let source: FileSource;
  try {
    source = await FileSource.open(file);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  try {
    const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
    return READERS.some((reader) => reader.matches(head, source));
  } finally {
    await source.close();
  }
}

/**
 * Reads the header of a model that is already open.
 * @throws {FormatError}
 */
export async function readCheckpoint(context: OpenContext): Promise<Checkpoint> {
  const { source, signal } = context;
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
  const reader = await chooseReader(head, source);
  const checkpoint = await withQuantizedWeights(await reader.open(context), context);
  if (checkpoint.tensors.length === 0) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('holds no weights'),
      remedy: l10n.t('Open the file that the weights were saved to.'),
    });
  }
  return checkpoint;
}

async function chooseReader(head: Uint8Array, source: RandomAccessSource): Promise<FormatReader> {
  const byContent = READERS.find((reader) => reader.matches(head, source));
  if (byContent !== undefined) return byContent;
  const objection = recogniseUnreadable(head, source);
  if (objection !== undefined) throw new FormatError({ file: source.path, offset: 0, ...objection });
  const name = path.basename(source.path).toLowerCase();
  if (name.endsWith('.bin')) {
    const manifest = await manifestBeside(source.path);
    if (manifest !== undefined) {
      throw new FormatError({
        file: source.path,
        reason: l10n.t('holds bytes of TensorFlow.js weights, but not their names and shapes'),
        remedy: l10n.t('Open {0} instead.', manifest),
      });
    }
  }
  const byName = READERS.find(({ extensions }) => extensions.some((extension) => name.endsWith(`.${extension}`)));
  if (byName !== undefined) return byName;
  throw new FormatError({
    file: source.path,
    offset: 0,
    reason:
      head[0] === 0x50 && head[1] === 0x4b
        ? l10n.t('is a zip file without a model')
        : l10n.t('is of no format that is known here'),
    remedy: l10n.t('Choose a model file: {0}.', READABLE_FORMATS),
  });
}

/**
 * The file to open for a path: itself, or what a folder holds; a folder of arrays is opened as such.
 * @throws {FormatError} if there is none, or several
 */
export async function mainFile(file: string): Promise<string> {
  let entries: Dirent[];
  try {
    const stats = await stat(file);
    if (stats.isFile()) return file;
    // A named pipe would block for ever once it is opened.
    if (!stats.isDirectory()) {
      throw new FormatError({ file, reason: l10n.t('is not a regular file'), remedy: l10n.t('Choose a model file.') });
    }
    entries = await readdir(file, { withFileTypes: true });
  } catch (error) {
    throw asFormatError(error, file);
  }
  const names = entries.map(({ name }) => name);
  if (/\.mlpackage$/i.test(file) && names.includes(PACKAGE_MANIFEST)) return path.join(file, PACKAGE_MANIFEST);
  const main = MAIN_FILES.find((name) => names.includes(name));
  if (main !== undefined) return path.join(file, main);
  const latest = await latestStep(file, entries);
  if (latest !== undefined) return await mainFile(latest);
  const named = names.filter((name) => isModelName(name.toLowerCase())).sort();
  const byThemselves = named.filter((name) => !isCompanionName(name));
  const models = byThemselves.length > 0 ? byThemselves : named;
  const [only] = models;
  if (isArrayFolder(entries)) return file;
  if (only !== undefined && models.length === 1) return path.join(file, only);
  // Training leaves several checkpoints of TensorFlow in a folder, and a file that names the latest.
  if (only !== undefined && names.includes('checkpoint') && models.every((name) => name.endsWith('.index'))) {
    return path.join(file, 'checkpoint');
  }
  const shown = models.slice(0, 3).join(', ');
  throw new FormatError({
    file,
    reason:
      models.length === 0
        ? l10n.t('is a folder without a model')
        : l10n.t('is a folder with several models ({0}, …)', shown),
    remedy: models.length === 0 ? l10n.t('Choose a model file: {0}.', READABLE_FORMATS) : l10n.t('Choose one of them.'),
  });
}

/** The folder of the last step of a training with DeepSpeed, which a file beside it names; undefined if there is none. */
async function latestStep(folder: string, entries: readonly Dirent[]): Promise<string | undefined> {
  const named = entries.find((entry) => entry.name === 'latest' && entry.isFile());
  if (named === undefined) return undefined;
  const source = await FileSource.open(path.join(folder, named.name));
  try {
    const name = Buffer.from(await source.read(0, Math.min(HEAD_BYTES, source.size)))
      .toString('utf8')
      .trim();
    return entries.some((entry) => entry.name === name && entry.isDirectory()) ? path.join(folder, name) : undefined;
  } finally {
    await source.close();
  }
}

/** Of files that are too often something else. */
const COMMON_EXTENSIONS: ReadonlySet<string> = new Set(['json', 'bin']);

/** By name alone. */
/** Whether what a folder holds besides further folders is arrays, and more than one. */
function isArrayFolder(entries: readonly Dirent[]): boolean {
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'));
  const folders = entries.some((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return files.length > (folders ? 0 : 1) && files.every(({ name }) => /\.npy$/i.test(name));
}

function isModelName(name: string): boolean {
  return READERS.some(({ extensions }) =>
    extensions.some((extension) => !COMMON_EXTENSIONS.has(extension) && name.endsWith(`.${extension}`)),
  );
}

/** Errors of the file system are the file's fault as far as the user is concerned; all else is passed on. */
export function asFormatError(error: unknown, file: string): unknown {
  if (error instanceof FormatError || error instanceof CancelledError) return error;
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  if (code === 'ENOENT') {
    return new FormatError({ file, reason: l10n.t('does not exist'), remedy: l10n.t('Check the path.') });
  }
  return new FormatError({
    file,
    reason: l10n.t('cannot be read ({0})', code),
    remedy: l10n.t('Check the disk and the permissions.'),
  });
}
