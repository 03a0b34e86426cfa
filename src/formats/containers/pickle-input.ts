import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';

/** Text arguments of protocol 0 that are numbers; longer ones make decimal conversion slow, and none are known. */
const MAX_NUMBER_LENGTH = 4096;

/** Longest integers seen are 10 bytes (PyTorch's magic) and 16 (states of random generators). */
const MAX_INTEGER_BYTES = 4096;

const NEWLINE = 0x0a;

/** The pickle goes on beyond the bytes at hand; with more of the file it may be readable. */
export class PickleTruncatedError extends FormatError {
  constructor(
    file: string,
    offset: number | undefined,
    /** Bytes, from the first of those given, that are needed at least to go on. */
    readonly needed: number,
  ) {
    super({
      file,
      offset,
      reason: l10n.t('its pickle ends in the middle'),
      remedy: l10n.t('The file is incomplete: copy or download it again.'),
    });
  }
}

/** Reads the arguments of pickle opcodes. All of them check that the bytes are there before they take any. */
export class PickleInput {
  private view: DataView;
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(
    public bytes: Uint8Array,
    public position: number,
    private readonly file: string,
    /** Where in the file the first byte is; undefined if the pickle is compressed. */
    private fileOffset: number | undefined,
    /**
     * Size of the file, if the bytes are only a window of it that moves on. Then long runs of bytes are left where they
     * are; else the bytes are all there is.
     */
    private readonly fileSize?: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  error(reason: string, position = this.position): FormatError {
    return new FormatError({
      file: this.file,
      offset: this.offset(position),
      reason,
      remedy: l10n.t('The file is damaged or no model: check where it comes from, or copy or download it again.'),
    });
  }

  /** Whether the bytes are a window of a file. */
  get isWindow(): boolean {
    return this.fileSize !== undefined;
  }

  /** Goes on at the current position, which is a place in the file, with other bytes of it. */
  moveTo(bytes: Uint8Array, fileOffset: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.fileOffset = fileOffset;
    this.position = 0;
  }

  /** Passes over bytes of a window without reading them. @returns where in the file they are */
  pass(length: number): number {
    const at = (this.fileOffset ?? 0) + this.position;
    if (at + length > (this.fileSize ?? 0)) throw this.truncated(this.position + length);
    this.position += length;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  /** Rounded above 2^53, which no check against the size of anything passes. */
  u64(): number {
    const position = this.take(8);
    return this.view.getUint32(position + 4, true) * 2 ** 32 + this.view.getUint32(position, true);
  }

  /** Floating-point numbers are the one thing that is big-endian. */
  f64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** A view, not a copy. */
  blob(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    return this.utf8.decode(this.blob(length));
  }

  /** Checks a FRAME: its bytes must be there, as Python demands. */
  expect(length: number): void {
    const start = this.position;
    if (this.isWindow) this.pass(length);
    else this.take(length);
    this.position = start;
  }

  /** Little-endian two's complement. */
  integer(length: number): number | bigint {
    const start = this.position;
    if (length > MAX_INTEGER_BYTES) throw this.error(l10n.t('its pickle has an integer of {0} bytes', length), start);
    const bytes = this.blob(length);
    if (length === 0) return 0;
    const hex = Buffer.from(bytes).reverse().toString('hex');
    return narrow(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
  }

  /** A line of text, without its newline; Latin-1, as protocol 0 writes no more than ASCII. */
  line(): string {
    const end = this.bytes.indexOf(NEWLINE, this.position);
    if (end < 0) throw this.truncated(this.bytes.length + 1);
    const line = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.position, end - this.position);
    this.position = end + 1;
    return line.toString('latin1');
  }

  /** A line that names a module or class, which are UTF-8. */
  nameLine(): string {
    return Buffer.from(this.line(), 'latin1').toString('utf8');
  }

  /** INT and LONG of protocol 0, GET and PUT. */
  decimalLine(): number | bigint {
    const start = this.position;
    const line = this.line().replace(/L$/, '');
    if (line.length > MAX_NUMBER_LENGTH || !/^ *[+-]?\d+ *$/.test(line)) {
      throw this.error(l10n.t('its pickle has a malformed integer'), start);
    }
    return narrow(BigInt(line.trim().replace(/^\+/, '')));
  }

  /** FLOAT of protocol 0. */
  floatLine(): number {
    const start = this.position;
    const line = this.line();
    const special = /^([+-]?)(inf|nan)$/.exec(line);
    if (special !== null) return special[2] === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity;
    const value = line.length > MAX_NUMBER_LENGTH || line.trim() === '' ? NaN : Number(line);
    if (Number.isNaN(value)) throw this.error(l10n.t('its pickle has a malformed number'), start);
    return value;
  }

  /** STRING of protocol 0: the literal that Python 2's `repr` writes. */
  quotedLine(): string {
    const start = this.position;
    const line = this.line();
    const quote = line[0];
    if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote)) {
      throw this.error(l10n.t('its pickle has a malformed string'), start);
    }
    return line
      .slice(1, -1)
      .replaceAll(/\\(x[\da-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (_, escape: string) => unescape(escape));
  }

  /** UNICODE of protocol 0: Latin-1 with \u escapes. */
  escapedLine(): string {
    return this.line().replaceAll(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (whole, short?: string, long?: string) => {
      const code = parseInt(short ?? long ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
  }

  private take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length) throw this.truncated(start + length);
    this.position = start + length;
    return start;
  }

  private truncated(needed: number): PickleTruncatedError {
    return new PickleTruncatedError(this.file, this.offset(this.position), needed);
  }

  private offset(position: number): number | undefined {
    return this.fileOffset === undefined ? undefined : this.fileOffset + position;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unescape(escape: string): string {
  if (escape.length === 3 && escape.startsWith('x')) return String.fromCharCode(parseInt(escape.slice(1), 16));
  if (/^[0-7]+$/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff);
  return Object.hasOwn(ESCAPES, escape) ? (ESCAPES[escape] ?? escape) : escape;
}
