import type { Hdf5Content } from '../containers/hdf5/hdf5';
import { layersByGroup, snakeCase, type KerasLayer } from './keras-config';
import { hasKnownVariables, variableNames } from './keras-variables';

/** A dataset of a Keras file, named as Keras names the variable. */
export interface NamedVariable {
  /** Path of the dataset. */
  readonly path: string;
  /** `dense/kernel`. */
  readonly name: string;
  /** Names of the layer and of those that contain it, the outermost first. */
  readonly layer: readonly string[];
  readonly isOptimizer: boolean;
}

/** The parts of a file's content that names are made of. */
type Content = Pick<Hdf5Content, 'groups' | 'datasets'>;

/** Where Keras 1 and 2, and `model.save('….h5')` of Keras 3, put the weights of a whole model, and its optimizer's. */
const MODEL_WEIGHTS = 'model_weights';
const OPTIMIZER_WEIGHTS = 'optimizer_weights';

/** The group of a layer's own variables in files of Keras 3. */
const VARIABLES = 'vars';

/** Lists of layers in files of Keras 3; the second is of TensorFlow 2.13. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies', '_layers', 'cells'];

/** Which layout of Keras a file has; undefined if it is not one of Keras. */
export function kerasLayout({ groups, datasets }: Content): 'full' | 'weights' | 'v3' | undefined {
  if (hasList(groups.get(MODEL_WEIGHTS), 'layer_names')) return 'full';
  if (hasList(groups.get(''), 'layer_names')) return 'weights';
  const isV3 = datasets.some(({ path }) => /(?:^|\/)vars\/[^/]+$/.test(path));
  return isV3 && [...CONTAINERS, VARIABLES].some((name) => groups.has(name)) ? 'v3' : undefined;
}

function hasList(attributes: ReadonlyMap<string, unknown> | undefined, name: string): boolean {
  return attributes?.has(name) === true || attributes?.has(`${name}0`) === true;
}

/** A list of names, which Keras cuts into several attributes (`weight_names0`, …) where one would be too large. */
function list(attributes: ReadonlyMap<string, readonly string[]> | undefined, name: string): readonly string[] {
  const whole = attributes?.get(name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let part = 0; ; part++) {
    const names = attributes?.get(`${name}${part}`);
    if (names === undefined) return parts;
    for (const one of names) parts.push(one);
  }
}

/** The datasets of the older layout in the order of the layers, each with its weight's name; others keep their path. */
export function legacyNames({ groups, datasets }: Content, layout: 'full' | 'weights'): NamedVariable[] {
  const prefix = layout === 'full' ? `${MODEL_WEIGHTS}/` : '';
  const named: NamedVariable[] = [];
  const left = new Set(datasets.map(({ path }) => path));
  const add = (group: string, layer: string | undefined): void => {
    for (const weight of list(groups.get(group), 'weight_names')) {
      const path = `${group}/${weight}`;
      if (!left.delete(path)) continue;
      const name = withoutNumber(weight);
      const isOptimizer = layer === undefined;
      const chain = layer === undefined ? [] : layerChain(layer, name);
      named.push({ path, name: isOptimizer ? `${OPTIMIZER_WEIGHTS}/${name}` : name, layer: chain, isOptimizer });
    }
  };
  const layers = list(groups.get(layout === 'full' ? MODEL_WEIGHTS : ''), 'layer_names');
  for (const layer of new Set([...layers, 'top_level_model_weights'])) add(`${prefix}${layer}`, layer);
  if (layout === 'full') add(OPTIMIZER_WEIGHTS, undefined);
  for (const path of left) {
    named.push({ path, name: path, layer: [], isOptimizer: path.startsWith(`${OPTIMIZER_WEIGHTS}/`) });
  }
  return unique(named);
}

/** TensorFlow numbers the outputs of operations: `kernel:0`. */
function withoutNumber(weight: string): string {
  return weight.replace(/:0$/, '');
}

/** Names of the scopes that a weight is in, from its layer on. */
function layerChain(layer: string, weight: string): string[] {
  const scopes = weight.split('/').slice(0, -1);
  const start = scopes.indexOf(layer);
  return start === -1 ? [layer, ...scopes] : scopes.slice(start);
}

/**
 * The datasets of a file of Keras 3 (`layers/dense_1/vars/0`), named by the layers' names, which newer files have as an
 * attribute and older ones only in the configuration, and by the variables' names that their class implies.
 */
