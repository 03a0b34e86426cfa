import * as l10n from '@vscode/l10n';
import { WireType, type ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import type { ByteExtent, PackedCoding, TensorStorage } from '../storage';
import { MAX_TABLE_VALUES } from './mil-weights';

/** Writers put the floats of a weight next to one another; other fields in between make a further run each. */
const MAX_RUNS = 1000;

/** How the values of a weight are stored: what a `WeightParams` says. */
export interface WeightParams {
  readonly kind: 'float32' | 'float16' | 'codes' | 'int8';
  readonly extents: readonly ByteExtent[];
  /** Number of values, where bytes tell it. */
  readonly count?: number;
  readonly bits: number;
  /** Float32: one for all values, or one a channel. */
  readonly scales?: ProtobufRange;
  readonly biases?: ProtobufRange;
  /** Float32: values of the codes. */
  readonly table?: ProtobufRange;
}

/** A weight, and how it is stored in the words of the format. */
export interface DecodedWeight {
  readonly storage: TensorStorage;
  readonly storedAs?: string;
}

/**
 * Reads `WeightParams` of `NeuralNetwork.proto`. Quantised values are code × scale + bias in double precision, rounded
 * once to float32, as coremltools writes them when it undoes the quantisation (`quantization_utils.py`).
 */
export class NetworkWeights {
  private tableValues = 0;

  constructor(private readonly input: ProtobufInput) {}

  /** Undefined if there are no values. @throws {FormatError} */
  async params(range: ProtobufRange): Promise<WeightParams | undefined> {
    const floats: ByteExtent[] = [];
    let half: ProtobufRange | undefined;
    let codes: ProtobufRange | undefined;
    let int8: ProtobufRange | undefined;
    let quantization: ProtobufRange | undefined;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) {
        // A float on its own (not packed) has four bytes, too.
        const { start, end } = fields.wireType === WireType.Fixed32 ? fields : fields.range;
        if (floats.length >= MAX_RUNS) {
          throw this.input.error(fields.offset, l10n.t('has a weight in more than {0} pieces', MAX_RUNS));
        }
        if (end > start) floats.push(extent({ start, end }));
      } else if (fields.number === 2) half = fields.range;
      else if (fields.number === 30) codes = fields.range;
      else if (fields.number === 31) int8 = fields.range;
      else if (fields.number === 40) quantization = fields.range;
    }
    if (floats.length > 0) {
      const bytes = floats.reduce((sum, { length }) => sum + length, 0);
      return { kind: 'float32', extents: floats, count: bytes / 4, bits: 32 };
    }
    if (isFilled(half)) return { kind: 'float16', extents: [extent(half)], count: length(half) / 2, bits: 16 };
    const stored = isFilled(codes) ? codes : int8;
    if (!isFilled(stored)) return undefined;
    const { bits, ...parts } = await this.quantization(quantization);
    const whole = bits === 8 ? { count: length(stored) } : {};
    return { kind: stored === int8 ? 'int8' : 'codes', extents: [extent(stored)], bits, ...whole, ...parts };
  }

  /** Undefined if the values do not fit the shape, or are coded in a way that is not known. @throws {FormatError} */
  async storage(
    params: WeightParams,
    shape: readonly number[],
    count: number,
    scaleAxis: number,
  ): Promise<DecodedWeight | undefined> {
    const { kind, extents, bits } = params;
    if (kind === 'float32' || kind === 'float16') {
      return params.count === count ? { storage: { dtype: kind, extents } } : undefined;
    }
    const stored = extents.reduce((sum, { length: bytes }) => sum + bytes, 0);
    if (!isCodeSize(bits) || stored !== Math.ceil((count * bits) / 8)) return undefined;
    const { scales, biases, table } = params;
    const codes = codesOf(extents, bits, kind === 'int8');
    if (table !== undefined) return kind === 'int8' ? undefined : await this.palette(codes, table, bits);
    if (scales === undefined) return undefined;
    const channels = length(scales) / 4;
    if (biases !== undefined && length(biases) !== length(scales)) return undefined;
    if (channels !== 1 && channels !== shape[scaleAxis]) return undefined;
    const block = shape.map((size, dimension) => (channels > 1 && dimension === scaleAxis ? 1 : size));
    return {
      storage: {
        dtype: 'float32',
        extents: [],
        coding: {
          kind: 'scaled',
          codes,
          shape,
          block,
          scales: floatsAt(scales),
          ...(biases === undefined ? {} : { offsets: floatsAt(biases) }),
          wide: true,
        },
      },
      storedAs: l10n.t('{0}, {1} scales', `${kind === 'int8' ? 'int' : 'uint'}${bits}`, channels),
    };
  }

  private async palette(
    codes: TensorStorage,
    range: ProtobufRange,
    bits: CodeSize,
  ): Promise<DecodedWeight | undefined> {
    const size = 2 ** bits;
    this.tableValues += size;
    if (length(range) !== 4 * size || this.tableValues > MAX_TABLE_VALUES) return undefined;
    const bytes = await this.input.bytes(range, 4 * size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const table = Array.from({ length: size }, (_, code) => view.getFloat32(4 * code, true));
    const packed = packing(bits);
    return {
      storage: { dtype: 'float32', extents: codes.extents, coding: { ...packed, table } },
      storedAs: l10n.t('palette of {0} values', size),
    };
  }

  /** `QuantizationParams`. Eight bits where it does not say how many. */
  private async quantization(
    range: ProtobufRange | undefined,
  ): Promise<Pick<WeightParams, 'bits' | 'scales' | 'biases' | 'table'>> {
    const { input } = this;
    if (range === undefined) return { bits: 8 };
    let bits = 8;
    let linear: ProtobufRange | undefined;
    let lookup: ProtobufRange | undefined;
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) bits = fields.int64;
      else if (fields.number === 101) linear = fields.range;
      else if (fields.number === 102) lookup = fields.range;
    }
    const scales = linear && (await this.only(linear, 1));
    const biases = linear && (await this.only(linear, 2));
    const table = lookup && (await this.only(lookup, 1));
    return {
      bits,
      ...(isFilled(scales) ? { scales } : {}),
      ...(isFilled(biases) ? { biases } : {}),
      ...(isFilled(table) ? { table } : {}),
    };
  }

  /** A packed list in a message. */
  private async only(range: ProtobufRange, number: number): Promise<ProtobufRange | undefined> {
    let found: ProtobufRange | undefined;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) if (fields.number === number) found = fields.range;
    return found;
  }
}

