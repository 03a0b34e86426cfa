import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { readZarrArrays } from '../containers/zarr-arrays';
import { zarrFolder } from '../containers/zarr-folder';
import { listFolder } from '../folder';
import { tensorRole } from '../roles';
import type { RandomAccessSource } from '../source';

/** What the metadata of a zarr hierarchy is called; any of them opens the folder that it is in. */
const METADATA = ['.zarray', '.zgroup', '.zmetadata', '.zattrs', 'zarr.json'];

/** A folder of zarr version 2 or 3: an array, or groups of arrays. */
export const zarrReader: FormatReader = {
  id: 'zarr',
  extensions: [],
  matches(head: Uint8Array, { path: file }: RandomAccessSource): boolean {
    return METADATA.includes(path.basename(file)) && head.includes(0x7b);
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const files = await listFolder(source.path, signal);
    const { arrays, notes } = await readZarrArrays(zarrFolder(source.path, files, '', signal), signal);
    const root = path.basename(path.dirname(source.path)).replace(/\.zarr$/, '');
    return {
      format: 'zarr',
      formatLabel: l10n.t('zarr folder'),
      files: files.map(({ path: file, size }) => ({ path: file, size })),
      tensors: [...arrays].map(([key, array]) => {
        const name = key === '' ? root : key;
        return { name, role: tensorRole(name, array.shape, array.dtype), ...array };
      }),
      notes,
    };
  },
};
