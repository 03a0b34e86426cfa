import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';
import { BYTES_PER_ELEMENT, isFloatingPoint } from '../dtype';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES, MAX_TENSORS } from '../limits';
import { tensorRole } from '../roles';
import type { RandomAccessSource } from '../source';
import { SliceSource } from '../containers/slice-source';
import type { ZipArchive } from '../containers/zip';
import type { ZipEntry } from '../containers/zip-directory';
import { readPayloads, type Payload } from './exported-config';
import { importNote } from '../containers/pickle-imports';
import { unreadableNote } from './pytorch-notes';
import { nameTensors, RANK, type NamedTensor, type NamedTensors } from './pytorch-sections';
import { placeTensors } from './pytorch-views';
import { walkContext } from './pytorch-walk';
import { isBigEndian, openTorchZip } from './pytorch-zip';
import type { StorageBytes } from './tensor-storage';

/** Weights (`weights`) and tensors that the graph uses besides (`constants`), one config a model. */
const CONFIG = /(^|\/)data\/(weights|constants)\/([^/]+)_(?:weights|constants)_config\.json$/;

/** Until torch 2.8: what torch.save writes, within the archive; the first name is that of torch 2.1. */
const SAVED = /(^|\/)(?:serialized_(state_dict|constants)\.(?:json|pt)|data\/(weights|constants)\/([^/]+)\.pt)$/;

/** What an archive of `torch.export` holds. */
export interface ExportedTensors {
  readonly entries: readonly TensorEntry[];
  readonly notes: readonly CheckpointNote[];
}

/** Whether an archive is one of `torch.export.save`. */
export function isExported(zip: ZipArchive): boolean {
  return zip.entries.some(({ name }) => CONFIG.test(name) || SAVED.test(name));
}

/**
 * Reads the weights of a program of `torch.export` (`.pt2`): since torch 2.8 files of raw values with a JSON file that
 * describes them (`torch/export/pt2_archive/_package.py`), before that files of `torch.save` within the archive.
 * @throws {FormatError}
 */
export async function openExported(
  source: RandomAccessSource,
  zip: ZipArchive,
  signal?: AbortSignal,
): Promise<ExportedTensors> {
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({
      file: source.path,
      reason,
      tensor,
      remedy: l10n.t('The file is damaged or not written by PyTorch: check where it comes from, or save it again.'),
    });
  const parts: Part[] = [];
  for (const entry of zip.entries) {
    const config = CONFIG.exec(entry.name);
    const saved = SAVED.exec(entry.name);
    const use = config?.[2] ?? saved?.[2] ?? saved?.[3];
    if (use === undefined || entry.size === 0) continue;
    const part = { isConstant: use === 'constants', model: config?.[3] ?? saved?.[4] ?? '' };
    parts.push(
      config === null
        ? { ...part, ...(await readSaved(source, zip, entry, parts.length, fail, signal)) }
        : { ...part, ...(await readConfig(source, zip, entry, fail, signal)) },
    );
  }
  const models = new Set(parts.map(({ model }) => model));
  const named = parts.flatMap((part) => renamed(part, models.size > 1 ? `${part.model}.` : ''));
  const tensors = withoutRepeats(named).sort((a, b) => a.rank - b.rank);
  if (tensors.length > MAX_TENSORS) throw fail(l10n.t('has more than {0} tensors', MAX_TENSORS));
  const storages = new Map(parts.flatMap((part) => [...part.storages]));
  // One byte order an archive.
  const bigEndian = parts.some((part) => part.bigEndian);
  const placed = placeTensors(tensors, { bigEndian, get: (key) => storages.get(key) }, fail);
  const unreadable = unreadableNote({ unreadable: parts.flatMap((part) => part.unreadable) });
  const imports = parts.map(({ note }) => note);
  return {
    entries: placed.entries,
    notes: [...imports, ...placed.notes, unreadable].filter((note) => note !== undefined),
  };
}

/** The tensors of one file in the archive. Keys of storages are those of the whole archive. */
interface Part extends Pick<NamedTensors, 'tensors' | 'unreadable'> {
  readonly isConstant: boolean;
  readonly model: string;
  readonly bigEndian: boolean;
  readonly storages: ReadonlyMap<string, StorageBytes>;
  readonly note?: CheckpointNote | undefined;
}

function renamed({ tensors, isConstant }: Part, prefix: string): NamedTensor[] {
  return tensors.map((tensor) => {
    const name = `${prefix}${tensor.name}`;
    if (!isConstant) return { ...tensor, name };
    const role = isFloatingPoint(tensor.view.dtype) ? 'constant' : tensor.role;
    return { ...tensor, name, role, rank: RANK.other };
  });
}

