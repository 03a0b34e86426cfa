import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { findSuperblock, readHdf5, type Hdf5Content } from '../containers/hdf5/hdf5';
import { ZipArchive } from '../containers/zip';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import { listed } from '../name-list';
import { tensorRole } from '../roles';
import { readModelConfig, type KerasLayer } from './keras-config';
import { kerasLayout, legacyNames, v3Names, type NamedVariable } from './keras-names';
import { kerasTopology } from './keras-topology';
import { variableRole } from './keras-variables';

/** Entries of a `.keras` archive. */
const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';

const LABELS = {
  full: l10n.t('Keras HDF5'),
  weights: l10n.t('Keras HDF5, weights'),
  v3: l10n.t('Keras 3 weights'),
} as const;

/** Attributes that names and the network's structure come from. */
const WANTED = /^(?:name|(?:layer|weight)_names\d*|model_config)$/;

/** HDF5 files: Keras' own are named and structured as Keras has them, of others every numeric dataset is a tensor. */
export const hdf5Reader: FormatReader = {
  id: 'hdf5',
  extensions: ['h5', 'hdf5', 'he5', 'hdf'],
  matches: (head) => findSuperblock(head) !== undefined,
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const content = await readHdf5(source, { signal, wants: (name) => WANTED.test(name) });
    const layout = kerasLayout(content);
    const [config] = content.groups.get('')?.get('model_config') ?? [];
    return {
      ...assemble(content, layout, config, source.path),
      formatLabel: layout === undefined ? l10n.t('HDF5') : LABELS[layout],
      files: [{ path: source.path, size: source.size }],
    };
  },
};

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
    const content = await readHdf5(source, {
      signal,
      range: { start, end: start + weights.compressedSize },
      wants: (name) => WANTED.test(name),
    });
    const entry = zip.get(CONFIG);
    const config = entry === undefined ? undefined : await zip.read(entry, MAX_HEADER_BYTES, signal);
    return {
      ...assemble(content, kerasLayout(content), config && Buffer.from(config).toString('utf8'), source.path),
      format: 'keras',
      formatLabel: l10n.t('Keras 3'),
      files: [{ path: source.path, size: source.size }],
    };
  },
};

type Assembled = Pick<Checkpoint, 'format' | 'tensors' | 'notes' | 'topology'>;

/** Makes tensors of datasets. */
function assemble(
  content: Hdf5Content,
  layout: ReturnType<typeof kerasLayout>,
  config: string | undefined,
  file: string,
): Assembled {
  const model = config === undefined ? undefined : readModelConfig(config);
  const variables = nameVariables(content, layout, model);
  const datasets = new Map(content.datasets.map(({ path, dataset }) => [path, dataset]));
  const names = new Map<string, string>();
  const tensors: TensorEntry[] = [];
  for (const { path, name, isOptimizer } of variables) {
    const dataset = datasets.get(path);
    if (dataset === undefined) continue;
    const { shape, count, storage, filters } = dataset;
    const { dtype } = storage;
    names.set(path, name);
    const role = layout === undefined ? tensorRole(name, shape, dtype) : variableRole(name, shape, dtype);
    tensors.push({
      name,
      dtype,
      shape,
      count,
      role: isOptimizer ? 'optimizer' : role,
      storage,
      ...(filters.length === 0 ? {} : { storedAs: `${dtype}, ${filters.join(', ')}` }),
    });
  }
  for (const { path, original } of content.aliases) {
    const aliasOf = names.get(original);
    const tensor = tensors.find(({ name }) => name === aliasOf);
    if (aliasOf !== undefined && tensor !== undefined) tensors.push({ ...tensor, name: path, aliasOf });
  }
  const [firstRefused] = content.refused;
  if (tensors.length === 0 && firstRefused !== undefined) {
    throw new FormatError({ ...firstRefused.error.detail, file, tensor: firstRefused.path });
  }
  const topology = model === undefined ? undefined : kerasTopology(model, variables, datasets);
  return {
    format: layout === undefined ? 'hdf5' : 'keras',
    tensors,
    ...(topology === undefined ? {} : { topology }),
    notes: notesOf(content, config !== undefined && model === undefined),
  };
}

function nameVariables(
  content: Hdf5Content,
  layout: ReturnType<typeof kerasLayout>,
  model: KerasLayer | undefined,
): NamedVariable[] {
  switch (layout) {
    case 'full':
    case 'weights':
      return legacyNames(content, layout);
    case 'v3':
      return v3Names(content, model);
    default:
      return content.datasets.map(({ path }) => ({ path, name: path, layer: [], isOptimizer: false }));
  }
}

function notesOf(content: Hdf5Content, configUnreadable: boolean): CheckpointNote[] {
  const notes: CheckpointNote[] = [];
  const { refused, links } = content;
  const [first] = refused;
  if (first !== undefined) {
    const tensors = refused.map(({ path }) => path);
    notes.push({
      code: 'skipped-datasets',
      message: l10n.t('{0} datasets are not analyzed; the first {1}.', refused.length, first.error.detail.reason),
      tensors,
    });
  }
  if (links.length > 0) {
    const shown = listed(links.slice(0, 3), links.length);
    notes.push({ code: 'links', message: l10n.t('Links to other places or files are not followed: {0}.', shown) });
  }
  if (configUnreadable) {
    notes.push({ code: 'unreadable-config', message: l10n.t('The configuration of the model cannot be read.') });
  }
  return notes;
}
