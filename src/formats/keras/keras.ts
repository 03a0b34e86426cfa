import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { findSuperblock, readHdf5 } from '../containers/hdf5/hdf5';
import { ZipArchive } from '../containers/zip';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import { archiveArchitecture, CONFIG, hdf5Architecture } from './keras-architecture';
import { assemble, wantsAttribute } from './keras-tensors';

const WEIGHTS = 'model.weights.h5';

const LABELS = {
  full: l10n.t('Keras HDF5'),
  weights: l10n.t('Keras HDF5, weights'),
  v3: l10n.t('Keras 3 weights'),
} as const;

/** HDF5 files: Keras' own are named and structured as Keras has them, of others every numeric dataset is a tensor. */
export const hdf5Reader: FormatReader = {
  id: 'hdf5',
  extensions: ['h5', 'hdf5', 'he5', 'hdf'],
  matches: (head) => findSuperblock(head) !== undefined,
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const content = await readHdf5(source, { signal, wants: wantsAttribute });
    const own = hdf5Architecture(content)?.config;
    const { layout, ...rest } = assemble(content, own ?? (await configBeside(context)), source.path);
    return {
      ...rest,
      formatLabel: layout === undefined ? l10n.t('HDF5') : LABELS[layout],
      files: [{ path: source.path, size: source.size }],
    };
  },
};

/** The configuration of an unpacked model, if there is one. Nothing but names depends on it. */
async function configBeside(context: OpenContext): Promise<string | undefined> {
  const { source, signal } = context;
  if (path.basename(source.path) !== WEIGHTS) return undefined;
  try {
    const config = await context.openSibling(CONFIG);
    if (config.size > MAX_HEADER_BYTES) return undefined;
    return Buffer.from(await config.read(0, config.size, signal)).toString('utf8');
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** A model as Keras 3 saves it: a zip file of its configuration and an HDF5 file of its weights. */
export const kerasArchiveReader: FormatReader = {
  id: 'keras',
  extensions: ['keras'],
  matches(head, source): boolean {
    const text = Buffer.from(head).toString('latin1');
    if (!text.startsWith('PK\x03\x04')) return false;
    const name = text.slice(30, 30 + (head[26] ?? 0) + 256 * (head[27] ?? 0));
    if (name === WEIGHTS) return true;
    // Other archives have files of such names, too.
    const isKeras = source.path.toLowerCase().endsWith('.keras') || /"keras_version"|"keras(?:\.|")/.test(text);
    return isKeras && /^(?:metadata|config)\.json$/.test(name);
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const zip = await ZipArchive.open(source, signal);
    const weights = zip.get(WEIGHTS);
    if (weights === undefined) {
      throw new FormatError({
        file: source.path,
        reason: l10n.t('is a zip file without {0}', WEIGHTS),
        remedy: l10n.t('Save the model again with model.save.'),
      });
    }
    if (weights.method !== 'stored') {
      throw new FormatError({
        file: source.path,
        offset: weights.headerOffset,
        reason: l10n.t('holds its weights compressed, unlike Keras writes them'),
        remedy: l10n.t('Unpack the archive, and open {0}.', WEIGHTS),
      });
    }
    const start = await zip.dataOffset(weights, signal);
    const range = { start, end: start + weights.compressedSize };
    const content = await readHdf5(source, { signal, range, wants: wantsAttribute });
    const architecture = await archiveArchitecture(zip, signal);
    const { tensors, topology, notes } = assemble(content, architecture?.config, source.path);
    return {
      format: 'keras',
      formatLabel: l10n.t('Keras 3'),
      files: [{ path: source.path, size: source.size }],
      tensors,
      ...(topology === undefined ? {} : { topology }),
      notes,
    };
  },
};
