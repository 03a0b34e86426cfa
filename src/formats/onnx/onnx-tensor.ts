import * as l10n from '@vscode/l10n';
import { WireType, type ProtobufFields, type ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH } from '../limits';

/** Keys of external data are `location`, `offset`, `length`, `checksum`, `basepath`. */
const MAX_EXTERNAL_ENTRIES = 16;

/** Writers put the numbers of a tensor next to one another; other fields in between make a further run each. */
const MAX_RUNS = 1000;

/** Numbers of a typed field that stand next to one another. */
export interface NumberRun {
  readonly start: number;
  readonly end: number;
}

/** Numbers of a typed field, `packed` or each behind its own tag, which has one byte. */
export interface TypedNumbers {
  readonly field: number;
  readonly packed: boolean;
  readonly runs: readonly NumberRun[];
  /** How many there are; undefined for packed varints, which have to be read to be counted. */
  readonly count?: number;
}

/** A TensorProto: where its values are, nothing checked yet against its shape. */
export interface ProtoTensor {
  readonly name: string;
  /** Of the message, for errors. */
  readonly offset: number;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly raw?: ProtobufRange;
  readonly numbers?: TypedNumbers;
  /** Set if the values are in another file. */
  readonly external?: ReadonlyMap<string, string>;
  /** Only a part of a tensor; no writer makes such. */
  readonly segment: boolean;
}

/** A SparseTensorProto: values at positions, or rows of indices. */
export interface ProtoSparseTensor {
  readonly values: ProtoTensor;
  readonly indices: ProtoTensor;
  readonly dims: readonly number[];
  readonly offset: number;
}

/** Reads a TensorProto; its values are only passed by. @throws {FormatError} */
export async function readTensor(input: ProtobufInput, range: ProtobufRange): Promise<ProtoTensor> {
  const dims: number[] = [];
  const numbers = new NumberRuns(input);
  const external = new Map<string, string>();
  let name = '';
  let dataType = 0;
  let raw: ProtobufRange | undefined;
  let isExternal = false;
  let segment = false;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    switch (fields.number) {
      case 1:
        await fields.appendInt64(dims, MAX_DIMENSIONS);
        break;
      case 2:
        dataType = fields.int64;
        break;
      case 3:
        segment = true;
        break;
      case 4:
      case 5:
      case 7:
      case 10:
      case 11:
        numbers.add(fields);
        break;
      case 8:
        name = fields.text(MAX_NAME_LENGTH);
        break;
      case 9:
        raw = fields.range;
        break;
      case 13:
        await readEntry(input, fields.range, external);
        break;
      case 14:
        isExternal = fields.int64 === 1;
        break;
    }
  }
  return {
    name,
    offset: range.start,
    dims,
    dataType,
    segment,
    ...(raw === undefined ? {} : { raw }),
    ...(numbers.found === undefined ? {} : { numbers: numbers.found }),
    ...(isExternal ? { external } : {}),
  };
}

/** Reads a SparseTensorProto. Its name is that of its values. @throws {FormatError} */
export async function readSparseTensor(input: ProtobufInput, range: ProtobufRange): Promise<ProtoSparseTensor> {
  const dims: number[] = [];
  let values: ProtobufRange | undefined;
  let indices: ProtobufRange | undefined;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) values = fields.range;
    else if (fields.number === 2) indices = fields.range;
    else if (fields.number === 3) await fields.appendInt64(dims, MAX_DIMENSIONS);
  }
  if (values === undefined || indices === undefined) {
    throw input.error(range.start, l10n.t('has a sparse tensor without values or without indices'));
  }
  return {
    values: await readTensor(input, values),
    indices: await readTensor(input, indices),
    dims,
    offset: range.start,
  };
}

async function readEntry(input: ProtobufInput, range: ProtobufRange, into: Map<string, string>): Promise<void> {
  let key = '';
  let value = '';
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) key = fields.text();
    else if (fields.number === 2) value = fields.text();
  }
  if (into.size >= MAX_EXTERNAL_ENTRIES) {
    throw input.error(range.start, l10n.t('describes external data with more than {0} entries', MAX_EXTERNAL_ENTRIES));
  }
  into.set(key, value);
}

/** Collects the numbers of one repeated field, which may be cut into runs. */
export class NumberRuns {
  private runs: { start: number; end: number }[] = [];
  private field = 0;
  private packed = false;
  private count = 0;

  constructor(private readonly input: ProtobufInput) {}

  get found(): TypedNumbers | undefined {
    if (this.runs.length === 0) return undefined;
    const { field, packed, runs, count } = this;
    return { field, packed, runs, ...(packed ? {} : { count }) };
  }

  /** Takes the field that `fields` stands at. */
  add(fields: ProtobufFields): void {
    const packed = fields.wireType === WireType.Bytes;
    if (packed && fields.length === 0) return;
    const last = this.runs.at(-1);
    if (last !== undefined && (fields.number !== this.field || packed !== this.packed)) {
      throw this.input.error(fields.offset, l10n.t('has a tensor whose values are written in two ways'));
    }
    if (!packed && fields.start !== fields.offset + 1) {
      throw this.input.error(fields.offset, l10n.t('has a tag of more bytes than it needs'));
    }
    this.field = fields.number;
    this.packed = packed;
    this.count++;
    if (!packed && last?.end === fields.offset) {
      last.end = fields.end;
      return;
    }
    if (this.runs.length >= MAX_RUNS) {
      throw this.input.error(
        fields.offset,
        l10n.t('has a tensor whose values are scattered over more than {0} places', MAX_RUNS),
      );
    }
    this.runs.push({ start: packed ? fields.start : fields.offset, end: fields.end });
  }
}
