import type { CallArguments, GraphNode, NodeParameter, Topology } from '../topology';
import { snakeCase, type KerasLayer, type TensorReference } from './keras-config';
import type { NamedVariable } from './keras-names';

/** Nodes of one graph: a model that is called many times within others is listed each time. */
const MAX_NODES = 100_000;

/** What a variable is to its layer, by its name. */
const USES: ReadonlyMap<string, NodeParameter['use']> = new Map<string, NodeParameter['use']>([
  ['kernel', 'weight'],
  ['recurrent_kernel', 'weight'],
  ['depthwise_kernel', 'weight'],
  ['pointwise_kernel', 'weight'],
  ['embeddings', 'weight'],
  ['bias', 'bias'],
  ['gamma', 'scale'],
  ['scale', 'scale'],
  ['beta', 'offset'],
  ['moving_mean', 'mean'],
  ['moving_variance', 'variance'],
]);

/**
 * The graph of a model from its configuration, models within it dissolved into their layers. Undefined if the
 * configuration does not say how layers are connected, or connects what is not there.
 * @param shapes Of the variables, by their paths.
 */
export function kerasTopology(
  model: KerasLayer,
  variables: readonly NamedVariable[],
  shapes: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): Topology | undefined {
  const parameters = new Map<string, NodeParameter[]>();
  const classes = new Map<string, string>();
  collectClasses(model, [], classes);
  for (const { path, name, layer, isOptimizer } of variables) {
    const shape = shapes.get(path)?.shape;
    if (isOptimizer || shape === undefined) continue;
    const owner = ownerOf(layer, classes);
    if (owner === undefined) continue;
    const list = parameters.get(owner) ?? [];
    list.push(parameterOf(name, shape, snakeCase(classes.get(owner) ?? '')));
    parameters.set(owner, list);
  }
  const graph = new Graph(parameters);
  const inputs = graph.inputsOf(model);
  const outputs = graph.expand(model, [], 0, inputs);
  if (outputs === undefined || graph.nodes.length === 0) return undefined;
  return { nodes: graph.nodes, inputs, outputs };
}

/** Classes of all layers that are no models, by the names of those that contain them and their own. */
function collectClasses(model: KerasLayer, chain: readonly string[], classes: Map<string, string>): void {
  for (const layer of model.layers ?? []) {
    const inner = [...chain, layer.name];
    if (layer.layers === undefined) classes.set(inner.join('/'), layer.className);
    else collectClasses(layer, inner, classes);
  }
}

/** The layer of the configuration that a variable belongs to: its own, or one that is made of others (attention). */
function ownerOf(layer: readonly string[], classes: ReadonlyMap<string, string>): string | undefined {
  for (let length = layer.length; length > 0; length--) {
    const name = layer.slice(0, length).join('/');
    if (classes.has(name)) return name;
  }
  return undefined;
}

function parameterOf(name: string, shape: readonly number[], layerClass: string): NodeParameter {
  const variable = name.slice(name.lastIndexOf('/') + 1);
  const use = USES.get(variable) ?? 'other';
  return { tensor: name, use, ...channels(variable, shape, layerClass) };
}

/** Layers whose vectors have an element for each output channel. */
const PER_CHANNEL =
  /^(?:dense|embedding|(?:depthwise_|separable_)?conv\dd(?:_transpose)?|(?:batch|layer|group|rms)_normalization|p_re_lu)$/;

/** Along which dimensions of a layer's variable its channels run. */
function channels(
  variable: string,
  shape: readonly number[],
  layerClass: string,
): Pick<NodeParameter, 'outputChannels' | 'inputChannels'> {
  const last = shape.length - 1;
  if (shape.length === 1) {
    return PER_CHANNEL.test(layerClass) ? { outputChannels: 0 } : {};
  }
  if (layerClass === 'dense' || layerClass === 'embedding') {
    return last === 1 ? { inputChannels: 0, outputChannels: 1 } : {};
  }
  if (/^depthwise_conv\d?d$/.test(layerClass) || variable === 'depthwise_kernel') {
    // Each input channel makes as many output channels as the last dimension has.
    const own = { inputChannels: last - 1 };
    return shape[last] === 1 ? { ...own, outputChannels: last - 1 } : own;
  }
  if (/^conv\dd_transpose$/.test(layerClass)) return { inputChannels: last, outputChannels: last - 1 };
  if (/^(?:separable_)?conv\dd$/.test(layerClass)) return { inputChannels: last - 1, outputChannels: last };
  return {};
}

class Graph {
  readonly nodes: GraphNode[] = [];

  constructor(private readonly parameters: ReadonlyMap<string, readonly NodeParameter[]>) {}

