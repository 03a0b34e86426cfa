import { crc32, deflateRawSync } from 'node:zlib';

/** Assembles pickles and archives byte by byte, as no library would write them. */

export function proto(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...parts, Buffer.from('.')]);
}

export function raw(...bytes: readonly number[]): Buffer {
  return Buffer.from(bytes);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([raw(0x58), u32(bytes.length), bytes]);
}

export function int(value: number): Buffer {
  if (value === (value | 0)) {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(10, raw(0x8a, 8));
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}

export function float(value: number): Buffer {
  const bytes = Buffer.alloc(9, 'G');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

export function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

export function tuple(...items: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]);
}

export function ints(...values: readonly number[]): Buffer {
  return tuple(...values.map(int));
}

export function list(...items: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(']('), ...items, Buffer.from('e')]);
}

export function dict(entries: Readonly<Record<string, Uint8Array>>): Buffer {
  const items = Object.entries(entries).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

export function call(callee: Uint8Array, ...args: readonly Uint8Array[]): Buffer {
  return Buffer.concat([callee, tuple(...args), Buffer.from('R')]);
}

export function object(callee: Uint8Array, state: Uint8Array): Buffer {
  return Buffer.concat([callee, Buffer.from(')\x81', 'latin1'), state, Buffer.from('b')]);
}

export interface TensorParts {
  readonly key?: string;
  readonly type?: string;
  readonly numel?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  /** Of legacy files: key, offset and size of the view that the storage is. */
  readonly view?: Uint8Array;
}

/** `torch._utils._rebuild_tensor_v2(storage, …)`; a 2 × 2 matrix in storage 0 unless told otherwise. */
export function tensor(parts: TensorParts = {}): Buffer {
  const { key = '0', type = 'FloatStorage', numel = 4, offset = 0, shape = [2, 2], strides = [2, 1], view } = parts;
  const id = tuple(
    text('storage'),
    global('torch', type),
    text(key),
    text('cpu'),
    int(numel),
    ...(view === undefined ? [] : [view]),
  );
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    Buffer.concat([id, Buffer.from('Q')]),
    int(offset),
    ints(...shape),
    ints(...strides),
    raw(0x89),
    dict({}),
  );
}

export interface ZipPart {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Claims, where they differ from the truth. */
  readonly size?: number;
  readonly compressedSize?: number;
  readonly headerOffset?: number;
  readonly method?: number;
  readonly flags?: number;
}

export function zip(...parts: readonly ZipPart[]): Buffer {
  const locals: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const data = part.deflate === true ? deflateRawSync(part.data) : Buffer.from(part.data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(part.flags ?? 0, 2);
    fields.writeUInt16LE(part.method ?? (part.deflate === true ? 8 : 0), 4);
    fields.writeUInt32LE(crc32(part.data), 10);
    fields.writeUInt32LE(part.compressedSize ?? data.length, 14);
    fields.writeUInt32LE(part.size ?? part.data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(part.headerOffset ?? offset, 10);
    records.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, tail, name]));
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, data]);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22, 'PK\x05\x06');
  end.fill(0, 4);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** A PyTorch archive of a pickle, with a storage 0 of four floats. */
export function torchZip(pickle: Uint8Array, ...more: readonly ZipPart[]): Buffer {
  return zip({ name: 'a/data.pkl', data: pickle }, ...more, { name: 'a/data/0', data: Buffer.alloc(16) });
}

const LEGACY_HEAD = Buffer.concat([
  Buffer.from('8002' + '8a0a6cfc9c46f9206aa85019' + '2e', 'hex'),
  proto(int(1001)),
  proto(dict({ protocol_version: int(1001) })),
]);

/** A legacy file; storages come with their number of elements before them. */
export function torchLegacy(pickle: Uint8Array, keys: Uint8Array, ...storages: readonly Uint8Array[]): Buffer {
  return Buffer.concat([LEGACY_HEAD, pickle, keys, ...storages]);
}

export function legacyStorage(count: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigInt64LE(BigInt(count));
  return Buffer.concat([head, data]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
