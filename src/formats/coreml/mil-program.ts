import * as l10n from '@vscode/l10n';
import type { ProtobufFields, ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH } from '../limits';

/** The messages of `MIL.proto`: the operations of an ML Program, as far as weights need them. */

/** A constant: in a file of blobs, or in the program itself. */
export interface MilValue {
  /** Number of its element type. */
  readonly type: number;
  /** -1 for sizes that are not known. */
  readonly shape: readonly number[];
  readonly blob?: { readonly file: string; readonly offset: number };
  /** Where the numbers of `floats` or `bytes` are in the program. */
  readonly floats?: ProtobufRange;
  readonly bytes?: ProtobufRange;
  /** The only one of `ints`: an axis. */
  readonly int?: number;
}

export interface MilOperation {
  readonly function: string;
  readonly type: string;
  /** Name of the first value that it gives, and what that is. */
  readonly output: string;
  readonly outputType: Pick<MilValue, 'type' | 'shape'>;
  /** Constants that it is given, by parameter: as attributes or as inputs. */
  readonly constants: ReadonlyMap<string, MilValue>;
  /** Names of values that it is given, with their parameters. */
  readonly inputs: readonly (readonly [parameter: string, name: string])[];
}

/** Large language models have under 100,000 operations. */
const MAX_OPERATIONS = 1_000_000;

/** Names of all values and parameters together. */
const MAX_TEXT = 100_000_000;

/** Reads the operations of a program, those of nested blocks included. */
export class MilReader {
  readonly operations: MilOperation[] = [];
  private text = 0;
  private count = 0;

  constructor(private readonly input: ProtobufInput) {}

  /** @throws {FormatError} */
  async program(range: ProtobufRange): Promise<void> {
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number !== 2) continue;
      const { key, value } = await this.entry(fields.range);
      if (value === undefined) continue;
      const parts = this.input.fields(value);
      while (parts.next() ?? (await parts.load())) {
        if (parts.number !== 3) continue;
        const block = await this.entry(parts.range);
        if (block.value !== undefined) await this.block(block.value, key);
      }
    }
  }

  private async block(range: ProtobufRange, name: string): Promise<void> {
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 3) await this.operation(fields.range, name);
    }
  }

  private async operation(range: ProtobufRange, name: string): Promise<void> {
    const { input } = this;
    if (++this.count > MAX_OPERATIONS) {
      throw input.error(range.start, l10n.t('has more than {0} operations', MAX_OPERATIONS));
    }
    let type = '';
    let output: { name: string; type: MilOperation['outputType'] } | undefined;
    const constants = new Map<string, MilValue>();
    const inputs: [string, string][] = [];
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      switch (fields.number) {
        case 1:
          type = this.name(fields);
          break;
        case 2: {
          const { key, value } = await this.entry(fields.range);
          if (value !== undefined) await this.argument(key, value, constants, inputs);
          break;
        }
        case 3:
          output ??= await this.output(fields.range);
          break;
        case 4:
          await this.block(fields.range, name);
          break;
        case 5: {
          const { key, value } = await this.entry(fields.range);
          if (value !== undefined) constants.set(key, await this.value(value));
        }
      }
    }
    if (output === undefined) return;
    this.operations.push({ function: name, type, output: output.name, outputType: output.type, constants, inputs });
  }

  private async argument(
    key: string,
    range: ProtobufRange,
    constants: Map<string, MilValue>,
    inputs: [string, string][],
  ): Promise<void> {
    const bindings = this.input.fields(range);
    while (bindings.next() ?? (await bindings.load())) {
      if (bindings.number !== 1) continue;
      const binding = this.input.fields(bindings.range);
      while (binding.next() ?? (await binding.load())) {
        if (binding.number === 1) inputs.push([key, this.name(binding)]);
        else if (binding.number === 2) constants.set(key, await this.value(binding.range));
      }
    }
  }

  private async output(range: ProtobufRange): Promise<{ name: string; type: MilOperation['outputType'] }> {
    let name = '';
    let type: MilOperation['outputType'] = { type: 0, shape: [] };
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) name = this.name(fields);
      else if (fields.number === 2) type = await this.type(fields.range);
    }
    return { name, type };
  }

  private async value(range: ProtobufRange): Promise<MilValue> {
    const { input } = this;
    let type: MilOperation['outputType'] = { type: 0, shape: [] };
    const where: {
      blob?: { file: string; offset: number };
      floats?: ProtobufRange;
      bytes?: ProtobufRange;
      int?: number;
    } = {};
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 2) type = await this.type(fields.range);
      else if (fields.number === 5) {
        const blob = { file: '', offset: 0 };
        const parts = input.fields(fields.range);
        while (parts.next() ?? (await parts.load())) {
          if (parts.number === 1) blob.file = this.name(parts);
          else if (parts.number === 2) blob.offset = parts.int64;
        }
        where.blob = blob;
      } else if (fields.number === 3) {
        const tensor = await this.only(fields.range, 1);
        if (tensor === undefined) continue;
        const lists = input.fields(tensor);
        while (lists.next() ?? (await lists.load())) {
          if (lists.number !== 1 && lists.number !== 2 && lists.number !== 7) continue;
          const numbers = await this.only(lists.range, 1);
          if (lists.number === 2) {
            const isOne = numbers !== undefined && numbers.end - numbers.start === 1;
            if (isOne) [where.int = 0] = await input.packedInt64(numbers, 1);
          } else if (numbers !== undefined) where[lists.number === 1 ? 'floats' : 'bytes'] = numbers;
        }
      }
    }
    return { ...type, ...where };
  }

  /** A `ValueType` that is a tensor. */
  private async type(range: ProtobufRange): Promise<MilOperation['outputType']> {
    const tensor = await this.only(range, 1);
    const shape: number[] = [];
    let type = 0;
    if (tensor === undefined) return { type, shape };
    const fields = this.input.fields(tensor);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) type = fields.int64;
      else if (fields.number === 3) {
        if (shape.length >= MAX_DIMENSIONS) {
          throw this.input.error(fields.offset, l10n.t('has a shape of more than {0} dimensions', MAX_DIMENSIONS));
        }
        const constant = await this.only(fields.range, 1);
        let size = constant === undefined ? -1 : 0;
        if (constant !== undefined) {
          const parts = this.input.fields(constant);
          while (parts.next() ?? (await parts.load())) if (parts.number === 1) size = parts.int64;
        }
        shape.push(size);
      }
    }
    return { type, shape };
  }

  /** An entry of a map. */
  private async entry(range: ProtobufRange): Promise<{ key: string; value: ProtobufRange | undefined }> {
    let key = '';
    let value: ProtobufRange | undefined;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) key = this.name(fields);
      else if (fields.number === 2) value = fields.range;
    }
    return { key, value };
  }

  /** The last field of the number in a message: of one that is no list, that is its value. */
  private async only(range: ProtobufRange, number: number): Promise<ProtobufRange | undefined> {
    let found: ProtobufRange | undefined;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) if (fields.number === number) found = fields.range;
    return found;
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
