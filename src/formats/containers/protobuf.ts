import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';

/** A message or another length-delimited value: its bytes in the file, and how many messages it lies in. */
export interface ProtobufRange {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

/** Wire types (https://protobuf.dev/programming-guides/encoding/). Groups, 3 and 4, are refused. */
export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const;

/** What the reference implementation of protobuf allows unless it is told otherwise. */
const MAX_DEPTH = 100;

/**
 * Bytes read at a time: little after a jump, since what follows a tensor's data is often another such tensor; twice as
 * much each time that reading goes on where it ended, up to what makes the cost of one read negligible.
 */
const FIRST_WINDOW_BYTES = 4096;
const MAX_WINDOW_BYTES = 1024 * 1024;

/** A tag and a number have up to 10 bytes each. */
const MAX_HEADER_BYTES = 20;

/** Bytes of a value that are there at once when {@link ProtobufFields.next} has gone to its field: names, as a rule. */
const SHORT_BYTES = 4096;

const UPPER_WORD = 2 ** 32;

/**
 * A file of protobuf messages, read through a window: what is skipped is not read. One may be at several messages of it
 * at once.
 */
export class ProtobufInput {
  private window: Uint8Array = new Uint8Array(0);
  private windowStart = 0;
  private windowBytes = FIRST_WINDOW_BYTES;

  /** @param remedy For the errors that damaged messages raise: what the user can do. */
  constructor(
    readonly source: RandomAccessSource,
    private readonly remedy: string,
    private readonly signal?: AbortSignal,
  ) {}

  /** The whole file as one message. */
  get whole(): ProtobufRange {
    return { start: 0, end: this.source.size, depth: 0 };
  }

  /** The fields of a message, one after the other. @throws {FormatError} if messages are nested too deeply */
  fields(range: ProtobufRange): ProtobufFields {
    if (range.depth >= MAX_DEPTH) {
      throw this.error(range.start, l10n.t('nests messages deeper than {0} levels', MAX_DEPTH));
    }
    return new ProtobufFields(this, range);
  }

  /** The bytes of a range. @throws {FormatError} if there are more than `most` */
  async bytes({ start, end }: ProtobufRange, most: number): Promise<Uint8Array> {
    const length = end - start;
    if (length > most) {
      throw this.error(start, l10n.t('has a value of {0} bytes where at most {1} are expected', length, most));
    }
    return this.bytesNow(start, length) ?? (await this.source.read(start, length, this.signal));
  }

  /** Text of a range (invalid UTF-8 is replaced). @throws {FormatError} if it has more than `most` bytes */
  async text(range: ProtobufRange, most: number): Promise<string> {
    const bytes = await this.bytes(range, most);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  /**
   * Signed 64-bit varints, one after the other, as a packed repeated field has them. Those beyond ±2⁵³ are rounded.
   * @throws {FormatError} if there are more than `most`
   */
  async packedInt64({ start, end }: ProtobufRange, most: number): Promise<number[]> {
    const numbers: number[] = [];
    const varint: Varint = { low: 0, high: 0, end: start };
    while (varint.end < end) {
      if (numbers.length >= most) throw this.error(varint.end, l10n.t('lists more than {0} numbers', most));
      const { end: at } = varint;
      if (!this.holds(at, Math.min(at + MAX_HEADER_BYTES, end))) await this.load(at, MAX_HEADER_BYTES);
      this.varint(at, end, varint);
      numbers.push(signed(varint));
    }
    return numbers;
  }

  /** The error for what stands at `offset`. */
  error(offset: number, reason: string, tensor?: string): FormatError {
    return new FormatError({ file: this.source.path, offset, tensor, reason, remedy: this.remedy });
  }

  /** Whether the window has all these bytes. */
  holds(start: number, end: number): boolean {
    return start >= this.windowStart && end <= this.windowStart + this.window.length;
  }

  /** Moves the window so that it begins at `start` and has `length` bytes, or all up to the end of the file. */
  async load(start: number, length: number): Promise<void> {
    const windowEnd = this.windowStart + this.window.length;
    const goesOn = start >= this.windowStart && start <= windowEnd + FIRST_WINDOW_BYTES;
    this.windowBytes = goesOn ? Math.min(this.windowBytes * 2, MAX_WINDOW_BYTES) : FIRST_WINDOW_BYTES;
    const bytes = Math.min(Math.max(this.windowBytes, length), this.source.size - start);
    this.window = await this.source.read(start, bytes, this.signal);
    this.windowStart = start;
  }

  /** A copy of bytes that are in the window; undefined if they are not. */
  bytesNow(start: number, length: number): Uint8Array | undefined {
    if (!this.holds(start, start + length)) return undefined;
    return this.window.slice(start - this.windowStart, start - this.windowStart + length);
  }

  /** Text that is in the window; undefined if it is not. */
  textNow(start: number, end: number): string | undefined {
    if (!this.holds(start, end)) return undefined;
    const { buffer, byteOffset } = this.window;
    return Buffer.from(buffer, byteOffset + start - this.windowStart, end - start).toString('utf8');
  }

  /** Reads a varint that is in the window as far as it is in the message, which ends at `end`. */
  varint(at: number, end: number, into: Varint): void {
    const { window, windowStart } = this;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (at + index >= end) throw this.error(at, l10n.t('has a number that is cut off'));
      const byte = window[at + index - windowStart] ?? 0;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (index === 9 && byte > 1) break;
      if (byte < 0x80) {
        into.low = low >>> 0;
        into.high = high >>> 0;
        into.end = at + index + 1;
        return;
      }
    }
    throw this.error(at, l10n.t('has a number of more than 64 bits'));
  }

