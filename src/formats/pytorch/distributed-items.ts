import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { readRanges } from '../containers/read-ranges';
import { SliceSource } from '../containers/slice-source';
import { plainEntries } from '../containers/zip-ends';
import { unpickle } from '../containers/pickle';
import type { PickleValue } from '../containers/pickle-values';
import type { RandomAccessSource } from '../source';
import type { StorageBytes } from './tensor-storage';
import { openTorchZip } from './pytorch-zip';

/**
 * What is read of both ends of each item: `torch.save` of one tensor has its pickle (some 400 bytes), the byte order and
 * the header of its storage in the first 1,200 bytes, and its table of contents in the last 800.
 */
const END_BYTES = 2048;

/** Different pickles that are kept: a network has as many as its tensors have shapes. Under {@link END_BYTES} each. */
const MAX_KNOWN_PICKLES = 256;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Where in a file one item is that `torch.save` wrote. */
export interface ItemPlace {
  readonly offset: number;
  readonly length: number;
}

/** What `torch.save` wrote: an object, and where the bytes of its storages are in the file around it. */
export interface TorchItem {
  readonly value: PickleValue;
  readonly bigEndian: boolean;
  storage(key: string): StorageBytes | undefined;
}

/**
 * Opens many items in one file, with little more than one read each: the end of one is next to the beginning of the
 * next.
 * @throws {FormatError} if they overlap, lie outside the file, or are damaged
 */
export async function openItems(
  source: RandomAccessSource,
  file: number,
  places: readonly ItemPlace[],
  signal?: AbortSignal,
): Promise<TorchItem[]> {
  checkPlaces(source, places);
  const ranges = places.flatMap(({ offset, length }) => {
    const end = Math.min(END_BYTES, length);
    return [
      { offset, length: end },
      { offset: offset + length - end, length: end },
    ];
  });
  const ends = await readRanges(source, ranges, signal);
  const items: TorchItem[] = [];
  const known: KnownPickles = new Map();
  for (const [index, place] of places.entries()) {
    const head = ends[2 * index] ?? new Uint8Array(0);
    const tail = ends[2 * index + 1] ?? new Uint8Array(0);
    items.push(plainItem(source, file, place, head, tail, known) ?? (await wholeItem(source, file, place, signal)));
  }
  return items;
}

/** No item may be part of another: what is read is then bounded by the size of the file, whatever the metadata says. */
function checkPlaces(source: RandomAccessSource, places: readonly ItemPlace[]): void {
  let end = 0;
  for (const { offset, length } of [...places].sort((a, b) => a.offset - b.offset)) {
    if (offset + length > source.size) {
      throw new FormatError({
        file: source.path,
        offset: source.size,
        reason: l10n.t('ends before byte {0} that its header promises; it has {1} bytes', offset + length, source.size),
        remedy: REMEDY,
      });
    }
    if (offset < end) {
      throw new FormatError({
        file: source.path,
        offset,
        reason: l10n.t('has two chunks that overlap'),
        remedy: REMEDY,
      });
    }
    end = offset + length;
  }
}

/**
 * What the pickles of items hold, by their bytes: they name no offsets, so that tensors of one type and shape have the
 * same. Values are only read, so that items can share them.
 */
type KnownPickles = Map<string, PickleValue>;

/** An item that can be understood from its ends; undefined if more of it is needed. */
function plainItem(
  source: RandomAccessSource,
  file: number,
  { offset, length }: ItemPlace,
  head: Uint8Array,
  tail: Uint8Array,
  known: KnownPickles,
): TorchItem | undefined {
  const entries = plainEntries({ head, tail, size: length });
  const data = [...(entries?.values() ?? [])].find(({ name }) => name.endsWith('/data.pkl'));
  if (entries === undefined || data === undefined || data.offset + data.size > head.length) return undefined;
  const root = data.name.slice(0, -'data.pkl'.length);
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined && order.offset + order.size > head.length) return undefined;
  const bigEndian = order !== undefined && Buffer.from(slice(head, order)).toString('latin1') === 'big';
  const pickle = slice(head, data);
  const key = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.length).toString('latin1');
  const value = known.get(key) ?? unpickle(pickle, { file: source.path, fileOffset: offset + data.offset }).value;
  if (known.size < MAX_KNOWN_PICKLES) known.set(key, value);
  return {
    value,
    bigEndian,
    storage(key) {
      const entry = entries.get(`${root}data/${key}`);
      if (entry === undefined) return undefined;
      const { size } = entry;
      return { file, offset: offset + entry.offset, storedLength: size, byteLength: size, deflated: false };
    },
  };
}

function slice(bytes: Uint8Array, { offset, size }: { offset: number; size: number }): Uint8Array {
  return bytes.subarray(offset, offset + size);
}

async function wholeItem(
  source: RandomAccessSource,
  file: number,
  place: ItemPlace,
  signal: AbortSignal | undefined,
): Promise<TorchItem> {
  const slice = new SliceSource(source, place.offset, place.length);
  const { pickle, storages } = await openTorchZip(slice, signal);
  return {
    value: pickle.value,
    bigEndian: storages.bigEndian,
    storage(key) {
      const bytes = storages.get(key);
      return bytes === undefined ? undefined : { ...bytes, file, offset: place.offset + bytes.offset };
    },
  };
}