type CodeSize = PackedCoding['bits'];

function isCodeSize(bits: number): bits is CodeSize {
  return Number.isInteger(bits) && bits >= 1 && bits <= 8;
}

/** Codes of less than a byte begin in its highest bit. */
function packing(bits: CodeSize): PackedCoding {
  return { kind: 'packed', bits, wordBytes: 1, columns: 1, ...(bits === 8 ? {} : { highFirst: true }) };
}

function codesOf(extents: readonly ByteExtent[], bits: CodeSize, signed: boolean): TensorStorage {
  if (bits === 8) return { dtype: signed ? 'int8' : 'uint8', extents };
  return signed
    ? { dtype: 'int8', extents, coding: { ...packing(bits), signed: true } }
    : { dtype: 'uint8', extents, coding: packing(bits) };
}

function floatsAt(range: ProtobufRange): TensorStorage {
  return { dtype: 'float32', extents: [extent(range)] };
}

function extent({ start, end }: Pick<ProtobufRange, 'start' | 'end'>): ByteExtent {
  return { file: 0, offset: start, length: end - start };
}

function length({ start, end }: ProtobufRange): number {
  return end - start;
}

function isFilled(range: ProtobufRange | undefined): range is ProtobufRange {
  return range !== undefined && range.end > range.start;
}
