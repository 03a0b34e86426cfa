import * as l10n from '@vscode/l10n';
import { FormatError } from '../../formats/errors';
import type { KerasLayer } from '../../formats/keras/keras-config';
import type { GraphNode, Topology } from '../../formats/topology';
import { buildLayer } from './layer-kinds';
import type { Layer, Shape } from './layer';
import { cannotRun, MASKS_PADDING } from './layer-settings';

/** One call of a layer. */
export interface LayerCall {
  /** Path of the layer: the calls of a layer share its variables. */
  readonly path: string;
  readonly className: string;
  readonly layer: Layer;
  /** Numbers of the values it takes: 0 is the network's input, call n makes value n + 1. */
  readonly inputs: readonly number[];
  /** Tensors of the checkpoint that belong to the layer. */
  readonly tensors: readonly string[];
  readonly channelsFirst: boolean;
}

/** The calls of a network's layers in the order in which they are made. */
export interface LayerSequence {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly calls: readonly LayerCall[];
  /** Number of the value that the network gives. */
  readonly output: number;
}

/** What a network is made from. */
export interface LayerModel {
  readonly model: KerasLayer;
  /** Its graph, models within it dissolved. */
  readonly topology: Topology;
  /** First number of the version of Keras whose rules apply. */
  readonly kerasMajor: number;
  /** For errors. */
  readonly file: string;
}

const REMEDY = l10n.t('Save the part of it that is to be measured as a model of its own.');

/**
 * Builds the layers of a model one after the other, with the shapes that flow through them.
 * @throws {FormatError} if one of them cannot be run, or the model has not one input and one output
 */
export function layerSequence({ model, topology, kerasMajor, file }: LayerModel): LayerSequence {
  const [input] = topology.inputs;
  const [output] = topology.outputs;
  if (input === undefined || output === undefined || topology.inputs.length > 1 || topology.outputs.length > 1) {
    const names = (list: readonly string[]): string => list.slice(0, 4).join(', ').slice(0, 200);
    throw new FormatError({
      file,
      reason: l10n.t(
        'has the inputs {0} and the outputs {1}; networks with one of each can be run',
        names(topology.inputs),
        names(topology.outputs),
      ),
      remedy: REMEDY,
    });
  }
  const layers = new Map<string, KerasLayer>();
  collectLayers(model, [], layers);
  // Keras 3 writes the comparisons that a mask is made of as layers of their own, which come first.
  for (const [path, { className }] of layers) {
    if (className === 'Masking') throw cannotRun(file, path, className, MASKS_PADDING);
  }
  const inputShape = shapeOfInput(model, file);
  const values = new Map<string, { readonly number: number; readonly shape: Shape }>([
    [input, { number: 0, shape: inputShape }],
  ]);
  const calls: LayerCall[] = [];
  for (const node of topology.nodes) {
    const path = pathOf(node, layers);
    const source = path === undefined ? undefined : layers.get(path);
    const given = node.inputs.map((name) => values.get(name));
    const [first, ...others] = given;
    if (path === undefined || source === undefined || first === undefined || others.includes(undefined)) {
      throw cannotRun(file, node.name, node.operator, l10n.t('is not connected to the input'));
    }
    const shapes = others.flatMap((value) => (value === undefined ? [] : [value.shape]));
    const layer = buildLayer(source, { file, path, kerasMajor, call: node.call }, [first.shape, ...shapes]);
    calls.push({
      path,
      className: source.className,
      layer,
      inputs: given.flatMap((value) => (value === undefined ? [] : [value.number])),
      tensors: node.parameters.map(({ tensor }) => tensor),
      channelsFirst: source.config.data_format === 'channels_first',
    });
    values.set(node.outputs[0] ?? node.name, { number: calls.length, shape: layer.outputShape });
  }
  const result = values.get(output);
  if (result === undefined) throw cannotRun(file, output, model.className, l10n.t('is not connected to the input'));
  return { inputShape, outputShape: result.shape, calls, output: result.number };
}

/** All layers that are no models, by the names of the models around them and their own. */
function collectLayers(model: KerasLayer, chain: readonly string[], layers: Map<string, KerasLayer>): void {
  for (const layer of model.layers ?? []) {
    const inner = [...chain, layer.name];
    if (layer.layers === undefined) layers.set(inner.join('/'), layer);
    else collectLayers(layer, inner, layers);
  }
}

/** Nodes of further calls of a layer are numbered: `dense#1`. */
function pathOf({ name }: GraphNode, layers: ReadonlyMap<string, KerasLayer>): string | undefined {
  return [name, name.replace(/(?:#\d+)+$/, '')].find((path) => layers.has(path));
}

/** The shape that the model, or its first layer, says it takes. */
function shapeOfInput(model: KerasLayer, file: string): Shape {
  let current: KerasLayer | undefined = model;
  const named = model.inputs[0]?.layer;
  // A model may begin with a model.
  for (let depth = 0; depth < 8 && current !== undefined; depth++) {
    const { config } = current;
    const shape = [config.batch_shape, config.batch_input_shape, config.build_input_shape].find(Array.isArray);
    if (shape !== undefined) return sampleShape(shape, file);
    const layers: readonly KerasLayer[] | undefined = current.layers;
    current = layers?.find(({ name }) => depth === 0 && name === named) ?? layers?.[0];
  }
  throw new FormatError({
    file,
    reason: l10n.t('does not say what shape its input has'),
    remedy: l10n.t('Build the model with an Input layer, and save it again.'),
  });
}

function sampleShape(shape: readonly unknown[], file: string): Shape {
  const sample = shape.slice(1).map((size) => size ?? -1);
  const isShape = sample.every(
    (size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= -1 && size !== 0,
  );
  if (!isShape || sample.length === 0) {
    throw new FormatError({
      file,
      reason: l10n.t('has an input of the shape [{0}], which is none of samples', shape.join(', ').slice(0, 200)),
      remedy: l10n.t('Build the model with an Input layer, and save it again.'),
    });
  }
  return sample as number[];
}
