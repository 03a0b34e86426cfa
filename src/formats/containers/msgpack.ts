import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { MAX_NAME_LENGTH } from '../limits';
import type { RandomAccessSource } from '../source';

/** Bytes that are read at a time. What stands between two arrays has under 100; small arrays share a read. */
const WINDOW_BYTES = 4096;

/** Maps in maps: a network's modules nest some 10 deep, an optimiser's state adds as many. */
const MAX_DEPTH = 100;

/** {@link MAX_TENSORS} arrays take four values each (the array, shape, type, bytes) and a name; their maps as many again. */
const MAX_VALUES = 2_000_000;

/** Bytes of a file that were not read: binary data, or text that is longer than any name. */
export interface MsgpackBytes {
  readonly kind: 'bytes';
  readonly offset: number;
  readonly length: number;
}

/** An extension; `content` is the message that its bytes are, where the reader was told so. */
export interface MsgpackExtension {
  readonly kind: 'extension';
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly content?: MsgpackValue;
}

/** Key-value pairs in the order of the file, which may repeat keys. */
export interface MsgpackMap {
  readonly kind: 'map';
  readonly entries: readonly (readonly [key: string, value: MsgpackValue])[];
}

export type MsgpackValue =
  string | number | boolean | null | MsgpackBytes | MsgpackExtension | MsgpackMap | readonly MsgpackValue[];

/**
 * Reads a message by ranges (https://github.com/msgpack/msgpack/blob/master/spec.md): binary data is passed over, and
 * only where it is comes out.
 */
export class MsgpackReader {
  private window = new Uint8Array(0);
  private view = new DataView(this.window.buffer);
  private windowStart = 0;
  private at = 0;
  private values = 0;

  /** @param nested Types of extensions whose bytes are messages themselves. */
  constructor(
    private readonly source: RandomAccessSource,
    private readonly nested: readonly number[],
    private readonly signal?: AbortSignal,
  ) {}

  /** The message that the whole file is. @throws {FormatError} */
  async readFile(): Promise<MsgpackValue> {
    const value = await this.value(this.source.size, 0);
    if (this.at < this.source.size) {
      throw this.error(l10n.t('has {0} bytes after the end of its msgpack data', this.source.size - this.at));
    }
    return value;
  }

