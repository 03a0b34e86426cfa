import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import type { ByteExtent, TensorStorage } from '../storage';
import { FormatError } from '../errors';
import { fortranStrides, MAX_NPY_PREFIX_BYTES, npyPrefixBytes, readNpyHeader, type NpyHeader } from './npy-header';
import { tensorRole } from '../roles';

/** One array as `numpy.save` writes it; its tensor is named like the file, without `.npy`. */
export const npyReader: FormatReader = {
  id: 'npy',
  extensions: ['npy'],
  matches(head: Uint8Array): boolean {
    return npyPrefixBytes(head) !== undefined;
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const name = path.basename(source.path).replace(/\.npy$/i, '');
    const start = await source.read(0, Math.min(source.size, 12), signal);
    const wanted = Math.min(npyPrefixBytes(start) ?? start.length, MAX_NPY_PREFIX_BYTES, source.size);
    const header = readNpyHeader(await source.read(0, Math.max(wanted, start.length), signal), source.path, name, 0);
    const end = header.headerBytes + header.dataBytes;
    if (end > source.size) {
      throw new FormatError({
        file: source.path,
        offset: source.size,
        reason: l10n.t('is incomplete: its header promises {0} bytes, it has {1}', end, source.size),
        remedy: l10n.t('Copy or download the file again.'),
      });
    }
    const notes = arrayNotes([{ name, header, trailingBytes: source.size - end }]);
    const extent = { file: 0, offset: header.headerBytes, length: header.dataBytes };
    return {
      format: 'npy',
      formatLabel: l10n.t('NumPy array'),
      files: [{ path: source.path, size: source.size }],
      tensors: [arrayEntry(name, header, extent)],
      notes,
    };
  },
};

/** The tensor for an array whose values are at `extent`. */
export function arrayEntry(
  name: string,
  header: NpyHeader,
  extent: ByteExtent,
  deflate?: TensorStorage['deflate'],
): TensorEntry {
  const { dtype, shape, count, bigEndian, fortranOrder } = header;
  const strides = fortranOrder ? fortranStrides(shape, count) : undefined;
  const storage: TensorStorage = {
    dtype,
    extents: extent.length === 0 ? [] : [extent],
    ...(deflate === undefined ? {} : { deflate }),
    ...(bigEndian ? { bigEndian } : {}),
    ...(strides === undefined ? {} : { strides }),
  };
  return { name, dtype, shape, count, role: tensorRole(name, shape, dtype), storage };
}

/** What is to be said about arrays that were read all the same. */
export function arrayNotes(
  arrays: readonly { readonly name: string; readonly header: NpyHeader; readonly trailingBytes: number }[],
): CheckpointNote[] {
  const notes: CheckpointNote[] = [];
  const assumed = arrays.filter(({ header }) => header.assumedBfloat16).map(({ name }) => name);
  if (assumed.length > 0) {
    notes.push({
      code: 'assumed-bfloat16',
      message: l10n.t('NumPy wrote these arrays as two bytes an element without a type; they are read as bfloat16.'),
      tensors: assumed,
    });
  }
  const longer = arrays.filter(({ trailingBytes }) => trailingBytes > 0).map(({ name }) => name);
  if (longer.length > 0) {
    notes.push({
      code: 'trailing-bytes',
      message: l10n.t('These arrays are followed by more bytes than their shape needs, which are not read.'),
      tensors: longer,
    });
  }
  return notes;
}
