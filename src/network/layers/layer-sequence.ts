import * as l10n from '@vscode/l10n';
import { FormatError } from '../../formats/errors';
import type { KerasLayer } from '../../formats/keras/keras-config';
import type { GraphNode, Topology } from '../../formats/topology';
import { buildLayer } from './layer-kinds';
import { severalOutputs } from '../several-outputs';
import type { Layer, Shape } from './layer';
import { cannotRun, MASKS_PADDING } from './layer-settings';

/** One call of a layer. */
export interface LayerCall {
  /** Path of the layer: the calls of a layer share its variables. */
  readonly path: string;
  readonly className: string;
  readonly layer: Layer;
  /** Numbers of the values it takes: the network's inputs come first, then what each call makes. */
  readonly inputs: readonly number[];
  /** Tensors of the checkpoint that belong to the layer. */
  readonly tensors: readonly string[];
  readonly channelsFirst: boolean;
}

/** The calls of a network's layers in the order in which they are made. */
export interface LayerSequence {
  readonly inputs: readonly [SequenceInput, ...SequenceInput[]];
  readonly outputShape: Shape;
  readonly calls: readonly LayerCall[];
  /** Number of the value that the network gives. */
  readonly output: number;
}

/** What a network of layers takes. */
export interface SequenceInput {
  readonly name: string;
  readonly shape: Shape;
  /** Of numbers that stand for words or the like. */
  readonly whole: boolean;
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
 * @throws {FormatError} if one of them cannot be run, or the model has not one output
 */
export function layerSequence({ model, topology, kerasMajor, file }: LayerModel): LayerSequence {
  const [output] = topology.outputs;
  const [input, ...others] = [...new Set(topology.inputs)];
  if (input === undefined || output === undefined || topology.outputs.length > 1) {
    throw new FormatError({ file, reason: severalOutputs(topology.outputs), remedy: REMEDY });
  }
  const layers = new Map<string, KerasLayer>();
  collectLayers(model, [], layers);
  // Keras 3 writes the comparisons that a mask is made of as layers of their own, which come first.
  for (const [path, { className }] of layers) {
    if (className === 'Masking') throw cannotRun(file, path, className, MASKS_PADDING);
  }
  const shapes = [input, ...others].map((name) => shapeOfInput(model, others.length === 0 ? undefined : name, file));
  const values = new Map<string, { readonly number: number; readonly shape: Shape }>(
    [input, ...others].map((name, number) => [name, { number, shape: shapes[number] ?? [] }]),
  );
  const calls: LayerCall[] = [];
  for (const node of topology.nodes) {
    const path = pathOf(node, layers);
    const source = path === undefined ? undefined : layers.get(path);
    const given = node.inputs.map((name) => values.get(name));
    const [first, ...more] = given;
    if (path === undefined || source === undefined || first === undefined || more.includes(undefined)) {
      throw cannotRun(file, node.name, node.operator, l10n.t('is not connected to the input'));
    }
    const moreShapes = more.flatMap((value) => (value === undefined ? [] : [value.shape]));
    const layer = buildLayer(source, { file, path, kerasMajor, call: node.call }, [first.shape, ...moreShapes]);
    calls.push({
      path,
      className: source.className,
      layer,
      inputs: given.flatMap((value) => (value === undefined ? [] : [value.number])),
      tensors: node.parameters.map(({ tensor }) => tensor),
      channelsFirst: source.config.data_format === 'channels_first',
    });
    values.set(node.outputs[0] ?? node.name, { number: others.length + calls.length, shape: layer.outputShape });
  }
  const result = values.get(output);
  if (result === undefined) throw cannotRun(file, output, model.className, l10n.t('is not connected to the input'));
  const inputOf = (name: string, number: number): SequenceInput => ({
    name,
    shape: shapes[number] ?? [],
    whole: isWhole(
      layers.get(name),
      calls.filter(({ inputs }) => inputs.includes(number)),
    ),
  });
  return {
    inputs: [inputOf(input, 0), ...others.map((name, index) => inputOf(name, index + 1))],
    outputShape: result.shape,
    calls,
    output: result.number,
  };
}

/** Whether an input is of whole numbers: it says so, or nothing but tables is given it. */
function isWhole(input: KerasLayer | undefined, takers: readonly LayerCall[]): boolean {
  const dtype = input?.config.dtype;
  const isInteger = typeof dtype === 'string' && /^u?int/.test(dtype);
  return isInteger || (takers.length > 0 && takers.every(({ className }) => className === 'Embedding'));
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

/** The shape that an input says it has; of a model with one, which does not have to be a layer: that the model, or its first layer, says it takes. */
function shapeOfInput(model: KerasLayer, input: string | undefined, file: string): Shape {
  let current: KerasLayer | undefined = input === undefined ? model : model.layers?.find(({ name }) => name === input);
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
