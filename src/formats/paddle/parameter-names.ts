import * as l10n from '@vscode/l10n';
import type { OpenContext } from '../checkpoint';
import type { JsonCursor } from '../containers/json-cursor';
import { readJsonFile } from '../containers/json-cursor';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import type { FormatError } from '../errors';
import { MAX_DIMENSIONS, MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { MissingSiblingError } from '../sibling';
import type { RandomAccessSource } from '../source';

const REMEDY = l10n.t('The program beside the weights is damaged: copy or download it again.');

/** Variables of a program, most of which are what its operators compute. */
const MAX_VARIABLES = 4 * MAX_TENSORS;

/** Names of all parameters together, of which the largest published models have some 100,000 characters. */
const MAX_TEXT = 100_000_000;

/** A parameter that a program has; its shape where the program says it. */
export interface ProgramParameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The program of an inference model, and its parameters in the order in which `save_combine` writes them: by name. */
export interface ProgramParameters {
  readonly file: string;
  readonly parameters: readonly ProgramParameter[];
}

/**
 * The parameters of the program beside a file of weights; undefined if there is no program.
 * @throws {FormatError} if it is damaged
 */
export async function programBeside(
  context: OpenContext,
  names: readonly string[],
): Promise<ProgramParameters | undefined> {
  for (const name of names) {
    let source: RandomAccessSource;
    try {
      source = await context.openSibling(name);
    } catch (error) {
      if (error instanceof MissingSiblingError) continue;
      throw error;
    }
    const found = name.endsWith('.json')
      ? await fromJson(source, context.signal)
      : await fromProgram(new ProtobufInput(source, REMEDY, context.signal));
    const parameters = [...found.parameters].map(([parameter, shape]) => ({ name: parameter, shape }));
    // Python orders text by code points, as UTF-8 does.
    const keys = new Map(parameters.map((parameter) => [parameter, Buffer.from(parameter.name)]));
    parameters.sort((a, b) => Buffer.compare(keys.get(a) ?? EMPTY, keys.get(b) ?? EMPTY));
    return { file: name, parameters };
  }
  return undefined;
}

const EMPTY = Buffer.alloc(0);

/** Kinds of variables (`VarType.Type` of `framework.proto`) that are persistable, but no tensors of the model. */
const NO_TENSORS: ReadonlySet<number> = new Set([9, 10, 15, 17]);

/** A `ProgramDesc` (`paddle/fluid/framework/framework.proto`): its persistable tensors. */
async function fromProgram(input: ProtobufInput): Promise<ParameterList> {
  const found = new ParameterList();
  let variables = 0;
  const blocks = input.fields(input.whole);
  while (blocks.next() ?? (await blocks.load())) {
    if (blocks.number !== 1) continue;
    const fields = input.fields(blocks.range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number !== 3) continue;
      if (++variables > MAX_VARIABLES) {
        throw input.error(fields.offset, l10n.t('has more than {0} variables', MAX_VARIABLES));
      }
      const variable = await readVariable(input, fields.range);
      if (variable !== undefined) found.add(variable, (reason) => input.error(fields.offset, reason));
    }
  }
  return found;
}

async function readVariable(input: ProtobufInput, range: ProtobufRange): Promise<ProgramParameter | undefined> {
  let name = '';
  let type: ProtobufRange | undefined;
  let isPersistable = false;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) name = fields.text(MAX_NAME_LENGTH);
    else if (fields.number === 2) type = fields.range;
    else if (fields.number === 3) isPersistable = fields.int64 !== 0;
  }
  if (!isPersistable || type === undefined) return undefined;
  let kind = 0;
  let tensor: ProtobufRange | undefined;
  const parts = input.fields(type);
  while (parts.next() ?? (await parts.load())) {
    if (parts.number === 1) kind = parts.int64;
    else if (parts.number === 3) tensor = parts.range;
  }
  if (NO_TENSORS.has(kind)) return undefined;
  return { name, shape: tensor === undefined ? [] : await readDimensions(input, tensor) };
}

/** Of a `LoDTensorDesc`, whose first field is a `TensorDesc`. */
async function readDimensions(input: ProtobufInput, range: ProtobufRange): Promise<number[]> {
  const shape: number[] = [];
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number !== 1) continue;
    const parts = input.fields(fields.range);
    while (parts.next() ?? (await parts.load())) {
      if (parts.number === 2) await parts.appendInt64(shape, MAX_DIMENSIONS);
    }
  }
  return shape;
}

/**
 * A program of Paddle 3 (`paddle/fluid/pir/serialize_deserialize`): operators named `p` are parameters; the fourth of
 * their attributes is the name, and the type of their output has the shape.
 */
async function fromJson(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<ParameterList> {
  const found = new ParameterList();
  const json = await readJsonFile(source, MAX_HEADER_BYTES, REMEDY, signal);
  json.readObject(l10n.t('the file'), (key) => {
    if (key !== 'program') json.skip();
    else
      inLists(json, ['regions', 'blocks', 'ops'], () => {
        readOperator(json, found);
      });
  });
  json.end();
  return found;
}

/** Visits each item of the lists under the given keys, one in the other. */
function inLists(json: JsonCursor, keys: readonly string[], visit: () => void): void {
  const [key, ...rest] = keys;
  if (key === undefined) {
    visit();
    return;
  }
  json.readObject(`"${key}"`, (own) => {
    if (own !== key) json.skip();
    else
      json.readArray(`"${key}"`, () => {
        inLists(json, rest, visit);
      });
  });
}

function readOperator(json: JsonCursor, found: ParameterList): void {
  let id = '';
  let name: string | undefined;
  let shape: readonly number[] = [];
  const start = json.offset;
  json.readObject(l10n.t('an operator'), (key) => {
    if (key === '#') id = json.readString('"#"');
    else if (id !== 'p') json.skip();
    else if (key === 'A') {
      json.readArray('"A"', (index) => {
        if (index === 3) name = json.readString('"A"');
        else json.skip();
      });
    } else if (key === 'O') shape = readOutput(json);
    else json.skip();
  });
  if (name !== undefined) found.add({ name, shape }, (reason) => json.error(reason, start));
}

/** `{"%": 1, "TT": {"#": "0.t_dtensor", "D": [type, shape, …]}}`. */
function readOutput(json: JsonCursor): number[] {
  const shape: number[] = [];
  json.readObject('"O"', (key) => {
    if (key !== 'TT') json.skip();
    else
      json.readObject('"TT"', (part) => {
        if (part !== 'D') json.skip();
        else
          json.readArray('"D"', (index) => {
            if (index !== 1) json.skip();
            else json.readArray('"D"', () => shape.push(json.readNumber('"D"')));
          });
      });
  });
  return shape;
}

/** Parameters by name. */
class ParameterList {
  readonly parameters = new Map<string, readonly number[]>();
  private characters = 0;

  /** @param fault makes the error that refuses the program. */
  add({ name, shape }: ProgramParameter, fault: (reason: string) => FormatError): void {
    this.characters += name.length;
    if (this.parameters.size >= MAX_TENSORS) throw fault(l10n.t('has more than {0} tensors', MAX_TENSORS));
    if (name.length > MAX_NAME_LENGTH) throw fault(l10n.t('has names of more than {0} characters', MAX_NAME_LENGTH));
    if (this.characters > MAX_TEXT) throw fault(l10n.t('has names of more than {0} characters in all', MAX_TEXT));
    this.parameters.set(name, shape);
  }
}
