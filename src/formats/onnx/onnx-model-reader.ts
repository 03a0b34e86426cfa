import * as l10n from '@vscode/l10n';
import type { ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import type { ConstantValue, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from './onnx-graph';
import {
  NumberRuns,
  readSparseTensor,
  readTensor,
  type ProtoSparseTensor,
  type ProtoTensor,
  type TypedNumbers,
} from './onnx-tensor';

/** Unrolled networks of published models have under 10⁵ nodes; this bounds what they take in memory to some 500 MB. */
const MAX_NODES = 500_000;

/** Names of values in all nodes together: nodes have two or three inputs and one output each as a rule. */
const MAX_NAMES = 8 * MAX_NODES;

/** Characters of all names: those of the largest published models have under 20 million. */
const MAX_NAME_CHARACTERS = 200_000_000;

/** Local functions of exporters are layers and helpers: a few hundred. */
const MAX_FUNCTIONS = 10_000;

/** Attributes that say along which dimension an operator works have one number a dimension at most. */
const MAX_ATTRIBUTE_NUMBERS = 64;

/** Attributes of whole numbers that are kept, of all operators. */
const KEPT_ATTRIBUTES = new Set([
  ...['axis', 'axes', 'bits', 'block_size', 'gather_axis', 'group', 'K', 'N', 'perm', 'quantize_axis'],
  ...['to', 'transA', 'transB', 'transBatchA', 'transBatchB', 'output_dtype', 'num_scan_inputs'],
]);

interface GraphParts {
  readonly inputs: string[];
  readonly outputs: string[];
  readonly inputPlaces: ProtobufRange[];
  readonly outputPlaces: ProtobufRange[];
  readonly nodes: OnnxNode[];
  readonly initializers: ProtoTensor[];
  readonly sparseInitializers: ProtoSparseTensor[];
}

/** Reads a ModelProto (onnx.proto) without its weights. */
export class OnnxModelReader {
  private readonly names = new Map<string, string>();
  private nodeCount = 0;
  private nameCount = 0;
  private characters = 0;
  private tensorCount = 0;

  /** @param rememberAttributes Nodes are to say where all their attributes are, for those who run them. */
  constructor(
    private readonly input: ProtobufInput,
    private readonly rememberAttributes = false,
  ) {}

  /** @throws {FormatError} */
  async read(): Promise<OnnxModel> {
    const { input } = this;
    const graph = emptyGraph();
    const functions: OnnxFunction[] = [];
    const training: OnnxGraph[] = [];
    let irVersion = 0;
    let producer = '';
    let opset = 0;
    let hasGraph = false;
    const fields = input.fields(input.whole);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          irVersion = fields.int64;
          break;
        case 2:
          producer = fields.text();
          break;
        case 7:
          hasGraph = true;
          await this.readGraph(fields.range, graph);
          break;
        case 8:
          opset = (await this.readOpset(fields.range)) ?? opset;
          break;
        case 20:
          await this.readTraining(fields.range, training);
          break;
        case 25:
          if (functions.length >= MAX_FUNCTIONS) {
            throw input.error(fields.offset, l10n.t('has more than {0} functions', MAX_FUNCTIONS));
          }
          functions.push(await this.readFunction(fields.range));
          break;
      }
    }
    if (!hasGraph) throw input.error(input.source.size, l10n.t('has no graph'));
    return { irVersion, producer, opset, graph, functions, training };
  }

  /** Version of an OperatorSetIdProto; undefined if it is of another domain than ONNX itself. */
  private async readOpset(range: ProtobufRange): Promise<number | undefined> {
    let domain = '';
    let version = 0;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) domain = fields.text(MAX_NAME_LENGTH);
      else if (fields.number === 2) version = fields.int64;
    }
    return domain === '' || domain === 'ai.onnx' ? version : undefined;
  }

  private async readTraining(range: ProtobufRange, into: OnnxGraph[]): Promise<void> {
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number !== 1 && fields.number !== 2) continue;
      const graph = emptyGraph();
      await this.readGraph(fields.range, graph);
      into.push(graph);
    }
  }

  private async readGraph(range: ProtobufRange, graph: GraphParts): Promise<void> {
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          graph.nodes.push(await this.readNode(fields.range));
          break;
        case 5:
          this.countTensor(fields.offset);
          graph.initializers.push(await readTensor(this.input, fields.range));
          break;
        case 11:
          graph.inputPlaces.push(fields.range);
          graph.inputs.push(await this.readValueName(fields.range));
          break;
        case 12:
          graph.outputPlaces.push(fields.range);
          graph.outputs.push(await this.readValueName(fields.range));
          break;
        case 15:
          this.countTensor(fields.offset);
          graph.sparseInitializers.push(await readSparseTensor(this.input, fields.range));
          break;
      }
    }
  }

  private async readFunction(range: ProtobufRange): Promise<OnnxFunction> {
    const graph = emptyGraph();
    let name = '';
    let domain = '';
    let overload = '';
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          name = fields.text(MAX_NAME_LENGTH);
          break;
        case 4:
          graph.inputs.push(this.name(fields.text(MAX_NAME_LENGTH), fields.offset));
          break;
        case 5:
          graph.outputs.push(this.name(fields.text(MAX_NAME_LENGTH), fields.offset));
          break;
        case 7:
          graph.nodes.push(await this.readNode(fields.range));
          break;
        case 10:
          domain = fields.text(MAX_NAME_LENGTH);
          break;
        case 13:
          overload = fields.text(MAX_NAME_LENGTH);
          break;
      }
    }
    return { ...graph, name, domain, overload };
  }

  private async readNode(range: ProtobufRange): Promise<OnnxNode> {
    if (++this.nodeCount > MAX_NODES) {
      throw this.input.error(range.start, l10n.t('has more than {0} operators', MAX_NODES));
    }
    const inputs: string[] = [];
    const outputs: string[] = [];
    const parts: NodeParts = { attributes: new Map(), graphs: [] };
    const pending: ProtobufRange[] = [];
    const attributePlaces: ProtobufRange[] = [];
    let name = '';
    let operator = '';
    let domain = '';
    let overload = '';
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          inputs.push(this.name(fields.text(MAX_NAME_LENGTH), fields.offset));
          break;
        case 2:
          outputs.push(this.name(fields.text(MAX_NAME_LENGTH), fields.offset));
          break;
        case 3:
          name = this.name(fields.text(MAX_NAME_LENGTH), fields.offset);
          break;
        case 4:
          operator = this.name(fields.text(MAX_NAME_LENGTH), fields.offset);
          break;
        case 5:
          if (this.rememberAttributes) attributePlaces.push(fields.range);
          // What they mean depends on the operator, which may come after them.
          if (operator === '') pending.push(fields.range);
          else await this.readAttribute(fields.range, operator, parts);
          break;
        case 7:
          domain = this.name(fields.text(MAX_NAME_LENGTH), fields.offset);
          break;
        case 8:
          overload = this.name(fields.text(MAX_NAME_LENGTH), fields.offset);
          break;
      }
    }
    for (const attribute of pending) await this.readAttribute(attribute, operator, parts);
    return {
      ...{ name, operator, domain: domain === 'ai.onnx' ? '' : domain, overload, inputs, outputs },
      ...parts,
      ...(this.rememberAttributes ? { attributePlaces } : {}),
    };
  }

  private async readAttribute(range: ProtobufRange, operator: string, into: NodeParts): Promise<void> {
    const { input } = this;
    let name = '';
    let tensor: ProtobufRange | undefined;
    let sparse: ProtobufRange | undefined;
    let isString = false;
    const graphs: ProtobufRange[] = [];
    const numbers: number[] = [];
    const constants = new NumberRuns(input);
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          name = fields.text(MAX_NAME_LENGTH);
          break;
        case 2:
        case 7:
          if (operator === 'Constant') constants.add(fields);
          break;
        case 3:
        case 8:
          if (operator === 'Constant') constants.add(fields);
          else if (name === '' || KEPT_ATTRIBUTES.has(name)) await fields.appendInt64(numbers, MAX_ATTRIBUTE_NUMBERS);
          break;
        case 4:
        case 9:
          isString = true;
          break;
        case 5:
          tensor = fields.range;
          break;
        case 6:
        case 11:
          graphs.push(fields.range);
          break;
        case 22:
          sparse = fields.range;
          break;
      }
    }
    if (KEPT_ATTRIBUTES.has(name)) into.attributes.set(name, numbers);
    for (const [index, body] of graphs.entries()) {
      const graph = emptyGraph();
      await this.readGraph(body, graph);
      into.graphs.push({ attribute: graphs.length > 1 ? `${name}[${index}]` : name, graph });
    }
    if (operator !== 'Constant') return;
    const constant = await this.constantValue(name, tensor, sparse, constants.found, isString, range);
    if (constant === undefined) return;
    this.countTensor(range.start);
    into.constant = constant;
  }

  private async constantValue(
    name: string,
    tensor: ProtobufRange | undefined,
    sparse: ProtobufRange | undefined,
    numbers: TypedNumbers | undefined,
    isString: boolean,
    range: ProtobufRange,
  ): Promise<ConstantValue | undefined> {
    switch (name) {
      case 'value':
        return tensor === undefined ? undefined : { kind: 'tensor', tensor: await readTensor(this.input, tensor) };
      case 'sparse_value':
        return sparse === undefined
          ? undefined
          : { kind: 'sparse', sparse: await readSparseTensor(this.input, sparse) };
      case 'value_float':
      case 'value_floats':
      case 'value_int':
      case 'value_ints': {
        const scalar = !name.endsWith('s');
        return numbers === undefined ? undefined : { kind: 'numbers', scalar, numbers, offset: range.start };
      }
      default:
        return isString ? { kind: 'string' } : undefined;
    }
  }

  private async readValueName(range: ProtobufRange): Promise<string> {
    let name = '';
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) name = this.name(fields.text(MAX_NAME_LENGTH), fields.offset);
    }
    return name;
  }

  private countTensor(offset: number): void {
    if (++this.tensorCount > MAX_TENSORS) {
      throw this.input.error(offset, l10n.t('has more than {0} tensors', MAX_TENSORS));
    }
  }

  /** Each name once in memory: most stand at two places or more. */
  private name(text: string, offset: number): string {
    const known = this.names.get(text);
    if (
      ++this.nameCount > MAX_NAMES ||
      (known === undefined && (this.characters += text.length) > MAX_NAME_CHARACTERS)
    ) {
      throw this.input.error(offset, l10n.t('has more names than any model'));
    }
    if (known !== undefined) return known;
    this.names.set(text, text);
    return text;
  }
}

interface NodeParts {
  readonly attributes: Map<string, readonly number[]>;
  readonly graphs: { attribute: string; graph: OnnxGraph }[];
  constant?: ConstantValue;
}

function emptyGraph(): GraphParts {
  return {
    inputs: [],
    outputs: [],
    inputPlaces: [],
    outputPlaces: [],
    nodes: [],
    initializers: [],
    sparseInitializers: [],
  };
}
