import * as l10n from '@vscode/l10n';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH } from '../limits';
import { FileSource } from '../source';
import { readAttribute, type OnnxAttribute } from './onnx-attribute';
import type { OnnxNode } from './onnx-graph';
import { OnnxModelReader } from './onnx-model-reader';
import { locateTensors, nodeName } from './onnx-names';

/** Operators of a network that is run: deep networks have a few thousand, and each takes its time in every pass. */
const MAX_RUN_NODES = 50_000;

/** Attributes of an operator: those of the specification have under twenty. */
const MAX_NODE_ATTRIBUTES = 64;

/** What the graph says of one of its inputs or outputs. */
export interface OnnxValueInfo {
  readonly name: string;
  /** TensorProto.DataType; 0 if it is no tensor or nothing is said. */
  readonly elementType: number;
  /** −1 for sizes that are open; undefined if the number of dimensions is. */
  readonly shape: readonly number[] | undefined;
}

/** An operator, with all that it needs to be run. */
export interface OnnxProgramNode {
  /** Its own name, or its operator and number. */
  readonly name: string;
  readonly operator: string;
  /** Empty for operators of ONNX itself. */
  readonly domain: string;
  /** Names of values; empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** The main graph of a model, to be run. */
export interface OnnxProgram {
  /** Version of the operators of ONNX itself. */
  readonly opset: number;
  /** Without those that have a value in the file. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** In the order of execution, without Constant nodes. */
  readonly nodes: readonly OnnxProgramNode[];
  /** Name of the checkpoint's tensor for each value that initializers and Constant nodes give. */
  readonly tensors: ReadonlyMap<string, string>;
}

/**
 * Reads the main graph of an ONNX model (onnx.proto) with all attributes of its operators.
 * @throws {FormatError} for damaged models and those of more than {@link MAX_RUN_NODES} operators;
 *   {@link CancelledError} once the signal is raised
 */
export async function readOnnxProgram(path: string, signal?: AbortSignal): Promise<OnnxProgram> {
  const source = await FileSource.open(path);
  try {
    const remedy = l10n.t(
      'The model is damaged or incomplete: copy or download it again, or check it with onnx.checker.',
    );
    const input = new ProtobufInput(source, remedy, signal);
    const model = await new OnnxModelReader(input, true).read();
    const { graph } = model;
    if (graph.nodes.length > MAX_RUN_NODES) {
      throw input.error(0, l10n.t('has more than {0} operators', MAX_RUN_NODES));
    }
    const names = new Map(locateTensors(model).tensors.map(({ value, name }) => [value, name]));
    const tensors = new Map<string, string>();
    for (const tensor of graph.initializers) tensors.set(tensor.name, names.get(tensor) ?? tensor.name);
    for (const sparse of graph.sparseInitializers) {
      tensors.set(sparse.values.name, names.get(sparse) ?? sparse.values.name);
    }
    const nodes: OnnxProgramNode[] = [];
    for (const [index, node] of graph.nodes.entries()) {
      const [output = ''] = node.outputs;
      if (node.constant !== undefined) tensors.set(output, names.get(node.constant) ?? output);
      else nodes.push(await programNode(input, node, index));
    }
    const given: OnnxValueInfo[] = [];
    for (const place of graph.inputPlaces) {
      const info = await readValueInfo(input, place);
      if (!tensors.has(info.name)) given.push(info);
    }
    const outputs: OnnxValueInfo[] = [];
    for (const place of graph.outputPlaces) outputs.push(await readValueInfo(input, place));
    return { opset: model.opset, inputs: given, outputs, nodes, tensors };
  } finally {
    await source.close();
  }
}

async function programNode(input: ProtobufInput, node: OnnxNode, index: number): Promise<OnnxProgramNode> {
  const { operator, domain, inputs, outputs, attributePlaces = [] } = node;
  if (attributePlaces.length > MAX_NODE_ATTRIBUTES) {
    throw input.error(
      attributePlaces[0]?.start ?? 0,
      l10n.t('has an operator with more than {0} attributes', MAX_NODE_ATTRIBUTES),
    );
  }
  const attributes = new Map<string, OnnxAttribute>();
  for (const place of attributePlaces) {
    const attribute = await readAttribute(input, place);
    attributes.set(attribute.name, attribute);
  }
  return { name: nodeName(node, index), operator, domain, inputs, outputs, attributes };
}

/** Reads a ValueInfoProto: name and TypeProto, whose tensor type has an element type and a TensorShapeProto. */
async function readValueInfo(input: ProtobufInput, range: ProtobufRange): Promise<OnnxValueInfo> {
  let name = '';
  let type: ProtobufRange | undefined;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) name = fields.text(MAX_NAME_LENGTH);
    else if (fields.number === 2) type = fields.range;
  }
  const tensor = type === undefined ? undefined : await child(input, type, 1);
  if (tensor === undefined) return { name, elementType: 0, shape: undefined };
  let elementType = 0;
  let shape: number[] | undefined;
  const parts = input.fields(tensor);
  while (parts.next() ?? (await parts.load())) {
    if (parts.number === 1) elementType = parts.int64;
    else if (parts.number === 2) shape = await readShape(input, parts.range);
  }
  return { name, elementType, shape };
}

async function readShape(input: ProtobufInput, range: ProtobufRange): Promise<number[]> {
  const shape: number[] = [];
  const dimensions = input.fields(range);
  while (dimensions.next() ?? (await dimensions.load())) {
    if (dimensions.number !== 1) continue;
    if (shape.length >= MAX_DIMENSIONS) {
      throw input.error(range.start, l10n.t('lists more than {0} numbers', MAX_DIMENSIONS));
    }
    let size = -1;
    const fields = input.fields(dimensions.range);
    while (fields.next() ?? (await fields.load())) if (fields.number === 1) size = fields.int64;
    // Some writers say 0 or less for sizes that are open.
    shape.push(size > 0 ? size : -1);
  }
  return shape;
}

async function child(input: ProtobufInput, range: ProtobufRange, number: number): Promise<ProtobufRange | undefined> {
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) if (fields.number === number) return fields.range;
  return undefined;
}
