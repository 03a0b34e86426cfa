import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { FormatError } from '../errors';
import { JsonCursor } from '../containers/json-cursor';
import { MAX_DIMENSIONS, MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import type { RandomAccessSource } from '../source';

/** Bytes before the header: its length as a 64-bit little-endian integer. */
export const LENGTH_BYTES = 8;

/**
 * Element types by their name in the header. F8_E4M3 is the variant without infinities ("fn" in PyTorch), as the
 * reference implementation's own table has it.
 */
const DTYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F8_E4M3', 'float8_e4m3fn'],
  ['F8_E4M3FNUZ', 'float8_e4m3fnuz'],
  ['F8_E5M2', 'float8_e5m2'],
  ['F8_E5M2FNUZ', 'float8_e5m2fnuz'],
  ['F8_E8M0', 'float8_e8m0fnu'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U64', 'uint64'],
  ['U32', 'uint32'],
  ['U16', 'uint16'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
  ['C64', 'complex64'],
]);

/** Types of which several elements share a byte. Codes follow one another in the bits of the bytes, lowest first. */
const PACKED_TYPES: ReadonlyMap<string, PackedType> = new Map([
  ['F4', { bits: 4, table: smallFloats(2, 1) }],
  ['F6_E2M3', { bits: 6, table: smallFloats(2, 3) }],
  ['F6_E3M2', { bits: 6, table: smallFloats(3, 2) }],
]);

/** A type of less than a byte. */
interface PackedType {
  readonly bits: 4 | 6;
  /** Value of each code. */
  readonly table: readonly number[];
}

/** Values of small floating-point numbers without infinities and NaN (OCP microscaling formats, MX 1.0). */
function smallFloats(exponentBits: number, fractionBits: number): number[] {
  const bias = 2 ** (exponentBits - 1) - 1;
  const magnitudes = Array.from({ length: 2 ** (exponentBits + fractionBits) }, (_, code) => {
    const exponent = code >> fractionBits;
    const fraction = (code % 2 ** fractionBits) / 2 ** fractionBits;
    return exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  });
  return [...magnitudes, ...magnitudes.map((magnitude) => -magnitude)];
}

/** One tensor as the header describes it. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: DType;
  /** Name and values of a type of less than a byte an element; `dtype` is float32 then. */
  readonly packed?: PackedType & { readonly type: string };
  readonly shape: readonly number[];
  readonly count: number;
  /** Offset in the file of the first byte. */
  readonly offset: number;
  readonly byteLength: number;
}

/** What messages call the parts of the header. */
const HEADER = l10n.t('the header');
const METADATA_VALUE = l10n.t('a value of {0}', '"__metadata__"');
const DESCRIPTION = l10n.t('the description of a tensor');
const SHAPE = { whole: '"shape"', item: l10n.t('a number in {0}', '"shape"') };
const DATA_OFFSETS = { whole: '"data_offsets"', item: l10n.t('a number in {0}', '"data_offsets"') };

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/**
 * Reads and checks the header of a safetensors file, by the rules of the format
 * (https://github.com/huggingface/safetensors#format): the tensors fill the rest of the file in the order of their
 * offsets, without overlaps and holes.
 * @returns the tensors in the order of their bytes
 * @throws {FormatError}
 */
export async function readSafetensorsHeader(
  source: RandomAccessSource,
  signal?: AbortSignal,
): Promise<SafetensorsTensor[]> {
  const fail = (reason: string, offset?: number, tensor?: string): FormatError =>
    new FormatError({ file: source.path, reason, offset, tensor, remedy: REMEDY });
  if (source.size < LENGTH_BYTES + 2) {
    throw fail(l10n.t('has {0} bytes, too few for a safetensors header', source.size), source.size);
  }
  const claimed = headerLength(await source.read(0, LENGTH_BYTES, signal));
  if (claimed > MAX_HEADER_BYTES) {
    throw fail(l10n.t('claims a header of {0} bytes; at most {1} are read', String(claimed), MAX_HEADER_BYTES), 0);
  }
  const headerBytes = Number(claimed);
  const dataStart = LENGTH_BYTES + headerBytes;
  if (dataStart > source.size) {
    throw fail(l10n.t('ends inside its header: that should end at byte {0}', dataStart), source.size);
  }
  const header = await source.read(LENGTH_BYTES, headerBytes, signal);
  // The format wants "{" as the first byte, so that files can be told by it.
  if (header[0] !== 0x7b) throw fail(l10n.t('has a header that does not start with "{"'), LENGTH_BYTES);
  const tensors = parseHeader(new JsonCursor(header, source.path, REMEDY, LENGTH_BYTES), dataStart, fail);
  return inOrder(tensors, dataStart, source.size, fail);
}

/** Length of the header that the first eight bytes of a file claim. */
export function headerLength(head: Uint8Array): bigint {
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getBigUint64(0, true);
}

interface ParsedTensor extends SafetensorsTensor {
  /** Offset in the file of its entry in the header, for messages. */
  readonly entryOffset: number;
}

type Fail = (reason: string, offset?: number, tensor?: string) => FormatError;

