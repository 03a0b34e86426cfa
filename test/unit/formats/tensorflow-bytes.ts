/** Writes TensorFlow's files the plainest way, and wrong ones as easily. */

import { maskedCrc32c } from '../../../src/formats/containers/crc32c';

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? byte | 0x80 : byte);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** A field of a message: a number is a varint, all else is length-delimited. */
export function field(number: number, value: number | bigint | string | Uint8Array): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return Buffer.concat([varint(number * 8), varint(value)]);
  }
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields);
}

export function shape(...sizes: readonly number[]): Buffer {
  return message(...sizes.map((size) => field(2, field(1, size))));
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Of the prefix that is shared with the key before. */
  readonly shared?: number;
}

/** A block with its trailer. */
export function block(entries: readonly Entry[], compression = 0, checksum?: number, restarts = 1): Buffer {
  const content = Buffer.concat([
    ...entries.map(({ key, value, shared = 0 }) => {
      const bytes = Buffer.from(key, 'latin1');
      return Buffer.concat([varint(shared), varint(bytes.length), varint(value.length), bytes, value]);
    }),
    Buffer.alloc(4),
  ]);
  const trailer = Buffer.alloc(9);
  trailer.writeUInt32LE(restarts, 0);
  trailer[4] = compression;
  const bytes = Buffer.concat([content, trailer]);
  bytes.writeUInt32LE(checksum ?? maskedCrc32c(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

export function handle(offset: number | bigint, size: number | bigint): Buffer {
  return Buffer.concat([varint(offset), varint(size)]);
}

/** A table of the given blocks, which its index lists unless `index` says otherwise. */
export function table(blocks: readonly Buffer[], index?: readonly Entry[]): Buffer {
  let offset = 0;
  const handles = blocks.map((bytes, number): Entry => {
    const value = handle(offset, bytes.length - 5);
    offset += bytes.length;
    return { key: `k${number}`, value };
  });
  const indexBlock = block(index ?? handles);
  const footer = Buffer.alloc(48);
  Buffer.concat([handle(0, 0), handle(offset, indexBlock.length - 5)]).copy(footer);
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40);
  return Buffer.concat([...blocks, indexBlock, footer]);
}

/** The entry for a header: one file, little-endian. */
export function header(shards = 1, endianness = 0): Entry {
  const order = endianness === 0 ? Buffer.alloc(0) : field(2, endianness);
  return { key: '', value: message(field(1, shards), order, field(3, field(1, 1))) };
}

/** The entry of a tensor of float32. */
export function tensor(
  key: string,
  sizes: readonly number[],
  offset: number | bigint,
  size: number | bigint,
  { type = 1, shard = 0, slices = [] as readonly Uint8Array[] } = {},
): Entry {
  const value = message(
    field(1, type),
    field(2, shape(...sizes)),
    ...(shard === 0 ? [] : [field(3, shard)]),
    field(4, offset),
    field(5, size),
    ...slices.map((slice) => field(7, slice)),
  );
  return { key, value };
}

/** A checkpoint of one block. */
export function index(...entries: readonly Entry[]): Buffer {
  return table([block(entries)]);
}

/** A Const node whose value has the given fields. */
export function constant(name: string, ...value: readonly Uint8Array[]): Buffer {
  return node(name, 'Const', [], field(5, message(field(1, 'value'), field(2, field(8, message(...value))))));
}

/** As field of a graph. */
export function node(
  name: string,
  operator: string,
  inputs: readonly string[] = [],
  ...more: readonly Uint8Array[]
): Buffer {
  return field(1, message(field(1, name), field(2, operator), ...inputs.map((input) => field(3, input)), ...more));
}
