import * as l10n from '@vscode/l10n';
import type { ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_DIMENSIONS, MAX_FILES, MAX_TENSORS } from '../limits';
import { readShape } from './shapes';
import type { TableEntry } from './table';

/** The messages of `tensor_bundle.proto`, which the index of a checkpoint has as values. */

/** Under the empty key: what holds for the whole checkpoint. */
export interface BundleHeader {
  readonly shards: number;
  readonly bigEndian: boolean;
}

/** Where one tensor is, or of which slices it consists. */
export interface BundleEntry {
  /** By `types.proto`. */
  readonly type: number;
  readonly shape: readonly number[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  /** CRC-32C of the values, masked. */
  readonly checksum: number;
  /** Those of a partitioned variable; each has an entry of its own, see {@link sliceKey}. */
  readonly slices: readonly Slice[];
}

/** A box of a tensor: one extent a dimension. Without a length it is the whole dimension. */
export type Slice = readonly { readonly start: number; readonly length: number | undefined }[];

/** @throws {FormatError} */
export async function readBundleHeader(input: ProtobufInput, { start, end }: TableEntry): Promise<BundleHeader> {
  const fields = input.fields({ start, end, depth: 0 });
  let shards = 0;
  let bigEndian = false;
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) shards = fields.int64;
    else if (fields.number === 2) bigEndian = fields.int64 === 1;
  }
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_FILES) {
    throw input.error(start, l10n.t('names {0} files; 1 to {1} are read', shards, MAX_FILES));
  }
  return { shards, bigEndian };
}

/** @throws {FormatError} */
export async function readBundleEntry(input: ProtobufInput, { start, end }: TableEntry): Promise<BundleEntry> {
  const fields = input.fields({ start, end, depth: 0 });
  const entry = { type: 0, shape: [] as number[], shard: 0, offset: 0, size: 0, checksum: 0 };
  const slices: Slice[] = [];
  while (fields.next() ?? (await fields.load())) {
    switch (fields.number) {
      case 1:
        entry.type = fields.int64;
        break;
      case 2:
        entry.shape = await readShape(input, fields.range);
        break;
      case 3:
        entry.shard = fields.int64;
        break;
      case 4:
        entry.offset = fields.int64;
        break;
      case 5:
        entry.size = fields.int64;
        break;
      case 6:
        entry.checksum = Number(fields.uint64);
        break;
      case 7:
        if (slices.length >= MAX_TENSORS) {
          throw input.error(fields.offset, l10n.t('lists more than {0} slices of a tensor', MAX_TENSORS));
        }
        slices.push(await readSlice(input, fields.range));
    }
  }
  return { ...entry, slices };
}

async function readSlice(input: ProtobufInput, range: ProtobufRange): Promise<Slice> {
  const slice: { start: number; length: number | undefined }[] = [];
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number !== 1) continue;
    if (slice.length >= MAX_DIMENSIONS) {
      throw input.error(fields.offset, l10n.t('has a shape of more than {0} dimensions', MAX_DIMENSIONS));
    }
    const extent = { start: 0, length: undefined as number | undefined };
    const numbers = input.fields(fields.range);
    while (numbers.next() ?? (await numbers.load())) {
      if (numbers.number === 1) extent.start = numbers.int64;
      else if (numbers.number === 2) extent.length = numbers.int64;
    }
    slice.push(extent);
  }
  return slice;
}

/**
 * The key, as Latin-1, of the entry of a slice (`EncodeTensorNameSlice` of TensorFlow): zero, name, number of
 * dimensions, start and length of each, in a code (`ordered_code`) whose bytes sort as the values do.
 * @param name The key of the whole tensor, as Latin-1.
 */
export function sliceKey(name: string, slice: Slice): string {
  const escaped = name.replaceAll(/[\0\xff]/g, (character) => (character === '\0' ? '\0\xff' : '\xff\0'));
  const extents = slice.map(({ start, length }) => signedCode(start) + signedCode(length ?? -1));
  return `\0${escaped}\0\x01${unsignedCode(slice.length)}${extents.join('')}`;
}

/** The number of bytes, then the bytes, the highest first. */
function unsignedCode(value: number): string {
  let bytes = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes = String.fromCharCode(rest % 256) + bytes;
  return String.fromCharCode(bytes.length) + bytes;
}

/** As many leading ones (zeros if negative) as there are bytes, then the number in two's complement. */
function signedCode(value: number): string {
  const magnitude = BigInt(value < 0 ? -(value + 1) : value);
  let bytes = 1;
  while (bytes < 10 && magnitude >= 1n << BigInt(7 * bytes - 1)) bytes++;
  const bits = BigInt(8 * bytes);
  let code = BigInt.asUintN(Number(bits), BigInt(value));
  // The sign's copies in the first bits are turned into the mark of the length.
  code ^= ((1n << BigInt(bytes)) - 1n) << (bits - BigInt(bytes));
  let text = '';
  for (let shift = bits - 8n; shift >= 0n; shift -= 8n) text += String.fromCharCode(Number((code >> shift) & 0xffn));
  return text;
}
