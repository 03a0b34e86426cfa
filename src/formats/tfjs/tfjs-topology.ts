import * as l10n from '@vscode/l10n';
import type { JsonCursor } from '../containers/json-cursor';

/** Models within models: published ones nest two or three. */
const MAX_NESTED_MODELS = 16;

/** A node of a TensorFlow graph. */
export interface StoredNode {
  readonly name: string;
  readonly operator: string;
  /** Names of nodes; their output's number and control dependencies are left out. */
  readonly inputs: readonly string[];
  /** Whether the second factor of a product of matrices is stored transposed. */
  readonly transposed: boolean;
}

/** A layer of a Keras model, those of models within it included. */
export interface StoredLayer {
  readonly name: string;
  readonly operator: string;
  /** Names of the layers that it is applied to. */
  readonly inputs: readonly string[];
}

export type StoredTopology =
  | { readonly kind: 'graph'; readonly nodes: readonly StoredNode[] }
  | { readonly kind: 'layers'; readonly layers: readonly StoredLayer[] };

/** What messages call the parts of the topology. */
const TOPOLOGY = l10n.t('the model topology');
const NODE = l10n.t('a node');
const LAYER = l10n.t('a layer');

/**
 * Reads what stands under `modelTopology`: a TensorFlow GraphDef, or the configuration of a Keras model. What is not as
 * expected is passed over, as the weights do not depend on it.
 * @returns undefined if it is neither
 */
export function readTopology(json: JsonCursor): StoredTopology | undefined {
  if (json.peek() !== 'object') {
    json.skip();
    return undefined;
  }
  let nodes: StoredNode[] | undefined;
  const layers: StoredLayer[] = [];
  json.readObject(TOPOLOGY, (key) => {
    if (key === 'node' && json.peek() === 'array') nodes = readNodes(json);
    else if (key === 'model_config' && json.peek() === 'object') readModel(json, layers, 1);
    else if (key === 'config') readConfig(json, layers, 1);
    else json.skip();
  });
  if (nodes !== undefined) return { kind: 'graph', nodes };
  return layers.length > 0 ? { kind: 'layers', layers } : undefined;
}

function readNodes(json: JsonCursor): StoredNode[] {
  const nodes: StoredNode[] = [];
  json.readArray('"node"', () => {
    if (json.peek() !== 'object') {
      json.skip();
      return;
    }
    let name = '';
    let operator = '';
    let transposed = false;
    const inputs: string[] = [];
    json.readObject(NODE, (key) => {
      if (key === 'name') name = text(json) ?? '';
      else if (key === 'op') operator = text(json) ?? '';
      else if (key === 'input')
        each(json, () => {
          addInput(inputs, text(json));
        });
      else if (key === 'attr' && json.peek() === 'object') transposed = readTransposed(json);
      else json.skip();
    });
    if (name !== '' && operator !== '') nodes.push({ name, operator, inputs, transposed });
  });
  return nodes;
}

/** `^name` is a control dependency, `name:1` the second output of a node. */
function addInput(inputs: string[], input: string | undefined): void {
  if (input !== undefined && !input.startsWith('^')) inputs.push(input.replace(/:\d+$/, ''));
}

function readTransposed(json: JsonCursor): boolean {
  let transposed = false;
  json.readObject('"attr"', (key) => {
    if ((key !== 'transpose_b' && key !== 'adj_y') || json.peek() !== 'object') {
      json.skip();
      return;
    }
    json.readObject('"attr"', () => {
      if (json.peek() === 'boolean') transposed = json.readBoolean('"b"');
      else json.skip();
    });
  });
  return transposed;
}

function readModel(json: JsonCursor, layers: StoredLayer[], depth: number): void {
  json.readObject(TOPOLOGY, (key) => {
    if (key === 'config') readConfig(json, layers, depth);
    else json.skip();
  });
}

/** The configuration of a model: an object with its layers; in old files, of sequential models, just the layers. */
function readConfig(json: JsonCursor, layers: StoredLayer[], depth: number): void {
  if (json.peek() === 'array') {
    readLayers(json, layers, depth);
  } else if (json.peek() === 'object') {
    json.readObject(TOPOLOGY, (key) => {
      if (key === 'layers') readLayers(json, layers, depth);
      else json.skip();
    });
  } else {
    json.skip();
  }
}

function readLayers(json: JsonCursor, layers: StoredLayer[], depth: number): void {
  let previous: string | undefined;
  each(json, () => {
    if (json.peek() !== 'object') {
      json.skip();
      return;
    }
    let name = '';
    let operator = '';
    const inbound: string[] = [];
    const connections: string[][] = [];
    const inner: StoredLayer[] = [];
    json.readObject(LAYER, (key) => {
      if (key === 'name') name = text(json) ?? name;
      else if (key === 'class_name') operator = text(json) ?? '';
      else if (key === 'config') name = readLayerConfig(json, inner, depth) ?? name;
      else if (key === 'inbound_nodes') {
        connections.push(inbound);
        readInbound(json, inbound, 0);
      } else json.skip();
    });
    layers.push(...inner);
    if (name === '' || operator === '') return;
    // The layers of a sequential model follow one another, and say nothing of it.
    const inputs = connections.length > 0 || previous === undefined ? inbound : [previous];
    layers.push({ name, operator, inputs: [...new Set(inputs)] });
    previous = name;
  });
}

/** @returns the name that the configuration has; layers of sequential models have it there alone */
function readLayerConfig(json: JsonCursor, layers: StoredLayer[], depth: number): string | undefined {
  let name: string | undefined;
  if (json.peek() !== 'object') {
    json.skip();
    return undefined;
  }
  json.readObject(LAYER, (key) => {
    if (key === 'name') name = text(json);
    else if (key === 'layers' && depth < MAX_NESTED_MODELS) readLayers(json, layers, depth + 1);
    // The layer that a wrapper (TimeDistributed, Bidirectional) applies has its weights under the wrapper's name.
    else json.skip();
  });
  return name;
}

/**
 * Names of layers in whatever holds them: `["name", 0, 0, {}]` in Keras 2, `"keras_history": ["name", 0, 0]` in Keras 3,
 * both within lists and objects.
 */
function readInbound(json: JsonCursor, names: string[], depth: number): void {
  if (depth > MAX_NESTED_MODELS) {
    json.skip();
  } else if (json.peek() === 'array') {
    const first: string[] = [];
    json.readArray('"inbound_nodes"', (index) => {
      if (index === 0 && json.peek() === 'string') first.push(json.readString(TOPOLOGY));
      else if (index === 1 && json.peek() === 'number') {
        names.push(...first);
        json.skip();
      } else readInbound(json, names, depth + 1);
    });
  } else if (json.peek() === 'object') {
    json.readObject('"inbound_nodes"', () => {
      readInbound(json, names, depth + 1);
    });
  } else {
    json.skip();
  }
}

function each(json: JsonCursor, visit: () => void): void {
  if (json.peek() === 'array') json.readArray(TOPOLOGY, visit);
  else json.skip();
}

function text(json: JsonCursor): string | undefined {
  if (json.peek() === 'string') return json.readString(TOPOLOGY);
  json.skip();
  return undefined;
}
