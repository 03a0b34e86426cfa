import * as l10n from '@vscode/l10n';
import type { ProtobufFields, ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { readTensorProto, type ConstantTensor } from './tensor-proto';

/** An operator of a graph (`node_def.proto`). */
export interface GraphDefNode {
  readonly name: string;
  readonly operator: string;
  /** Values it takes: `node`, `node:1`; in functions `node:output:0`. Those that only set the order are left out. */
  readonly inputs: readonly string[];
  /** Whether its second factor is taken transposed (`transpose_b` of MatMul). */
  readonly transposed: boolean;
  /** Of a `Const`. */
  readonly constant?: ConstantTensor;
}

/** The nodes of a graph, or of one of its functions, in the order of the file. */
export interface GraphDefBody {
  /** Undefined for the graph itself. */
  readonly functionName: string | undefined;
  readonly nodes: readonly GraphDefNode[];
}

/** Published graphs have up to some 100,000 nodes. */
const MAX_NODES = 1_000_000;

/** Names of nodes and of their inputs, of all nodes together. */
const MAX_TEXT = 100_000_000;

/** A concatenation may take hundreds of values. */
const MAX_INPUTS = 65_536;

/** Reads a `GraphDef` (`graph.proto`): its nodes, and those of its functions. */
export class GraphDefReader {
  private nodes = 0;
  private constants = 0;
  private text = 0;

  constructor(private readonly input: ProtobufInput) {}

  /** @throws {FormatError} */
  async read(range: ProtobufRange): Promise<readonly GraphDefBody[]> {
    const { input } = this;
    const nodes: GraphDefNode[] = [];
    const bodies: GraphDefBody[] = [{ functionName: undefined, nodes }];
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) nodes.push(await this.node(fields.range));
      else if (fields.number === 2) {
        const library = input.fields(fields.range);
        while (library.next() ?? (await library.load())) {
          if (library.number === 1) bodies.push(await this.functionDef(library.range));
        }
      }
    }
    return bodies;
  }

  private async functionDef(range: ProtobufRange): Promise<GraphDefBody> {
    const { input } = this;
    let functionName = '';
    const nodes: GraphDefNode[] = [];
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) {
        const signature = input.fields(fields.range);
        while (signature.next() ?? (await signature.load())) {
          if (signature.number === 1) functionName = this.name(signature);
        }
      } else if (fields.number === 3) nodes.push(await this.node(fields.range));
    }
    return { functionName, nodes };
  }

  private async node(range: ProtobufRange): Promise<GraphDefNode> {
    const { input } = this;
    if (++this.nodes > MAX_NODES) throw input.error(range.start, l10n.t('has more than {0} nodes', MAX_NODES));
    let name = '';
    let operator = '';
    const inputs: string[] = [];
    let transposed = false;
    let value: ProtobufRange | undefined;
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          name = this.name(fields);
          break;
        case 2:
          operator = this.name(fields);
          break;
        case 3: {
          const from = this.name(fields);
          if (inputs.length >= MAX_INPUTS) {
            throw input.error(fields.offset, l10n.t('has a node of more than {0} inputs', MAX_INPUTS));
          }
          if (!from.startsWith('^')) inputs.push(from);
          break;
        }
        case 5: {
          const attribute = await this.attribute(fields.range);
          value ??= attribute.tensor;
          transposed ||= attribute.transposed;
        }
      }
    }
    if (operator !== 'Const' || value === undefined) return { name, operator, inputs, transposed };
    if (++this.constants > MAX_TENSORS) {
      throw input.error(range.start, l10n.t('lists more than {0} tensors', MAX_TENSORS));
    }
    return { name, operator, inputs, transposed, constant: await readTensorProto(input, value, name) };
  }

  /** One entry of the map of attributes. */
  private async attribute(
    range: ProtobufRange,
  ): Promise<{ readonly tensor: ProtobufRange | undefined; readonly transposed: boolean }> {
    const { input } = this;
    let key = '';
    let value: ProtobufRange | undefined;
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1 && fields.length <= 16) key = fields.text();
      else if (fields.number === 2) value = fields.range;
    }
    const result = { tensor: undefined as ProtobufRange | undefined, transposed: false };
    if (value === undefined || (key !== 'value' && key !== 'transpose_b')) return result;
    const content = input.fields(value);
    while (content.next() ?? (await content.load())) {
      if (content.number === 8 && key === 'value') result.tensor = content.range;
      else if (content.number === 5 && key === 'transpose_b') result.transposed = content.int64 !== 0;
    }
    return result;
  }

  private name(fields: ProtobufFields): string {
    const name = fields.text(MAX_NAME_LENGTH);
    this.text += name.length + 1;
    if (this.text > MAX_TEXT) {
      throw this.input.error(fields.offset, l10n.t('has names of more than {0} characters in all', MAX_TEXT));
    }
    return name;
  }
}
