import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../dtype';
import { FormatError } from '../errors';
import { unpickleAt } from '../containers/pickle-at';
import type { PersistentId, PickleValue } from '../containers/pickle-values';
import { parseStorage, type StorageRef } from './tensor-view';
import type { StorageBytes } from './tensor-storage';
import type { TorchContainer } from './pytorch-zip';
import type { RandomAccessSource } from '../source';

/** First of the pickles: LONG1 of ten bytes (`MAGIC_NUMBER` in `torch/serialization.py`). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const MAGIC_BYTES = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** PROTO, and the FRAME of protocol 4, come before it. */
const MAX_MAGIC_OFFSET = 16;

/** The only version of this format that was ever written. */
const PROTOCOL_VERSION = 1001;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Whether a file begins like those of `torch.save` before PyTorch 1.6. */
export function isTorchLegacy(head: Uint8Array): boolean {
  if (head[0] !== 0x80) return false;
  for (let start = 2; start <= MAX_MAGIC_OFFSET; start++) {
    if (MAGIC_BYTES.every((byte, index) => head[start + index] === byte)) return true;
  }
  return false;
}

/**
 * Opens the format of `torch.save` before PyTorch 1.6 (`_legacy_save` in `torch/serialization.py`): five pickles (magic
 * number, protocol version, system, object, keys of the storages), then each storage as its number of elements (int64)
 * and its elements. Always little-endian: PyTorch converts on other machines.
 * @throws {FormatError}
 */
export async function openTorchLegacy(source: RandomAccessSource, signal?: AbortSignal): Promise<TorchContainer> {
  const magic = await unpickleAt(source, 0, signal);
  if (magic.value !== MAGIC) throw damaged(source, 0, l10n.t('does not begin with the magic number of PyTorch'));
  const version = await unpickleAt(source, magic.end, signal);
  if (version.value !== PROTOCOL_VERSION) {
    throw damaged(source, magic.end, l10n.t('is of version {0}, not {1}', show(version.value), PROTOCOL_VERSION));
  }
  const system = await unpickleAt(source, version.end, signal);
  const object = await unpickleAt(source, system.end, signal);
  const keys = await unpickleAt(source, object.end, signal);
  const list = Array.isArray(keys.value) ? keys.value : [];
  const located = await locateStorages(source, keys.end, list, storageTypes(object.persistentIds), signal);
  return {
    label: l10n.t('PyTorch legacy'),
    pickle: object,
    storages: { bigEndian: false, get: (key) => located.get(key) },
    keys: located.keys(),
  };
}

/** One reference a root storage: all to the same are of one type. */
function storageTypes(persistentIds: readonly PersistentId[]): ReadonlyMap<string, StorageRef> {
  const types = new Map<string, StorageRef>();
  for (const id of persistentIds) {
    const storage = parseStorage(id);
    if (typeof storage === 'object' && !types.has(storage.key)) types.set(storage.key, storage);
  }
  return types;
}

async function locateStorages(
  source: RandomAccessSource,
  start: number,
  keys: readonly PickleValue[],
  types: ReadonlyMap<string, StorageRef>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, StorageBytes>> {
  const located = new Map<string, StorageBytes>();
  let position = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? types.get(key) : undefined;
    if (typeof key !== 'string' || storage === undefined) {
      throw damaged(source, position, l10n.t('has a storage {0} that nothing refers to', show(key)));
    }
    const header = await source.read(position, 8, signal);
    const count = Number(new DataView(header.buffer, header.byteOffset, 8).getBigInt64(0, true));
    const byteLength = count * BYTES_PER_ELEMENT[storage.dtype];
    const offset = position + 8;
    if (count < 0 || offset + byteLength > source.size) {
      throw damaged(source, position, l10n.t('has a storage of {0} elements, more than there are bytes left', count));
    }
    if (located.has(key)) throw damaged(source, position, l10n.t('has the storage "{0}" twice', key));
    located.set(key, { offset, storedLength: byteLength, byteLength, deflated: false });
    position = offset + byteLength;
  }
  return located;
}

function show(value: PickleValue): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 100))
    : typeof value === 'number'
      ? String(value)
      : '?';
}

function damaged(source: RandomAccessSource, offset: number, reason: string): FormatError {
  return new FormatError({ file: source.path, offset, reason, remedy: REMEDY });
}
