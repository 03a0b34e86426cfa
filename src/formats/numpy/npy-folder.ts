import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import { listFolder, readFolderFile, type FolderFile } from '../folder';
import { FolderSource, type RandomAccessSource } from '../source';
import { arrayEntry, arrayNotes } from './npy';
import {
  MAX_NPY_PREFIX_BYTES,
  npyPrefixBytes,
  readNpyHeader,
  UnreadableArrayError,
  type NpyHeader,
} from './npy-header';

/** Headers as NumPy writes them have 128 bytes. */
const USUAL_PREFIX_BYTES = 256;

/** A folder of npy files: each is a tensor, named by its path in the folder, without `.npy`. */
export const npyFolderReader: FormatReader = {
  id: 'npy-folder',
  extensions: [],
  matches(_head: Uint8Array, source: RandomAccessSource): boolean {
    return source instanceof FolderSource;
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const all = await listFolder(path.join(source.path, 'any'), signal);
    const files = all.filter(({ name }) => /\.npy$/i.test(name));
    const tensors: TensorEntry[] = [];
    const arrays: { name: string; header: NpyHeader; trailingBytes: number }[] = [];
    const unreadable: string[] = [];
    let objection: UnreadableArrayError | undefined;
    for (const [index, file] of files.entries()) {
      const name = file.name.replace(/\.npy$/i, '');
      try {
        const header = await readHeader(file, name, signal);
        const { headerBytes, dataBytes } = header;
        arrays.push({ name, header, trailingBytes: file.size - headerBytes - dataBytes });
        tensors.push(arrayEntry(name, header, { file: index, offset: headerBytes, length: dataBytes }));
      } catch (error) {
        if (!(error instanceof UnreadableArrayError)) throw error;
        objection ??= error;
        unreadable.push(name);
      }
    }
    if (tensors.length === 0 && objection !== undefined) throw objection;
    const notes: CheckpointNote[] = arrayNotes(arrays);
    if (objection !== undefined) {
      notes.push({
        code: 'skipped-arrays',
        message: l10n.t('{0} arrays are not analyzed; the first {1}.', unreadable.length, objection.detail.reason),
        tensors: unreadable,
      });
    }
    return {
      format: 'npy-folder',
      formatLabel: l10n.t('folder of {0} NumPy arrays', files.length),
      files: files.map(({ path: file, size }) => ({ path: file, size })),
      tensors,
      notes,
    };
  },
};

async function readHeader(file: FolderFile, name: string, signal: AbortSignal | undefined): Promise<NpyHeader> {
  let prefix = await readFolderFile(file, 0, Math.min(USUAL_PREFIX_BYTES, file.size), signal);
  const wanted = Math.min(npyPrefixBytes(prefix) ?? 0, MAX_NPY_PREFIX_BYTES, file.size);
  if (wanted > prefix.length) prefix = await readFolderFile(file, 0, wanted, signal);
  const header = readNpyHeader(prefix, file.path, name, 0);
  const end = header.headerBytes + header.dataBytes;
  if (end <= file.size) return header;
  throw new FormatError({
    file: file.path,
    offset: file.size,
    reason: l10n.t('is incomplete: its header promises {0} bytes, it has {1}', end, file.size),
    remedy: l10n.t('Copy or download the file again.'),
  });
}