  /** Names of the values that a model is given. */
  inputsOf(model: KerasLayer): string[] {
    if (model.inputs.length > 0) return model.inputs.map(({ layer }) => layer);
    const [first] = model.layers ?? [];
    return [first?.className === 'InputLayer' ? first.name : 'input'];
  }

  /**
   * Adds the nodes of one call of a model.
   * @param chain Names of the models that contain its layers.
   * @param call Number of the call, of a model that is called several times.
   * @returns the names of its outputs, or undefined if the configuration is not complete
   */
  expand(
    model: KerasLayer,
    chain: readonly string[],
    call: number,
    inputs: readonly string[],
  ): readonly string[] | undefined {
    const suffix = call === 0 ? '' : `#${call}`;
    return model.outputs.length === 0
      ? this.sequence(model, chain, suffix, inputs)
      : this.functional(model, chain, suffix, inputs);
  }

  private sequence(
    model: KerasLayer,
    chain: readonly string[],
    suffix: string,
    inputs: readonly string[],
  ): readonly string[] | undefined {
    let values: readonly string[] | undefined = inputs;
    for (const layer of model.layers ?? []) {
      if (layer.className === 'InputLayer') continue;
      values = this.apply(layer, chain, 0, suffix, values);
      if (values === undefined) return undefined;
    }
    return values;
  }

  private functional(
    model: KerasLayer,
    chain: readonly string[],
    suffix: string,
    inputs: readonly string[],
  ): readonly string[] | undefined {
    const values = new Map<string, readonly string[]>();
    const key = (layer: string, call: number): string => JSON.stringify([layer, call]);
    model.inputs.forEach(({ layer, call }, index) => {
      values.set(key(layer, call), [inputs[index] ?? layer]);
    });
    const value = ({ layer, call, output }: TensorReference): string | undefined => {
      const known = values.get(key(layer, call));
      return known?.[output] ?? known?.[0];
    };
    const first = firstCalls(model);
    // Layers stand in an order in which their inputs come first, except those that are called again later.
    let waiting = (model.layers ?? []).flatMap((layer) =>
      layer.className === 'InputLayer' ? [] : layer.calls.map((made, call) => ({ layer, call, made })),
    );
    while (waiting.length > 0) {
      const blocked: typeof waiting = [];
      for (const item of waiting) {
        const given = item.made.sources.map(value);
        if (given.some((name) => name === undefined)) {
          blocked.push(item);
          continue;
        }
        const results = this.apply(item.layer, chain, item.call, suffix, given as string[], item.made);
        if (results === undefined) return undefined;
        values.set(key(item.layer.name, item.call + (first.get(item.layer.name) ?? 0)), results);
      }
      // Calls from outside a nested model are listed there too, and can never be followed.
      if (blocked.length === waiting.length) break;
      waiting = blocked;
    }
    const outputs = model.outputs.map(value);
    return outputs.some((name) => name === undefined) ? undefined : (outputs as string[]);
  }

  /** Adds one call of a layer. @returns the names of what it gives */
  private apply(
    layer: KerasLayer,
    chain: readonly string[],
    call: number,
    suffix: string,
    inputs: readonly string[],
    made?: CallArguments,
  ): readonly string[] | undefined {
    const inner = [...chain, layer.name];
    if (layer.layers !== undefined) return this.expand(layer, inner, call, inputs);
    if (this.nodes.length >= MAX_NODES) return undefined;
    const path = inner.join('/');
    const name = `${path}${call === 0 ? '' : `#${call}`}${suffix}`;
    this.nodes.push({
      name,
      operator: layer.className,
      inputs,
      outputs: [name],
      parameters: this.parameters.get(path) ?? [],
      ...(made === undefined || isPlain(made)
        ? {}
        : { call: { inputNames: made.inputNames, settings: made.settings } }),
    });
    return [name];
  }
}

/** Whether a call has inputs by position and nothing else. */
function isPlain({ inputNames, settings }: CallArguments): boolean {
  return settings.length === 0 && inputNames.every((name) => name === undefined);
}

/**
 * The number of the first call of each model in a model: Keras 2 begins at 1, as models are called once when they are made,
 * and does not list that call. Every call that is listed is referred to.
 */
function firstCalls(model: KerasLayer): ReadonlyMap<string, number> {
  const models = new Set((model.layers ?? []).flatMap(({ name, layers }) => (layers === undefined ? [] : [name])));
  const first = new Map<string, number>();
  const note = ({ layer, call }: TensorReference): void => {
    if (models.has(layer)) first.set(layer, Math.min(call, first.get(layer) ?? call));
  };
  for (const { calls } of model.layers ?? []) for (const { sources } of calls) sources.forEach(note);
  model.outputs.forEach(note);
  return first;
}
