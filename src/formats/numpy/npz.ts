import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import type { ByteExtent } from '../storage';
import { FormatError } from '../errors';
import { MAX_TENSORS } from '../limits';
import { arrayEntry, arrayNotes } from './npy';
import {
  MAX_NPY_PREFIX_BYTES,
  npyPrefixBytes,
  readNpyHeader,
  UnreadableArrayError,
  type NpyHeader,
} from './npy-header';
import type { RandomAccessSource } from '../source';
import { ZipArchive, type EntryHead } from '../containers/zip';
import type { ZipEntry } from '../containers/zip-directory';

/** NumPy pads headers to multiples of 64; those of plain arrays have 128 bytes. */
const USUAL_PREFIX_BYTES = 128;

/** Entries whose first bytes are read together; of small arrays, up to 4 MB that lie between come with them. */
const HEADS_AT_A_TIME = 1000;

/** Arrays as `numpy.savez` and `numpy.savez_compressed` write them: a zip file of npy files. */
export const npzReader: FormatReader = {
  id: 'npz',
  extensions: ['npz'],
  matches(head: Uint8Array): boolean {
    const text = Buffer.from(head).toString('latin1');
    if (!text.startsWith('PK\x03\x04') || head.length < 30) return false;
    const nameLength = (head[26] ?? 0) + 256 * (head[27] ?? 0);
    return text.slice(30, 30 + nameLength).endsWith('.npy');
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const zip = await ZipArchive.open(source, signal);
    const arrays: { name: string; header: NpyHeader; trailingBytes: number }[] = [];
    const tensors: TensorEntry[] = [];
    const unreadable: string[] = [];
    let objection: UnreadableArrayError | undefined;
    const others: string[] = [];
    let heads: ReadonlyMap<ZipEntry, EntryHead> = new Map();
    for (const [index, entry] of zip.entries.entries()) {
      if (index % HEADS_AT_A_TIME === 0) {
        const next = zip.entries.slice(index, index + HEADS_AT_A_TIME).filter(({ name }) => name.endsWith('.npy'));
        heads = await zip.readHeads(next, USUAL_PREFIX_BYTES, signal);
      }
      if (!entry.name.endsWith('.npy')) {
        if (!entry.name.endsWith('/')) others.push(entry.name);
        continue;
      }
      if (tensors.length >= MAX_TENSORS) throw tooMany(source.path);
      const name = entry.name.slice(0, -'.npy'.length);
      try {
        const { header, extent } = await readEntry(zip, entry, heads.get(entry), name, source, signal);
        const { headerBytes, dataBytes } = header;
        const deflate = entry.method === 'deflated' ? { skip: headerBytes, inflatedBytes: entry.size } : undefined;
        arrays.push({ name, header, trailingBytes: entry.size - headerBytes - dataBytes });
        tensors.push(arrayEntry(name, header, extent, deflate));
      } catch (error) {
        // The other arrays of the file are none the worse for it.
        if (!(error instanceof UnreadableArrayError)) throw error;
        objection ??= error;
        unreadable.push(name);
      }
    }
    if (tensors.length === 0 && objection !== undefined) throw objection;
    return {
      format: 'npz',
      formatLabel: tensors.some(({ storage }) => storage.deflate !== undefined)
        ? l10n.t('NumPy npz, compressed')
        : l10n.t('NumPy npz'),
      files: [{ path: source.path, size: source.size }],
      tensors,
      notes: [...arrayNotes(arrays), ...skippedNotes(unreadable, objection, others)],
    };
  },
};

async function readEntry(
  zip: ZipArchive,
  entry: ZipEntry,
  head: EntryHead | undefined,
  name: string,
  source: RandomAccessSource,
  signal: AbortSignal | undefined,
): Promise<{ header: NpyHeader; extent: ByteExtent }> {
  let prefix = await zip.readStart(entry, USUAL_PREFIX_BYTES, signal, head);
  const wanted = Math.min(npyPrefixBytes(prefix) ?? 0, MAX_NPY_PREFIX_BYTES);
  if (wanted > prefix.length) prefix = await zip.readStart(entry, wanted, signal, head);
  const offset = await zip.dataOffset(entry, signal, head);
  const stored = entry.method === 'stored';
  const header = readNpyHeader(prefix, source.path, name, stored ? offset : undefined);
  const { headerBytes, dataBytes } = header;
  if (headerBytes + dataBytes > entry.size) {
    throw new FormatError({
      file: source.path,
      tensor: name,
      offset,
      reason: l10n.t(
        'is incomplete: its header promises {0} bytes, its entry has {1}',
        headerBytes + dataBytes,
        entry.size,
      ),
      remedy: l10n.t('Copy the file again, or save it again with numpy.savez.'),
    });
  }
  const extent = stored
    ? { file: 0, offset: offset + headerBytes, length: dataBytes }
    : { file: 0, offset, length: entry.compressedSize };
  return { header, extent };
}

function skippedNotes(
  unreadable: readonly string[],
  objection: UnreadableArrayError | undefined,
  others: readonly string[],
): CheckpointNote[] {
  const notes: CheckpointNote[] = [];
  if (objection !== undefined) {
    notes.push({
      code: 'skipped-arrays',
      message: l10n.t('{0} arrays are not analyzed; the first {1}.', unreadable.length, objection.detail.reason),
      tensors: unreadable,
    });
  }
  if (others.length > 0) {
    notes.push({
      code: 'other-entries',
      message: l10n.t(
        'The archive holds {0} files that are no arrays, e.g. {1}.',
        others.length,
        JSON.stringify(others[0]),
      ),
    });
  }
  return notes;
}

function tooMany(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('holds more than {0} arrays', MAX_TENSORS),
    remedy: l10n.t('Check where the file comes from.'),
  });
}