  /** Reads a little-endian number of 4 or 8 bytes that is in the window. */
  fixed(at: number, width: 4 | 8, into: Varint): void {
    const view = new DataView(this.window.buffer, this.window.byteOffset + at - this.windowStart, width);
    into.low = view.getUint32(0, true);
    into.high = width === 8 ? view.getUint32(4, true) : 0;
    into.end = at + width;
  }
}

interface Varint {
  low: number;
  high: number;
  end: number;
}

/**
 * Goes through the fields of one message:
 *
 *     const fields = input.fields(range);
 *     while (fields.next() ?? (await fields.load())) switch (fields.number) …
 *
 * so that waiting is only for bytes that have to be read.
 */
export class ProtobufFields {
  /** Of the field that this stands at. */
  number = 0;
  wireType: number = WireType.Varint;
  /** Offset of the field's tag. */
  offset: number;
  /** Of the value; of length-delimited ones without the length. */
  start: number;
  end: number;
  private readonly value: Varint = { low: 0, high: 0, end: 0 };

  constructor(
    private readonly input: ProtobufInput,
    private readonly message: ProtobufRange,
  ) {
    this.offset = this.start = this.end = message.start;
  }

  /** Goes to the next field. False at the end of the message; undefined if its bytes have to be loaded first. */
  next(): boolean | undefined {
    const { input, value } = this;
    const messageEnd = this.message.end;
    const at = this.end;
    if (at >= messageEnd) return false;
    if (!input.holds(at, Math.min(at + MAX_HEADER_BYTES, messageEnd))) return undefined;
    input.varint(at, messageEnd, value);
    const tag = value.low;
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (value.high !== 0 || number === 0) throw input.error(at, l10n.t('has a field without a valid number'));
    const start = value.end;
    switch (wireType) {
      case WireType.Varint:
        input.varint(start, messageEnd, value);
        this.start = start;
        break;
      case WireType.Bytes: {
        input.varint(start, messageEnd, value);
        const length = value.high * UPPER_WORD + value.low;
        this.start = value.end;
        if (length > messageEnd - this.start) {
          throw input.error(at, l10n.t('has a field of {0} bytes where {1} are left', length, messageEnd - this.start));
        }
        if (length <= SHORT_BYTES && !input.holds(this.start, this.start + length)) return undefined;
        value.end = this.start + length;
        break;
      }
      case WireType.Fixed64:
      case WireType.Fixed32: {
        const width = wireType === WireType.Fixed64 ? 8 : 4;
        if (start + width > messageEnd) throw input.error(at, l10n.t('has a number that is cut off'));
        input.fixed(start, width, value);
        this.start = start;
        break;
      }
      default:
        throw input.error(at, l10n.t('has a field of the unknown wire type {0}', wireType));
    }
    this.offset = at;
    this.number = number;
    this.wireType = wireType;
    this.end = value.end;
    return true;
  }

  /** Loads the bytes of the next field, and goes to it. */
  async load(): Promise<boolean> {
    await this.input.load(this.end, MAX_HEADER_BYTES + SHORT_BYTES);
    return this.next() ?? false;
  }

  /** The value of a length-delimited field: a message, a string, packed numbers. @throws {FormatError} if it is none */
  get range(): ProtobufRange {
    this.expect(this.wireType === WireType.Bytes);
    return { start: this.start, end: this.end, depth: this.message.depth + 1 };
  }

  /** Bytes of the value, tag and length not counted. */
  get length(): number {
    return this.end - this.start;
  }

  /** An int32, int64, enum or bool as a number; beyond ±2⁵³ it is rounded. @throws {FormatError} if it is no varint */
  get int64(): number {
    this.expect(this.wireType === WireType.Varint);
    return signed(this.value);
  }

  /** A uint32 or uint64, or the pattern of a fixed-size number. @throws {FormatError} if it is length-delimited */
  get uint64(): bigint {
    this.expect(this.wireType !== WireType.Bytes);
    return (BigInt(this.value.high) << 32n) | BigInt(this.value.low);
  }

  /** A float or double. @throws {FormatError} if it is of no fixed size */
  get float(): number {
    this.expect(this.wireType === WireType.Fixed32 || this.wireType === WireType.Fixed64);
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, this.value.low, true);
    view.setUint32(4, this.value.high, true);
    return this.wireType === WireType.Fixed32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }

  /** A string (invalid UTF-8 is replaced). Waits for nothing. @throws {FormatError} if it is none, or longer than `most` bytes */
  text(most: number = SHORT_BYTES): string {
    this.expect(this.wireType === WireType.Bytes);
    const limit = Math.min(most, SHORT_BYTES);
    if (this.length > limit) {
      throw this.input.error(
        this.start,
        l10n.t('has a value of {0} bytes where at most {1} are expected', this.length, limit),
      );
    }
    const text = this.input.textNow(this.start, this.end);
    if (text === undefined) throw new TypeError('The text is asked for before anything else is read');
    return text;
  }

  /**
   * Appends the value of a repeated int64 (int32, enum, bool), packed or not.
   * @throws {FormatError} if there are more than `most`
   */
  async appendInt64(numbers: number[], most: number): Promise<void> {
    if (this.wireType !== WireType.Bytes) {
      if (numbers.length >= most) throw this.input.error(this.offset, l10n.t('lists more than {0} numbers', most));
      numbers.push(this.int64);
    } else {
      for (const number of await this.input.packedInt64(this.range, most - numbers.length)) numbers.push(number);
    }
  }

  private expect(held: boolean): void {
    if (held) return;
    throw this.input.error(
      this.offset,
      l10n.t('has field {0} in the wire type {1}, which is not its own', this.number, this.wireType),
    );
  }
}

function signed({ low, high }: Varint): number {
  return (high | 0) * UPPER_WORD + low;
}
