import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import { unpickle, type Unpickled } from '../containers/pickle';
import type { PersistentId } from '../containers/pickle-values';
import type { StorageBytes, TensorStorages } from './tensor-storage';
import { parseStorage, type Rebuilt } from './tensor-view';
import type { RandomAccessSource } from '../source';
import { ZipArchive } from '../containers/zip';
import type { ZipEntry } from '../containers/zip-directory';

/** The record is `little` or `big`. */
const MAX_BYTEORDER_BYTES = 16;

/** Weights compress to a half at best and PyTorch never deflates them; what claims this much is a bomb. */
const MAX_STORAGE_RATIO = 200;
const BOMB_BYTES = 64 * 1024 * 1024;

/** A PyTorch file, opened: its objects, and where the bytes of its tensors are. */
export interface TorchContainer {
  readonly label: string;
  readonly pickle: Unpickled;
  readonly storages: TensorStorages;
  /** Keys of all storages. */
  readonly keys: Iterable<string>;
  /** Tensors that the pickle refers to as objects outside. */
  readonly tensors?: ReadonlyMap<PersistentId, Rebuilt>;
}

/**
 * Opens the format of `torch.save` since PyTorch 1.6: a zip archive with `NAME/data.pkl`, and the storages as
 * `NAME/data/KEY` (`caffe2/serialize/inline_container.h`). TorchScript archives are laid out alike.
 * @throws {FormatError}
 */
export async function openTorchZip(
  source: RandomAccessSource,
  signal?: AbortSignal,
  opened?: ZipArchive,
): Promise<TorchContainer> {
  const zip = opened ?? (await ZipArchive.open(source, signal));
  const data = zip.entries.find(({ name }) => /(^|\/)data\.pkl$/.test(name));
  if (data === undefined) throw noPickle(source, zip);
  const root = data.name.slice(0, -'data.pkl'.length);
  const bytes = await zip.read(data, MAX_HEADER_BYTES, signal);
  const fileOffset = data.method === 'stored' ? await zip.dataOffset(data, signal) : undefined;
  const pickle = unpickle(bytes, { file: source.path, fileOffset });
  const isScript = zip.entries.some(({ name }) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`));
  const located = await locateStorages(source, zip, root, pickle.persistentIds, signal);
  return {
    label: isScript ? 'TorchScript' : l10n.t('PyTorch zip'),
    pickle,
    storages: {
      bigEndian: await isBigEndian(source, zip, root, signal),
      get: (key) => located.get(key),
    },
    keys: located.keys(),
  };
}

/** What the record `byteorder` says; little-endian without it. */
export async function isBigEndian(
  source: RandomAccessSource,
  zip: ZipArchive,
  root: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const entry = zip.get(`${root}byteorder`);
  if (entry === undefined) return false;
  const order = new TextDecoder().decode(await zip.read(entry, MAX_BYTEORDER_BYTES, signal)).trim();
  if (order === 'little' || order === 'big') return order === 'big';
  throw new FormatError({
    file: source.path,
    offset: entry.headerOffset,
    reason: l10n.t('its byte order is {0}, neither little nor big', JSON.stringify(order)),
    remedy: l10n.t('The file is damaged: copy or download it again.'),
  });
}

async function locateStorages(
  source: RandomAccessSource,
  zip: ZipArchive,
  root: string,
  persistentIds: readonly PersistentId[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, StorageBytes>> {
  const wanted = new Map<string, ZipEntry>();
  for (const id of persistentIds) {
    const storage = parseStorage(id);
    const entry = typeof storage === 'object' ? zip.get(`${root}data/${storage.key}`) : undefined;
    if (typeof storage === 'object' && entry !== undefined) wanted.set(storage.key, entry);
  }
  const offsets = await zip.dataOffsets(new Set(wanted.values()), signal);
  const located = new Map<string, StorageBytes>();
  for (const [key, entry] of wanted) {
    const offset = offsets.get(entry);
    if (offset === undefined) continue;
    if (entry.size > BOMB_BYTES && entry.size > MAX_STORAGE_RATIO * entry.compressedSize) throw bomb(source, entry);
    const { compressedSize: storedLength, size: byteLength, method } = entry;
    located.set(key, { offset, storedLength, byteLength, deflated: method === 'deflated' });
  }
  return located;
}

function bomb(source: RandomAccessSource, { name, headerOffset, size, compressedSize }: ZipEntry): FormatError {
  return new FormatError({
    file: source.path,
    offset: headerOffset,
    reason: l10n.t('its entry "{0}" would inflate from {1} to {2} bytes', name, compressedSize, size),
    remedy: l10n.t('No model compresses so well: check where the file comes from.'),
  });
}

function noPickle(source: RandomAccessSource, zip: ZipArchive): FormatError {
  const has = (name: string): boolean => zip.entries.some((entry) => entry.name.endsWith(name));
  let what = l10n.t('has no data.pkl, so that it is no model saved by PyTorch');
  let remedy = l10n.t('Choose a file written by torch.save, or rename it if it is of another format.');
  if (has('model.weights.h5')) [what, remedy] = [l10n.t('is a Keras model'), l10n.t('Rename it to end in .keras.')];
  else if (has('.npy')) [what, remedy] = [l10n.t('is a NumPy archive'), l10n.t('Rename it to end in .npz.')];
  else if (zip.entries.some(({ name }) => /\.(pt|pth|bin|ckpt|safetensors)$/.test(name))) {
    what = l10n.t('is an archive with models in it');
    remedy = l10n.t('Unpack it, and open the model within.');
  }
  return new FormatError({ file: source.path, reason: what, remedy });
}
