import type { CallArguments } from '../topology';

/** A layer as the configuration of a Keras model has it; a model is a layer with layers of its own. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  /** Of a class that is not Keras' own: registered by somebody, or imported from elsewhere. */
  readonly isCustom: boolean;
  /** Arguments of its constructor. */
  readonly config: JsonObject;
  /** Layers of a model, in order; undefined for other layers. */
  readonly layers?: readonly KerasLayer[];
  /** The layer that a wrapper (Bidirectional, TimeDistributed) applies. */
  readonly wrapped?: KerasLayer;
  /** One for each time that the layer is called. */
  readonly calls: readonly KerasCall[];
  /** Of a functional model. */
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
}

/** An output of a call of a layer. */
export interface TensorReference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A call of a layer. */
export interface KerasCall extends CallArguments {
  /** Where its inputs come from: those by position first. */
  readonly sources: readonly TensorReference[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Models within models; more than a few are nobody's. */
const MAX_NESTING = 16;

/** The deepest networks have some thousand layers. */
const MAX_LAYERS = 100_000;

/** Inputs of one layer are lists in lists, a few levels deep. */
const MAX_REFERENCE_DEPTH = 16;

/** Reads the configuration of a model of any version of Keras; undefined if it is none. */
export function readModelConfig(json: string): KerasLayer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const budget = { layers: MAX_LAYERS };
  const model = readLayer(value, 0, budget);
  return model?.layers === undefined || budget.layers < 0 ? undefined : model;
}

function readLayer(value: unknown, nesting: number, budget: { layers: number }): KerasLayer | undefined {
  if (!isObject(value) || nesting > MAX_NESTING || --budget.layers < 0) return undefined;
  const className = value.class_name;
  const settings = value.config;
  if (typeof className !== 'string') return undefined;
  // A Sequential of Keras 1 and early 2 is the bare list of its layers.
  const config: JsonObject = Array.isArray(settings) ? { layers: settings } : isObject(settings) ? settings : {};
  const name = text(value.name) ?? text(config.name) ?? snakeCase(className.slice(className.lastIndexOf('>') + 1));
  const inner = config.layers;
  const wrapped = readLayer(config.layer ?? config.cell, nesting + 1, budget);
  return {
    className: className.slice(className.lastIndexOf('>') + 1),
    name,
    isCustom: isCustom(value, className),
    config,
    ...(Array.isArray(inner) ? { layers: inner.flatMap((layer) => readLayer(layer, nesting + 1, budget) ?? []) } : {}),
    ...(wrapped === undefined ? {} : { wrapped }),
    calls: readCalls(value.inbound_nodes),
    inputs: references(config.input_layers),
    outputs: references(config.output_layers),
  };
}

/** Registered classes are called `package>Name`; Keras 3 also says what module a class is imported from. */
function isCustom({ module, registered_name: registered }: JsonObject, className: string): boolean {
  if (className.includes('>') || (text(registered) ?? '').includes('>')) return true;
  const from = text(module);
  return from !== undefined && !/^(?:keras|tf_keras|tensorflow)(?:\.|$)/.test(from);
}

function readCalls(nodes: unknown): KerasCall[] {
  return Array.isArray(nodes) ? nodes.map(readCall) : [];
}

/**
 * Keras 2 writes `[[layer, call, output, {argument: …}], …]`, the further arguments with the first of the inputs; Keras 3
 * `{args: […], kwargs: {argument: …}}`.
 */
function readCall(node: unknown): KerasCall {
  const sources: TensorReference[] = [];
  const inputNames: (string | undefined)[] = [];
  const settings: [name: string, value: unknown][] = [];
  /** An argument, by its name, or by position with a name for people. */
  const add = (value: unknown, name: string | undefined, shownName: string): void => {
    const found = references(value);
    for (const source of found) {
      sources.push(source);
      inputNames.push(name);
    }
    // Arguments that are not given are null, and false is what flags are without a word.
    if (found.length === 0 && (value ?? false) !== false) settings.push([shownName, value]);
  };
  if (isObject(node)) {
    const { args, kwargs } = node;
    const list: readonly unknown[] = Array.isArray(args) ? args : [args];
    for (const [position, value] of list.entries()) add(value, undefined, `argument ${position + 1}`);
    if (isObject(kwargs)) for (const [name, value] of Object.entries(kwargs)) add(value, name, name);
  } else {
    const others: JsonObject[] = [];
    for (const source of references(node, (found) => others.push(found))) {
      sources.push(source);
      inputNames.push(undefined);
    }
    for (const named of others) for (const [name, value] of Object.entries(named)) add(value, name, name);
  }
  return { sources, inputNames, settings };
}

/**
 * All references to tensors within a value, in order: `[layer, call, output, …]` as Keras 2 writes them, and
 * `{class_name: "__keras_tensor__", config: {keras_history: [layer, call, output]}}` of Keras 3.
 * @param onArguments is told the arguments that stand within a reference
 */
function references(value: unknown, onArguments?: (others: JsonObject) => void): TensorReference[] {
  const found: TensorReference[] = [];
  const visit = (part: unknown, depth: number): void => {
    if (depth > MAX_REFERENCE_DEPTH) return;
    if (Array.isArray(part)) {
      const [layer, call, output, others] = part as unknown[];
      if (typeof layer === 'string' && isIndex(call) && isIndex(output)) {
        found.push({ layer, call, output });
        if (isObject(others)) onArguments?.(others);
      } else for (const item of part) visit(item, depth + 1);
    } else if (isObject(part)) {
      const history = isObject(part.config) ? part.config.keras_history : undefined;
      if (history !== undefined) visit(history, depth + 1);
      else for (const item of Object.values(part)) visit(item, depth + 1);
    }
  };
  visit(value, 0);
  return found;
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `Conv2D` → `conv2d`, `BatchNormalization` → `batch_normalization`: how Keras 3 names the groups of layers. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** The layers of a model by the names that Keras 3 gives their groups: by class, numbered from the second on. */
export function layersByGroup(layers: readonly KerasLayer[]): ReadonlyMap<string, KerasLayer> {
  const groups = new Map<string, KerasLayer>();
  const used = new Map<string, number>();
  for (const layer of layers) {
    const name = snakeCase(layer.className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    groups.set(count === 0 ? name : `${name}_${count}`, layer);
  }
  return groups;
}
