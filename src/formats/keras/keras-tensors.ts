import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, TensorEntry } from '../checkpoint';
import type { Dataset, Hdf5Content } from '../containers/hdf5/hdf5';
import { FormatError } from '../errors';
import { listed } from '../name-list';
import { tensorRole } from '../roles';
import type { TensorStorage } from '../storage';
import { readModelConfig, type KerasLayer } from './keras-config';
import { kerasLayout, legacyNames, v3Names, type NamedVariable } from './keras-names';
import { kerasTopology } from './keras-topology';
import { variableRole } from './keras-variables';

/** Attributes that names and the network's structure come from. */
const WANTED = /^(?:name|(?:layer|weight)_names\d*|model_config|keras_version)$/;

export function wantsAttribute(name: string): boolean {
  return WANTED.test(name);
}

type Layout = ReturnType<typeof kerasLayout>;

/** What the files of a model hold together. */
export type Assembled = Pick<Checkpoint, 'format' | 'tensors' | 'notes' | 'topology'> & { readonly layout: Layout };

/**
 * Makes tensors of datasets.
 * @param config The configuration of the model, where there is one.
 * @param file For errors.
 * @throws {FormatError} if nothing of it can be read
 */
export function assemble(content: Hdf5Content, config: string | undefined, file: string): Assembled {
  const layout = kerasLayout(content);
  const model = config === undefined ? undefined : readModelConfig(config);
  const variables = nameVariables(content, layout, model);
  const datasets = new Map(content.datasets.map(({ path, dataset }) => [path, dataset]));
  const names = new Map<string, string>();
  const paths = new Map(variables.map(({ name, path }) => [name, path]));
  const tensors: TensorEntry[] = [];
  for (const { path, name, isOptimizer } of variables) {
    const dataset = datasets.get(path);
    if (dataset === undefined) continue;
    names.set(path, name);
    const scale = isOptimizer || layout === undefined ? undefined : datasets.get(paths.get(`${name}_scale`) ?? '');
    const { storage, storedAs } = stored(dataset, name, scale);
    const { shape, count } = dataset;
    const { dtype } = storage;
    const role = layout === undefined ? tensorRole(name, shape, dtype) : variableRole(name, shape, dtype);
    tensors.push({
      name,
      dtype,
      shape,
      count,
      role: isOptimizer ? 'optimizer' : role,
      storage,
      ...(storedAs === undefined ? {} : { storedAs }),
    });
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { path, original } of content.aliases) {
    const aliasOf = names.get(original);
    const tensor = aliasOf === undefined ? undefined : byName.get(aliasOf);
    if (aliasOf === undefined || tensor === undefined || byName.has(path)) continue;
    const alias = { ...tensor, name: path, aliasOf };
    byName.set(path, alias);
    tensors.push(alias);
  }
  const [firstRefused] = content.refused;
  if (tensors.length === 0 && firstRefused !== undefined) {
    throw new FormatError({ ...firstRefused.error.detail, file, tensor: firstRefused.path });
  }
  const topology = model === undefined ? undefined : kerasTopology(model, variables, datasets);
  return {
    layout,
    format: layout === undefined ? 'hdf5' : 'keras',
    tensors,
    ...(topology === undefined ? {} : { topology }),
    notes: notesOf(content, config !== undefined && model === undefined),
  };
}

/**
 * Weights that Keras has quantised to 8 bits stand for their codes divided by a scale: one for each column of a Dense
 * layer, one for each row of an Embedding. Other layers' scales are arranged in ways that only their equation tells.
 */
function stored(
  { shape, storage, filters }: Dataset,
  name: string,
  scale: Dataset | undefined,
): { storage: TensorStorage; storedAs?: string } {
  const filtered = filters.length === 0 ? '' : `, ${filters.join(', ')}`;
  const [rows = 0, columns = 0] = shape;
  const variable = name.slice(name.lastIndexOf('/') + 1);
  const axis = variable === 'kernel' ? 1 : variable === 'embeddings' ? 0 : undefined;
  if (
    axis === undefined ||
    scale?.storage.dtype !== 'float32' ||
    storage.dtype !== 'int8' ||
    shape.length !== 2 ||
    scale.shape.length !== 1 ||
    scale.count !== shape[axis]
  ) {
    return { storage, ...(filtered === '' ? {} : { storedAs: `${storage.dtype}${filtered}` }) };
  }
  const block = axis === 1 ? [rows, 1] : [1, columns];
  return {
    storage: {
      dtype: 'float32',
      extents: [],
      coding: { kind: 'scaled', codes: storage, shape, block, scales: scale.storage, inverse: true },
    },
    storedAs: axis === 1 ? l10n.t('int8, one scale a column') : l10n.t('int8, one scale a row'),
  };
}

function nameVariables(content: Hdf5Content, layout: Layout, model: KerasLayer | undefined): NamedVariable[] {
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
