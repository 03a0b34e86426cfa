import { BYTES_PER_ELEMENT, type DType } from './dtype';
import { FormatError } from './errors';
import { JsonCursor } from './json-cursor';
import { MAX_DIMENSIONS, MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS } from './limits';
import { elementCount } from './shape';
import type { RandomAccessSource } from './source';

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

/** Types of which several elements share a byte, with their width in bits. Known, checked, and not analysed. */
const PACKED_BITS: ReadonlyMap<string, number> = new Map([
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
]);

/** One tensor as the header describes it. */
export interface SafetensorsTensor {
  readonly name: string;
  /** Undefined for the packed types, which have less than a byte an element. */
  readonly dtype: DType | undefined;
  readonly shape: readonly number[];
  readonly count: number;
  /** Offset in the file of the first byte. */
  readonly offset: number;
  readonly byteLength: number;
}

const REMEDY = 'The file is damaged or incomplete: copy or download it again.';

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
    throw fail(`has ${String(source.size)} bytes, too few for a safetensors header`, source.size);
  }
  const claimed = headerLength(await source.read(0, LENGTH_BYTES, signal));
  if (claimed > MAX_HEADER_BYTES) {
    throw fail(`claims a header of ${String(claimed)} bytes; at most ${String(MAX_HEADER_BYTES)} are read`, 0);
  }
  const headerBytes = Number(claimed);
  const dataStart = LENGTH_BYTES + headerBytes;
  if (dataStart > source.size) {
    throw fail(`ends inside its header: that should end at byte ${String(dataStart)}`, source.size);
  }
  const header = await source.read(LENGTH_BYTES, headerBytes, signal);
  // The format wants "{" as the first byte, so that files can be told by it.
  if (header[0] !== 0x7b) throw fail('has a header that does not start with "{"', LENGTH_BYTES);
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
  json.readObject('the header', (name, entryOffset) => {
    if (names.has(name)) throw fail(`lists the name ${quote(name)} twice`, entryOffset);
    names.add(name);
    if (name === '__metadata__') {
      json.readObject('"__metadata__"', () => {
        json.readString('a value of "__metadata__"');
      });
      return;
    }
    if (name.length > MAX_NAME_LENGTH) {
      throw fail(
        `has a tensor name of ${String(name.length)} characters; at most ${String(MAX_NAME_LENGTH)} are read`,
        entryOffset,
      );
    }
    if (tensors.length >= MAX_TENSORS) throw fail(`lists more than ${String(MAX_TENSORS)} tensors`, entryOffset);
    tensors.push(parseTensor(json, name, entryOffset, dataStart, fail));
  });
  json.end();
  return tensors;
}

function parseTensor(json: JsonCursor, name: string, entryOffset: number, dataStart: number, fail: Fail): ParsedTensor {
  let typeName: string | undefined;
  let shape: number[] | undefined;
  let range: number[] | undefined;
  json.readObject('the description of a tensor', (key, offset) => {
    const repeated = (value: unknown): void => {
      if (value !== undefined) throw fail(`has two entries "${key}"`, offset, name);
    };
    if (key === 'dtype') {
      repeated(typeName);
      typeName = json.readString('"dtype"');
    } else if (key === 'shape') {
      repeated(shape);
      shape = readSizes(json, '"shape"', MAX_DIMENSIONS);
    } else if (key === 'data_offsets') {
      repeated(range);
      range = readSizes(json, '"data_offsets"', 2);
    } else {
      json.skip();
    }
  });
  if (typeName === undefined || shape === undefined || range === undefined) {
    const lacking = typeName === undefined ? 'dtype' : shape === undefined ? 'shape' : 'data_offsets';
    throw fail(`has no "${lacking}"`, entryOffset, name);
  }
  const [begin, end] = range;
  if (begin === undefined || end === undefined) throw fail('has fewer than two "data_offsets"', entryOffset, name);
  if (begin > end) throw fail(`ends (${String(end)}) before it begins (${String(begin)})`, entryOffset, name);
  const dtype = DTYPES.get(typeName);
  const bits = dtype === undefined ? PACKED_BITS.get(typeName) : 8 * BYTES_PER_ELEMENT[dtype];
  if (bits === undefined) throw fail(`has the unknown dtype ${quote(typeName)}`, entryOffset, name);
  const count = elementCount(shape);
  const byteLength = count === undefined ? undefined : (count * bits) / 8;
  if (count === undefined || !Number.isSafeInteger(byteLength)) {
    throw fail(
      `has a shape, [${shape.join(', ')}] of ${typeName}, that is too large or fills no whole bytes`,
      entryOffset,
      name,
    );
  }
  if (byteLength !== end - begin) {
    const expected = `[${shape.join(', ')}] of ${typeName} takes ${String(byteLength)} bytes`;
    throw fail(`is given ${String(end - begin)} bytes, but ${expected}`, entryOffset, name);
  }
  return { name, dtype, shape, count, offset: dataStart + begin, byteLength, entryOffset };
}

function readSizes(json: JsonCursor, what: string, most: number): number[] {
  const sizes: number[] = [];
  json.readArray(what, (index) => {
    if (index >= most) throw json.error(`${what} has more than ${String(most)} numbers`);
    sizes.push(json.readSize(`a number in ${what}`));
  });
  return sizes;
}

function inOrder(tensors: ParsedTensor[], dataStart: number, fileSize: number, fail: Fail): SafetensorsTensor[] {
  // Tensors without elements share their offset with the next one and come first.
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = dataStart;
  let previous: string | undefined;
  const before = (): string => (previous === undefined ? 'the header' : quote(previous));
  for (const { name, offset, byteLength, entryOffset } of tensors) {
    if (offset < end) throw fail(`overlaps ${before()} by ${String(end - offset)} bytes`, entryOffset, name);
    if (offset > end) {
      throw fail(
        `leaves ${String(offset - end)} bytes unused after ${before()}, which the format forbids`,
        entryOffset,
        name,
      );
    }
    end = offset + byteLength;
    if (end > fileSize) {
      throw fail(`should end at byte ${String(end)}, but the file has ${String(fileSize)} bytes`, entryOffset, name);
    }
    previous = name;
  }
  if (end < fileSize)
    throw fail(`has ${String(fileSize - end)} bytes after its last tensor, which the format forbids`, end);
  return tensors;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