/** Constants repeat the weights that the graph refers to. */
function withoutRepeats(tensors: readonly NamedTensor[]): NamedTensor[] {
  const names = new Set<string>();
  return tensors.filter(({ name }) => {
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

type Fail = (reason: string, tensor?: string) => FormatError;

async function readConfig(
  source: RandomAccessSource,
  zip: ZipArchive,
  config: ZipEntry,
  fail: Fail,
  signal: AbortSignal | undefined,
): Promise<Omit<Part, 'isConstant' | 'model'>> {
  const bytes = await zip.read(config, MAX_HEADER_BYTES, signal);
  const payloads = readPayloads(bytes, source.path);
  const folder = config.name.slice(0, config.name.lastIndexOf('/') + 1);
  const entryOf = ({ file }: Payload): ZipEntry | undefined => zip.get(`${folder}${file}`);
  const wanted = payloads.map(entryOf).filter((entry) => entry !== undefined);
  const offsets = await zip.dataOffsets(new Set(wanted), signal);
  const storages = new Map<string, StorageBytes>();
  for (const [entry, offset] of offsets) storages.set(entry.name, storageBytes(entry, offset));
  const tensors: NamedTensor[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  for (const payload of payloads) {
    const { name, reason, view } = payload;
    if (reason !== undefined) unreadable.push({ name, reason });
    if (view === undefined) continue;
    const entry = entryOf(payload);
    if (entry === undefined && view.count > 0) {
      throw fail(l10n.t('its values (storage "{0}") are not in the file', payload.file), name);
    }
    const count = Math.floor((entry?.size ?? 0) / BYTES_PER_ELEMENT[view.dtype]);
    const storage = { key: entry?.name ?? '', dtype: view.dtype, count, byteOffset: 0 };
    const role = tensorRole(name, view.shape, view.dtype);
    const isBuffer = !payload.isParameter && isFloatingPoint(view.dtype);
    tensors.push({ name, role: isBuffer ? 'buffer' : role, view: { ...view, storage }, rank: RANK.weights });
  }
  const root = folder.replace(/data\/(weights|constants)\/$/, '');
  return { tensors, unreadable, storages, bigEndian: await isBigEndian(source, zip, root, signal) };
}

function storageBytes({ compressedSize, size, method }: ZipEntry, offset: number): StorageBytes {
  return { offset, storedLength: compressedSize, byteLength: size, deflated: method === 'deflated' };
}

async function readSaved(
  source: RandomAccessSource,
  zip: ZipArchive,
  entry: ZipEntry,
  number: number,
  fail: Fail,
  signal: AbortSignal | undefined,
): Promise<Omit<Part, 'isConstant' | 'model'>> {
  if (entry.method !== 'stored') throw fail(l10n.t('its entry "{0}" is compressed, which is not read', entry.name));
  const start = await zip.dataOffset(entry, signal);
  const { pickle, storages, keys } = await openTorchZip(new SliceSource(source, start, entry.size), signal);
  const { tensors, unreadable } = nameTensors(pickle.value, walkContext(pickle.opcodes, fail));
  const found = new Map<string, StorageBytes>();
  // Keys are numbers that begin anew in each file.
  const keyed = tensors.map((tensor) => ({ ...tensor, view: withKeys(tensor.view, `${number}/`) }));
  for (const key of keys) {
    const bytes = storages.get(key);
    if (bytes !== undefined) found.set(`${number}/${key}`, { ...bytes, offset: start + bytes.offset });
  }
  const note = importNote(pickle.globals.keys());
  return { tensors: keyed, unreadable, storages: found, bigEndian: storages.bigEndian, note };
}

function withKeys(view: NamedTensor['view'], prefix: string): NamedTensor['view'] {
  const inner = (part: NamedTensor['view']): NamedTensor['view'] => withKeys(part, prefix);
  const { storage, channels, sparse } = view;
  return {
    ...view,
    storage: { ...storage, key: `${prefix}${storage.key}` },
    ...(channels === undefined
      ? {}
      : { channels: { ...channels, scales: inner(channels.scales), zeros: inner(channels.zeros) } }),
    ...(sparse === undefined ? {} : { sparse: mapSparse(sparse, inner) }),
  };
}

function mapSparse(
  sparse: NonNullable<NamedTensor['view']['sparse']>,
  inner: (part: NamedTensor['view']) => NamedTensor['view'],
): NonNullable<NamedTensor['view']['sparse']> {
  const [indices, values] = [inner(sparse.indices), inner(sparse.values)];
  return sparse.layout === 'coo'
    ? { ...sparse, indices, values }
    : { ...sparse, indices, values, pointers: inner(sparse.pointers) };
}
