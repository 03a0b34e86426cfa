import * as l10n from '@vscode/l10n';
import { FormatError } from '../../errors';

/** Widths in bytes of the addresses and lengths of one file, as its superblock gives them. */
export interface FieldSizes {
  readonly address: number;
  readonly length: number;
}

/** What to do about a file whose structures contradict each other. */
export const DAMAGED = l10n.t('The file is damaged or incomplete: copy or download it again.');

const utf8 = new TextDecoder();

/** Reads little-endian fields of a structure, one after the other. */
export class Fields {
  position = 0;
  private readonly view: DataView;

  /** @param offset Place of the first byte in the file, for messages. */
  constructor(
    readonly bytes: Uint8Array,
    readonly offset: number,
    readonly sizes: FieldSizes,
    readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** An unsigned integer of 0 to 8 bytes; undefined if it does not fit a double. */
  uint(width: number): number | undefined {
    const start = this.advance(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + (this.bytes[start + i] ?? 0);
    return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
  }

  /** An unsigned integer of so many bytes. @throws {FormatError} if it does not fit a double: nothing is that large. */
  size(width = this.sizes.length): number {
    const value = this.uint(width);
    if (value === undefined) throw this.fault(l10n.t('has a size or count that is impossible'));
    return value;
  }

  /** An address relative to the file's base; undefined (all ones) if there is none. */
  address(): number | undefined {
    const width = this.sizes.address;
    const start = this.position;
    const value = this.uint(width);
    if (this.bytes.subarray(start, start + width).every((byte) => byte === 0xff)) return undefined;
    if (value === undefined) throw this.fault(l10n.t('names a place beyond the end of the file'));
    return value;
  }

  /** An address that has to be there. @throws {FormatError} */
  place(): number {
    const address = this.address();
    if (address === undefined) throw this.fault(l10n.t('lacks a part of its structure'));
    return address;
  }

  /** @throws {FormatError} if other letters stand here */
  signature(expected: string): this {
    const found = this.text(expected.length);
    if (found !== expected) throw this.fault(l10n.t('has no {0} where one has to be', expected), this.position - 4);
    return this;
  }

  skip(length: number): this {
    this.advance(length);
    return this;
  }

  /** Moves on to the next multiple of `alignment`, counted from `start`, as far as there are bytes. */
  align(alignment: number, start = 0): void {
    const padding = (alignment - ((this.position - start) % alignment)) % alignment;
    this.advance(Math.min(padding, this.left));
  }

  take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The next bytes as a structure of their own. */
  part(length: number): Fields {
    const offset = this.offset + this.position;
    return new Fields(this.take(length), offset, this.sizes, this.file);
  }

  /** So many bytes of text, up to a NUL if there is one. */
  text(length: number): string {
    return decodeText(this.take(length));
  }

  /** Text up to a NUL, of which there has to be one within `most` bytes. */
  terminated(most: number): string {
    const end = this.bytes.indexOf(0, this.position);
    if (end === -1 || end - this.position > most) throw this.fault(l10n.t('has a name without an end'));
    const text = utf8.decode(this.bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }

  fault(reason: string, position = this.position): FormatError {
    return new FormatError({ file: this.file, offset: this.offset + Math.max(0, position), reason, remedy: DAMAGED });
  }

  private advance(length: number): number {
    const start = this.position;
    if (length > this.bytes.length - start) throw this.fault(l10n.t('has a structure that is cut off'));
    this.position += length;
    return start;
  }
}

/** Text up to a NUL, or all of it. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8.decode(end === -1 ? bytes : bytes.subarray(0, end));
}