  /** The value at the place that was reached; it must end before `end`. */
  private async value(end: number, depth: number): Promise<MsgpackValue> {
    if (depth > MAX_DEPTH) throw this.error(l10n.t('nests its msgpack data deeper than {0} levels', MAX_DEPTH));
    if (++this.values > MAX_VALUES) throw this.error(l10n.t('holds more than {0} msgpack values', MAX_VALUES));
    const code = await this.unsigned(1, end);
    if (code < 0x80) return code;
    if (code < 0x90) return await this.map(code & 0x0f, end, depth);
    if (code < 0xa0) return await this.array(code & 0x0f, end, depth);
    if (code < 0xc0) return await this.text(code & 0x1f, end);
    if (code >= 0xe0) return code - 256;
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return code === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.bytes(await this.unsigned(2 ** (code - 0xc4), end), end);
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return await this.extension(await this.unsigned(2 ** (code - 0xc7), end), end, depth);
      case 0xca:
      case 0xcb: {
        const width = code === 0xca ? 4 : 8;
        const at = await this.take(width, end);
        return width === 4 ? this.view.getFloat32(at) : this.view.getFloat64(at);
      }
      case 0xcc:
      case 0xcd:
      case 0xce:
        return await this.unsigned(2 ** (code - 0xcc), end);
      case 0xcf:
        return Number(this.view.getBigUint64(await this.take(8, end)));
      case 0xd0:
        return this.view.getInt8(await this.take(1, end));
      case 0xd1:
        return this.view.getInt16(await this.take(2, end));
      case 0xd2:
        return this.view.getInt32(await this.take(4, end));
      case 0xd3:
        return Number(this.view.getBigInt64(await this.take(8, end)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return await this.extension(2 ** (code - 0xd4), end, depth);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return await this.text(await this.unsigned(2 ** (code - 0xd9), end), end);
      case 0xdc:
      case 0xdd:
        return await this.array(await this.unsigned(code === 0xdc ? 2 : 4, end), end, depth);
      case 0xde:
      case 0xdf:
        return await this.map(await this.unsigned(code === 0xde ? 2 : 4, end), end, depth);
      default:
        this.at--;
        throw this.error(l10n.t('holds the byte 0x{0}, which msgpack does not use', code.toString(16)));
    }
  }

  private async map(count: number, end: number, depth: number): Promise<MsgpackMap> {
    this.checkCount(2 * count, end);
    const entries: [string, MsgpackValue][] = [];
    for (let i = 0; i < count; i++) {
      const at = this.at;
      const key = await this.value(end, depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') {
        this.at = at;
        throw this.error(l10n.t('has a key in a map that is not a name'));
      }
      entries.push([String(key), await this.value(end, depth + 1)]);
    }
    return { kind: 'map', entries };
  }

  private async array(count: number, end: number, depth: number): Promise<MsgpackValue[]> {
    this.checkCount(count, end);
    const items: MsgpackValue[] = [];
    for (let i = 0; i < count; i++) items.push(await this.value(end, depth + 1));
    return items;
  }

  private async text(length: number, end: number): Promise<string | MsgpackBytes> {
    if (length > MAX_NAME_LENGTH) return this.bytes(length, end);
    const at = await this.take(length, end);
    return Buffer.from(this.window.buffer, this.window.byteOffset + at, length).toString('utf8');
  }

  private bytes(length: number, end: number): MsgpackBytes {
    const offset = this.at;
    this.checkLength(length, end);
    this.at += length;
    return { kind: 'bytes', offset, length };
  }

  private async extension(length: number, end: number, depth: number): Promise<MsgpackExtension> {
    const type = this.view.getInt8(await this.take(1, end));
    const offset = this.at;
    this.checkLength(length, end);
    const rest = { kind: 'extension', type, offset, length } as const;
    if (!this.nested.includes(type)) {
      this.at += length;
      return rest;
    }
    const content = await this.value(offset + length, depth + 1);
    if (this.at !== offset + length) {
      throw this.error(l10n.t('has a msgpack extension of {0} bytes that hold {1}', length, this.at - offset));
    }
    return { ...rest, content };
  }

  private async unsigned(width: number, end: number): Promise<number> {
    const at = await this.take(width, end);
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  /** Passes over `length` bytes (few). @returns where they are in the window */
  private async take(length: number, end: number): Promise<number> {
    this.checkLength(length, end);
    if (this.at < this.windowStart || this.at + length > this.windowStart + this.window.length) {
      const wanted = Math.min(Math.max(WINDOW_BYTES, length), this.source.size - this.at);
      this.window = new Uint8Array(await this.source.read(this.at, wanted, this.signal));
      this.view = new DataView(this.window.buffer, this.window.byteOffset, this.window.length);
      this.windowStart = this.at;
    }
    const at = this.at - this.windowStart;
    this.at += length;
    return at;
  }

  private checkLength(length: number, end: number): void {
    if (length <= end - this.at) return;
    throw this.error(l10n.t('has msgpack data of {0} bytes where there are {1}', length, end - this.at));
  }

  /** Every value takes a byte at least. */
  private checkCount(count: number, end: number): void {
    if (count <= end - this.at) return;
    throw this.error(l10n.t('has {0} msgpack values in {1} bytes', count, end - this.at));
  }

  private error(reason: string): FormatError {
    return new FormatError({
      file: this.source.path,
      offset: this.at,
      reason,
      remedy: l10n.t('The file is damaged or incomplete: copy or download it again.'),
    });
  }
}