export function v3Names(content: Content, model: KerasLayer | undefined): NamedVariable[] {
  const { groups, datasets } = content;
  const hasNames = [...groups].some(([path, attributes]) => isVariables(path) && attributes.has('name'));
  const byGroup = new Map<string, { key: string; path: string; dtype: Hdf5Content['datasets'][number] }[]>();
  for (const dataset of datasets) {
    const { path } = dataset;
    const cut = path.lastIndexOf('/');
    const group = path.slice(0, Math.max(0, cut));
    const variables = byGroup.get(group) ?? [];
    variables.push({ key: path.slice(cut + 1), path, dtype: dataset });
    byGroup.set(group, variables);
  }
  const groupsOf = new Map<KerasLayer, ReadonlyMap<string, KerasLayer>>();
  const children = (layer: KerasLayer): ReadonlyMap<string, KerasLayer> => {
    let known = groupsOf.get(layer);
    if (known === undefined) groupsOf.set(layer, (known = layersByGroup(layer.layers ?? [])));
    return known;
  };
  const named: NamedVariable[] = [];
  for (const [group, variables] of byGroup) {
    variables.sort((a, b) => Number(a.key) - Number(b.key) || (a.key < b.key ? -1 : 1));
    const segments = group.split('/');
    const isOptimizer = segments[0] === 'optimizer';
    if (!isVariables(group) || isOptimizer) {
      for (const { path } of variables) named.push({ path, name: path, layer: [], isOptimizer });
      continue;
    }
    const { chain, layerClass, layer } = followLayers(segments.slice(0, -1), groups, model, hasNames, children);
    const names = variableNames(
      layerClass,
      layer?.config,
      variables.map(({ dtype }) => dtype.dataset.storage.dtype),
    );
    variables.forEach(({ key, path }, index) => {
      named.push({ path, name: [...chain, names?.[index] ?? key].join('/'), layer: chain, isOptimizer });
    });
  }
  return unique(named);
}

function isVariables(path: string): boolean {
  return path === VARIABLES || path.endsWith(`/${VARIABLES}`);
}

/** Follows the groups from the model to a layer: what the layers on the way are called, and what class the last one is of. */
function followLayers(
  segments: readonly string[],
  groups: Hdf5Content['groups'],
  model: KerasLayer | undefined,
  hasNames: boolean,
  children: (layer: KerasLayer) => ReadonlyMap<string, KerasLayer>,
): { chain: string[]; layerClass: string; layer: KerasLayer | undefined } {
  const chain: string[] = [];
  let layer = model;
  let layerClass = '';
  let path = '';
  let inContainer = false;
  for (const segment of segments) {
    path = path === '' ? segment : `${path}/${segment}`;
    const own = groups.get(`${path}/${VARIABLES}`);
    if (CONTAINERS.includes(segment) || (hasNames && own === undefined)) {
      inContainer = true;
      continue;
    }
    const parent = layer;
    layer = layer === undefined ? undefined : inContainer ? children(layer).get(segment) : attribute(layer, segment);
    inContainer = false;
    const [given] = own?.get('name') ?? [];
    const name =
      given ?? (layer === parent ? undefined : layer?.name) ?? ATTRIBUTES.get(withoutMark(segment)) ?? segment;
    const named = name === segment && segment === 'cell' ? `${layerClass}_cell` : name;
    chain.push(segment === BACKWARD && given === undefined ? named.replace(/^forward_/, 'backward_') : named);
    layerClass = layer === undefined ? guessClass(segment, name, layerClass) : snakeCase(layer.className);
  }
  return { chain, layerClass, layer };
}

const BACKWARD = 'backward_layer';

/** What Keras calls the layers that others keep in these attributes. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['query_dense', 'query'],
  ['key_dense', 'key'],
  ['value_dense', 'value'],
  ['output_dense', 'attention_output'],
]);

/** Keras 2 marks its own attributes as private. */
function withoutMark(segment: string): string {
  return segment.replace(/^_/, '');
}

/** The layer that a wrapper keeps in an attribute; Bidirectional has one twice, of which the configuration is kept once. */
function attribute(layer: KerasLayer, segment: string): KerasLayer | undefined {
  return ['layer', 'forward_layer', BACKWARD].includes(segment) ? layer.wrapped : undefined;
}

/** By the group's name, which is that of the class for layers in lists; layers in attributes have telling names. */
function guessClass(segment: string, name: string, parentClass: string): string {
  if (ATTRIBUTES.has(withoutMark(segment))) return 'einsum_dense';
  if (segment === 'cell') return `${parentClass}_cell`;
  const own = segment.replace(/_\d+$/, '');
  return hasKnownVariables(own) ? own : name.replace(/_\d+$/, '');
}

/** Names that occur more than once give way to the paths, which do not. */
function unique(named: readonly NamedVariable[]): NamedVariable[] {
  const counts = new Map<string, number>();
  for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1);
  const paths = new Set(named.map(({ path }) => path));
  return named.map((variable) => {
    const { name, path } = variable;
    const isClear = counts.get(name) === 1 && (name === path || !paths.has(name));
    return isClear ? variable : { ...variable, name: path };
  });
}
