import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { RandomAccessSource } from './source';

/** Why a file is not a model that can be read, and what to do. */
export interface Objection {
  readonly reason: string;
  readonly remedy: string;
}

/** What Prunability reads, for messages. */
export const READABLE_FORMATS = l10n.t(
  'safetensors, PyTorch (.pt, .pth, .bin, .ckpt), ONNX, GGUF, Keras and HDF5 (.keras, .h5), TensorFlow (SavedModel, .index, .pb), TensorFlow Lite, TensorFlow.js (model.json), NumPy (.npy, .npz), Flax and Orbax, PaddlePaddle (.pdparams), Core ML and MATLAB (.mat)',
);

const CONVERT = l10n.t('This version reads {0}: convert the model to one of these.', READABLE_FORMATS);
const DOWNLOAD = l10n.t('Download the file again; a model behind a login needs an access token.');

/** Archives and compressed files, by their first bytes (as Latin-1). */
const ARCHIVES: readonly (readonly [magic: string, name: string])[] = [
  ['\x1f\x8b', l10n.t('a gzip file')],
  ["7z\xbc\xaf'\x1c", l10n.t('a 7z archive')],
  ['\x28\xb5\x2f\xfd', l10n.t('a zstd file')],
  ['\xfd7zXZ\0', l10n.t('an xz file')],
  ['BZh', l10n.t('a bzip2 file')],
  ['Rar!\x1a\x07', l10n.t('a RAR archive')],
];

/** Error texts that model hubs send with a status that some download tools ignore. */
const DOWNLOAD_ERRORS =
  /^(Entry not found|Repository not found|Invalid (username|credentials)|Access to model |404: Not Found|Not Found\b)/;

/**
 * What a file is that is of no format we read, if its first bytes tell: a pointer instead of the file, a failed
 * download, an archive, or a model format of others.
 * @param head The first bytes, up to 4,096.
 */
export function recogniseUnreadable(head: Uint8Array, source: RandomAccessSource): Objection | undefined {
  if (source.size === 0) {
    return { reason: l10n.t('is empty'), remedy: l10n.t('Copy or download the file again.') };
  }
  const text = Buffer.from(head).toString('latin1');
  return (
    recognisePlaceholder(head) ??
    archive(text) ??
    partOfModel(source.path) ??
    foreignModel(text, source.path.toLowerCase())
  );
}

/** Files of a model that hold no weights, or weights without their names, by name: another file is to be opened. */
function partOfModel(file: string): Objection | undefined {
  const name = path.basename(file);
  const checkpoint = /^(.+)\.data-\d{5}-of-\d{5}$/.exec(name)?.[1];
  if (checkpoint !== undefined) {
    return {
      reason: l10n.t('holds the values of a TensorFlow checkpoint, but not their names and shapes'),
      remedy: l10n.t('Open {0} beside it.', `${checkpoint}.index`),
    };
  }
  if (/\.meta$/i.test(name)) {
    return {
      reason: l10n.t('holds the graph of a TensorFlow checkpoint, but not its weights'),
      remedy: l10n.t('Open {0} beside it.', name.replace(/\.meta$/i, '.index')),
    };
  }
  return undefined;
}

/** Whether something else stands in the place of a file: a pointer of Git LFS, or the page of a failed download. */
export function recognisePlaceholder(head: Uint8Array): Objection | undefined {
  const text = Buffer.from(head).toString('latin1');
  if (
    text.startsWith('version https://git-lfs.github.com/spec/') ||
    text.startsWith('version https://hawser.github.com/')
  ) {
    const size = /\nsize (\d+)/.exec(text)?.[1];
    return {
      reason:
        size === undefined
          ? l10n.t('is a Git LFS pointer, not the file itself')
          : l10n.t('is a Git LFS pointer, not the file itself, which has {0} bytes', size),
      remedy: l10n.t('Run `git lfs pull` in its repository.'),
    };
  }
  const start = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (/^<(!doctype|html|head|body|\?xml|error)/.test(start)) {
    return { reason: l10n.t('is a web page, not a model: the download has failed'), remedy: DOWNLOAD };
  }
  if (DOWNLOAD_ERRORS.test(text)) {
    return {
      reason: l10n.t('is the error message of a failed download ({0})', JSON.stringify(text.slice(0, 60))),
      remedy: DOWNLOAD,
    };
  }
  return undefined;
}

function archive(text: string): Objection | undefined {
  const known = ARCHIVES.find(([magic]) => text.startsWith(magic));
  // PyTorch before 0.1.10 wrote tar files; those are left to its reader, which knows what to say.
  const isTar = text.slice(257, 262) === 'ustar' && !/^(sys_info|pickle|tensors|storages)\0/.test(text);
  const name = known?.[1] ?? (isTar ? l10n.t('a tar archive') : undefined);
  if (name === undefined) return undefined;
  return { reason: l10n.t('is {0}', name), remedy: l10n.t('Unpack it, and open the model that is in it.') };
}

function foreignModel(text: string, file: string): Objection | undefined {
  const name = foreignByContent(text) ?? foreignByName(path.basename(file), text);
  if (name === undefined) return undefined;
  return { reason: l10n.t('is {0}, which this version does not read yet', name), remedy: CONVERT };
}

function foreignByContent(text: string): string | undefined {
  if (/^(lmgg|fmgg|tjgg|algg)/.test(text)) return l10n.t('an old GGML file');
  if (text.startsWith('ML\xefR')) return l10n.t('an MLIR module');
  return undefined;
}

/** Formats without a signature, by name. A zip file under such a name is left to the readers of zip files. */
function foreignByName(name: string, text: string): string | undefined {
  if (text.startsWith('PK\x03\x04')) return undefined;
  switch (path.extname(name)) {
    case '.mlir':
      return l10n.t('an MLIR module');
    case '.pbtxt':
      return l10n.t('a TensorFlow graph as text');
    default:
      return undefined;
  }
}
