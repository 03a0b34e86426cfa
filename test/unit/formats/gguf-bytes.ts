/** GGUF files written by hand, by the specification, right or wrong in any field. */

/** Numbers of the types of metadata. */
export const U8 = 0;
export const U16 = 2;
export const U32 = 4;
export const I32 = 5;
export const F32 = 6;
export const STRING = 8;
export const ARRAY = 9;
export const U64 = 10;

export interface Style {
  readonly version?: number;
  readonly bigEndian?: boolean;
}

/** Puts numbers and texts one after the other, as a version and byte order have them. */
export class Bytes {
  private readonly parts: Buffer[] = [];

  constructor(private readonly style: Style = {}) {}

  u8(value: number): this {
    return this.raw(Buffer.of(value));
  }

  u16(value: number): this {
    return this.number(2, (view) => {
      view.setUint16(0, value, this.style.bigEndian !== true);
    });
  }

  u32(value: number): this {
    return this.number(4, (view) => {
      view.setUint32(0, value, this.style.bigEndian !== true);
    });
  }

  u64(value: number | bigint): this {
    return this.number(8, (view) => {
      view.setBigUint64(0, BigInt(value), this.style.bigEndian !== true);
    });
  }

  /** A length or a count. */
  size(value: number | bigint): this {
    return this.style.version === 1 ? this.u32(Number(value)) : this.u64(value);
  }

  text(value: string | Buffer): this {
    const bytes = Buffer.from(value as string, 'utf8');
    return this.size(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(Buffer.from(bytes));
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }

  private number(length: number, set: (view: DataView) => void): this {
    const bytes = Buffer.alloc(length);
    set(new DataView(bytes.buffer, bytes.byteOffset, length));
    return this.raw(bytes);
  }
}

export interface Tensor {
  readonly name: string;
  /** As the file has them: the innermost first. */
  readonly dimensions: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
}

export interface Gguf extends Style {
  readonly magic?: string;
  /** Key, type and value of each entry. */
  readonly entries?: readonly (readonly [string, number, (bytes: Bytes) => unknown])[];
  readonly tensors?: readonly Tensor[];
  readonly tensorCount?: number | bigint;
  readonly entryCount?: number | bigint;
  readonly alignment?: number;
  readonly data?: Uint8Array;
}

/** An entry of metadata that is a text. */
export function textEntry(key: string, value: string): NonNullable<Gguf['entries']>[number] {
  return [key, STRING, (bytes) => bytes.text(value)];
}

/** An entry of metadata that is a number of 32 bits. */
export function numberEntry(key: string, value: number): NonNullable<Gguf['entries']>[number] {
  return [key, U32, (bytes) => bytes.u32(value)];
}

export function gguf(file: Gguf): Buffer {
  const { entries = [], tensors = [], alignment = 32 } = file;
  const bytes = new Bytes({ version: 3, ...file }).raw(Buffer.from(file.magic ?? 'GGUF')).u32(file.version ?? 3);
  bytes.size(file.tensorCount ?? tensors.length).size(file.entryCount ?? entries.length);
  for (const [key, type, write] of entries) write(bytes.text(key).u32(type));
  for (const { name, dimensions, type = 0, offset = 0 } of tensors) {
    bytes.text(name).u32(dimensions.length);
    for (const size of dimensions) bytes.size(size);
    bytes.u32(type).u64(offset);
  }
  const header = bytes.done();
  const padding = Buffer.alloc((alignment - (header.length % alignment)) % alignment);
  return Buffer.concat([header, padding, file.data ?? Buffer.alloc(0)]);
}