function parseHeader(json: JsonCursor, dataStart: number, fail: Fail): ParsedTensor[] {
  const tensors: ParsedTensor[] = [];
  const names = new Set<string>();
  json.readObject(HEADER, (name, entryOffset) => {
    if (names.has(name)) throw fail(l10n.t('lists the name {0} twice', quote(name)), entryOffset);
    names.add(name);
    if (name === '__metadata__') {
      // MLX writes null where it has none, which the reference implementation takes.
      if (json.peek() === 'null') {
        json.skip();
        return;
      }
      json.readObject('"__metadata__"', () => {
        json.readString(METADATA_VALUE);
      });
      return;
    }
    if (name.length > MAX_NAME_LENGTH) {
      throw fail(
        l10n.t('has a tensor name of {0} characters; at most {1} are read', name.length, MAX_NAME_LENGTH),
        entryOffset,
      );
    }
    if (tensors.length >= MAX_TENSORS) throw fail(l10n.t('lists more than {0} tensors', MAX_TENSORS), entryOffset);
    tensors.push(parseTensor(json, name, entryOffset, dataStart, fail));
  });
  json.end();
  return tensors;
}

function parseTensor(json: JsonCursor, name: string, entryOffset: number, dataStart: number, fail: Fail): ParsedTensor {
  let typeName: string | undefined;
  let shape: number[] | undefined;
  let range: number[] | undefined;
  json.readObject(DESCRIPTION, (key, offset) => {
    const repeated = (value: unknown): void => {
      if (value !== undefined) throw fail(l10n.t('has two entries "{0}"', key), offset, name);
    };
    if (key === 'dtype') {
      repeated(typeName);
      typeName = json.readString('"dtype"');
    } else if (key === 'shape') {
      repeated(shape);
      shape = readSizes(json, SHAPE, MAX_DIMENSIONS);
    } else if (key === 'data_offsets') {
      repeated(range);
      range = readSizes(json, DATA_OFFSETS, 2);
    } else {
      json.skip();
    }
  });
  if (typeName === undefined || shape === undefined || range === undefined) {
    const lacking = typeName === undefined ? 'dtype' : shape === undefined ? 'shape' : 'data_offsets';
    throw fail(l10n.t('has no "{0}"', lacking), entryOffset, name);
  }
  const [begin, end] = range;
  if (begin === undefined || end === undefined) {
    throw fail(l10n.t('has fewer than two "data_offsets"'), entryOffset, name);
  }
  if (begin > end) throw fail(l10n.t('ends ({0}) before it begins ({1})', end, begin), entryOffset, name);
  const dtype = DTYPES.get(typeName);
  const packed = PACKED_TYPES.get(typeName);
  const bits = dtype === undefined ? packed?.bits : 8 * BYTES_PER_ELEMENT[dtype];
  if (bits === undefined) throw fail(l10n.t('has the unknown dtype {0}', quote(typeName)), entryOffset, name);
  const count = elementCount(shape);
  const byteLength = count === undefined ? undefined : (count * bits) / 8;
  if (count === undefined || !Number.isSafeInteger(byteLength)) {
    throw fail(
      l10n.t('has a shape, [{0}] of {1}, that is too large or fills no whole bytes', shape.join(', '), typeName),
      entryOffset,
      name,
    );
  }
  if (byteLength !== end - begin) {
    throw fail(
      l10n.t(
        'is given {0} bytes, but [{1}] of {2} takes {3} bytes',
        end - begin,
        shape.join(', '),
        typeName,
        String(byteLength),
      ),
      entryOffset,
      name,
    );
  }
  const tensor = { name, shape, count, offset: dataStart + begin, byteLength, entryOffset };
  if (packed !== undefined) return { ...tensor, dtype: 'float32', packed: { ...packed, type: typeName } };
  return { ...tensor, dtype: dtype ?? 'float32' };
}

function readSizes(json: JsonCursor, what: typeof SHAPE, most: number): number[] {
  const sizes: number[] = [];
  json.readArray(what.whole, (index) => {
    if (index >= most) throw json.error(l10n.t('{0} has more than {1} numbers', what.whole, most));
    sizes.push(json.readSize(what.item));
  });
  return sizes;
}

function inOrder(tensors: ParsedTensor[], dataStart: number, fileSize: number, fail: Fail): SafetensorsTensor[] {
  // Tensors without elements share their offset with the next one and come first.
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = dataStart;
  let previous: string | undefined;
  const before = (): string => (previous === undefined ? HEADER : quote(previous));
  for (const { name, offset, byteLength, entryOffset } of tensors) {
    if (offset < end) throw fail(l10n.t('overlaps {0} by {1} bytes', before(), end - offset), entryOffset, name);
    if (offset > end) {
      throw fail(
        l10n.t('leaves {0} bytes unused after {1}, which the format forbids', offset - end, before()),
        entryOffset,
        name,
      );
    }
    end = offset + byteLength;
    if (end > fileSize) {
      throw fail(l10n.t('should end at byte {0}, but the file has {1} bytes', end, fileSize), entryOffset, name);
    }
    previous = name;
  }
  if (end < fileSize) {
    throw fail(l10n.t('has {0} bytes after its last tensor, which the format forbids', fileSize - end), end);
  }
  return tensors;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
