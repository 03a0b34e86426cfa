import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { FormatError } from '../errors';
import { MAX_DIMENSIONS, MAX_TENSORS } from '../limits';
import { unpickleAt } from '../containers/pickle-at';
import { SliceSource } from '../containers/slice-source';
import { PickleGlobal, type PersistentId, type PickleValue } from '../containers/pickle-values';
import type { RandomAccessSource } from '../source';
import { storageDType } from './pytorch-dtypes';
import { isIndex } from './pytorch-objects';
import type { TorchContainer } from './pytorch-zip';
import type { StorageBytes } from './tensor-storage';
import { strided, type Rebuilt } from './tensor-view';

/** Blocks of a tar archive (POSIX.1-1988, "ustar"). */
const BLOCK = 512;

/** The archive has four members; those of others (names of owners, long names) are passed over. */
const MAX_MEMBERS = 64;

/** The pickles of keys take some 100 bytes each. */
const SMALL_READ = 256;

const MEMBERS = ['storages', 'tensors', 'pickle'] as const;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Whether a file begins like those of `torch.save` before PyTorch 0.1.10: a tar archive with these members. */
export function isTorchTar(head: Uint8Array): boolean {
  const name = text(head, 0, 20).replace(/^\.\//, '');
  return text(head, 257, 5) === 'ustar' && ['sys_info', ...MEMBERS].includes(name);
}

/**
 * Opens the format of `torch.save` before PyTorch 0.1.10 (`_legacy_load` in `torch/serialization.py`): a tar archive with
 * the members `storages` (pickles of key and type, each with its number of elements and its elements behind it; then
 * which storages are views of others), `tensors` (pickles of key, storage and type, each with shape, strides and offset
 * behind it) and `pickle`, the object, which refers to tensors by their keys.
 * @throws {FormatError}
 */
export async function openTorchTar(source: RandomAccessSource, signal?: AbortSignal): Promise<TorchContainer> {
  const members = await readMembers(source, signal);
  const storages = await readStorages(members.storages, signal);
  const tensors = await readTensors(members.tensors, storages, signal);
  const pickle = await unpickleAt(members.pickle, 0, signal);
  const located = storages.bytes;
  return {
    label: l10n.t('PyTorch tar'),
    pickle,
    tensors: referencedTensors(pickle.persistentIds, tensors),
    storages: { bigEndian: false, get: (key) => located.get(key) },
    keys: located.keys(),
  };
}

type Members = Readonly<Record<(typeof MEMBERS)[number], SliceSource>>;

async function readMembers(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<Members> {
  const found = new Map<string, SliceSource>();
  let at = 0;
  for (let count = 0; count < MAX_MEMBERS && at + BLOCK <= source.size; count++) {
    const header = await source.read(at, BLOCK, signal);
    // Two blocks of zeros end the archive.
    if (header.every((byte) => byte === 0)) break;
    const name = text(header, 0, 100).replace(/^\.\//, '');
    const digits = text(header, 124, 12).trim();
    if (!/^[0-7]+$/.test(digits)) throw damaged(source, at, l10n.t('has a member of a malformed size'));
    const size = parseInt(digits, 8);
    const isFile = header[156] === 0 || header[156] === 0x30;
    if (isFile && !found.has(name)) found.set(name, new SliceSource(source, at + BLOCK, size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  const [storages, tensors, pickle] = MEMBERS.map((name) => found.get(name));
  if (storages === undefined || tensors === undefined || pickle === undefined) {
    const missing = MEMBERS.filter((name) => !found.has(name)).join(', ');
    throw damaged(source, source.size, l10n.t('lacks the members {0} of its tar archive', missing));
  }
  return { storages, tensors, pickle };
}

interface OldStorage {
  readonly dtype: DType;
  readonly count: number;
  /** The storage whose bytes it is, and where in it. */
  readonly root: string;
  readonly byteOffset: number;
}

interface OldStorages {
  /** By key; of unknown types without. */
  readonly byKey: ReadonlyMap<string, OldStorage>;
  readonly bytes: ReadonlyMap<string, StorageBytes>;
}

async function readStorages(source: SliceSource, signal: AbortSignal | undefined): Promise<OldStorages> {
  const byKey = new Map<string, OldStorage>();
  const bytes = new Map<string, StorageBytes>();
  const first = await unpickleAt(source, 0, signal, SMALL_READ);
  const count = checkCount(source, first.value);
  let at = first.end;
  for (let index = 0; index < count; index++) {
    const { value, end } = await unpickleAt(source, at, signal, SMALL_READ);
    const [key, , type] = Array.isArray(value) ? value : [];
    const dtype = type instanceof PickleGlobal ? storageDType(type.qualifiedName) : undefined;
    if (dtype === undefined) throw damaged(source, at, l10n.t('has a storage of an unknown type'));
    const elements = integer(await source.read(end, 8, signal), 0);
    const length = elements * BYTES_PER_ELEMENT[dtype];
    if (elements < 0 || end + 8 + length > source.size) {
      throw damaged(source, end, l10n.t('has a storage of {0} elements, more than there are bytes left', elements));
    }
    const name = keyText(key);
    if (byKey.has(name)) throw damaged(source, at, l10n.t('has the storage "{0}" twice', name));
    byKey.set(name, { dtype, count: elements, root: name, byteOffset: 0 });
    bytes.set(name, { offset: source.start + end + 8, storedLength: length, byteLength: length, deflated: false });
    at = end + 8 + length;
  }
  const { value: views } = await unpickleAt(source, at, signal);
  for (const view of Array.isArray(views) ? views : []) {
    const [target, root, offset, elements] = Array.isArray(view) ? view : [];
    const whole = byKey.get(keyText(root));
    if (whole === undefined || !isIndex(offset) || !isIndex(elements)) {
      throw damaged(source, at, l10n.t('has a malformed view of a storage'));
    }
    const byteOffset = whole.byteOffset + offset * BYTES_PER_ELEMENT[whole.dtype];
    byKey.set(keyText(target), { ...whole, count: elements, byteOffset });
  }
  return { byKey, bytes };
}

async function readTensors(
  source: SliceSource,
  storages: OldStorages,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Rebuilt>> {
  const tensors = new Map<string, Rebuilt>();
  const first = await unpickleAt(source, 0, signal, SMALL_READ);
  const count = checkCount(source, first.value);
  let at = first.end;
  for (let index = 0; index < count; index++) {
    const { value, end } = await unpickleAt(source, at, signal, SMALL_READ);
    const [key, storageKey] = Array.isArray(value) ? value : [];
    const storage = storages.byKey.get(keyText(storageKey));
    if (storage === undefined) throw damaged(source, at, l10n.t('has a tensor without a storage'));
    const head = await source.read(end, 8, signal);
    // What follows the number of dimensions is left over from writing it as eight bytes.
    const dimensions = new DataView(head.buffer, head.byteOffset, 4).getInt32(0, true);
    if (dimensions < 0 || dimensions > MAX_DIMENSIONS) {
      throw damaged(source, end, l10n.t('has a tensor of {0} dimensions', dimensions));
    }
    const numbers = await source.read(end + 8, 16 * dimensions + 8, signal);
    const shape = Array.from({ length: dimensions }, (_, dimension) => integer(numbers, 8 * dimension));
    const strides = shape.map((_, dimension) => integer(numbers, 8 * (dimensions + dimension)));
    const { dtype, root, byteOffset } = storage;
    const reference = { key: root, dtype, count: storage.count, byteOffset };
    const arguments_ = [null, integer(numbers, 16 * dimensions), shape, strides];
    tensors.set(keyText(key), strided(reference, dtype, arguments_));
    at = end + 8 + numbers.length;
  }
  return tensors;
}

/** What the object refers to by the keys of tensors, which are numbers, as text in files of Python 2. */
function referencedTensors(
  persistentIds: readonly PersistentId[],
  tensors: ReadonlyMap<string, Rebuilt>,
): ReadonlyMap<PersistentId, Rebuilt> {
  const found = new Map<PersistentId, Rebuilt>();
  for (const reference of persistentIds) {
    const tensor = tensors.get(keyText(reference.id));
    if (tensor !== undefined) found.set(reference, tensor);
  }
  return found;
}

function checkCount(source: SliceSource, value: PickleValue): number {
  if (isIndex(value) && value <= MAX_TENSORS) return value;
  throw damaged(source, 0, l10n.t('has a malformed number of tensors, or more than {0}', MAX_TENSORS));
}

/** Keys are addresses, which may be beyond 2^53. */
function keyText(key: PickleValue | undefined): string {
  return typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' ? String(key) : '';
}

function integer(bytes: Uint8Array, at: number): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(at, true));
}

/** Up to the first NUL. */
function text(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length))
    .toString('latin1')
    .replace(/\0[\s\S]*$/, '');
}

function damaged(source: RandomAccessSource, offset: number, reason: string): FormatError {
  const start = source instanceof SliceSource ? source.start : 0;
  return new FormatError({ file: source.path, offset: start + offset, reason, remedy: REMEDY });
}
