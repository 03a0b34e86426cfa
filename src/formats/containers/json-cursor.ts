import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import type { RandomAccessSource } from '../source';

/** How deep skipped JSON may nest. The deepest published model topologies have under 40 levels; serde_json stops at 128. */
export const MAX_JSON_DEPTH = 512;

/** What stands at a place in a JSON document. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

const KEY = l10n.t('a key');

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_T = 0x74;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Strict JSON (RFC 8259) read from left to right. Only what the caller asks for becomes an object: `JSON.parse` of a
 * hostile header of 100 MB takes gigabytes, silently merges duplicate keys, lets `__proto__` through as a special name
 * and knows no byte offsets. Every error is a {@link FormatError} with the offset of the byte that is wrong.
 */
export class JsonCursor {
  private at: number;
  private readonly text: Buffer;

  /**
   * @param bytes The document, UTF-8.
   * @param file Path for error messages.
   * @param remedy What the user can do if the document is malformed.
   * @param base Offset of the document in the file.
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    private readonly remedy: string,
    private readonly base = 0,
  ) {
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.at = hasByteOrderMark ? 3 : 0;
  }

  /** Offset in the file of the next token. */
  get offset(): number {
    this.skipSpace();
    return this.base + this.at;
  }

  /** Kind of the next value, which stays unread. */
  peek(): JsonKind {
    this.skipSpace();
    const byte = this.bytes[this.at];
    switch (byte) {
      case OPEN_BRACE:
        return 'object';
      case OPEN_BRACKET:
        return 'array';
      case QUOTE:
        return 'string';
      case LETTER_T:
      case 0x66:
        return 'boolean';
      case 0x6e:
        return 'null';
      case undefined:
        throw this.error(l10n.t('its JSON ends too early'));
      default:
        if (byte === 0x2d || isDigit(byte)) return 'number';
        throw this.error(l10n.t('its JSON has {0} where a value should be', describeByte(byte)));
    }
  }

  /**
   * Reads an object. `visit` gets each key, with its offset in the file, and must read or skip its value.
   * @param what names the object in messages; translated, like that of the other readers
   */
  readObject(what: string, visit: (key: string, offset: number) => void): void {
    this.require('object', what);
    this.at++;
    if (this.take(CLOSE_BRACE)) return;
    do {
      const offset = this.offset;
      const key = this.readString(KEY);
      if (!this.take(COLON)) throw this.error(l10n.t('its JSON lacks a colon after a key'));
      visit(key, offset);
    } while (this.take(COMMA));
    if (!this.take(CLOSE_BRACE)) throw this.error(l10n.t('its JSON has {0} where a comma or } should be', this.next()));
  }

  /** Reads an array. `visit` must read or skip one item each time it is called. */
  readArray(what: string, visit: (index: number) => void): void {
    this.require('array', what);
    this.at++;
    if (this.take(CLOSE_BRACKET)) return;
    let index = 0;
    do {
      visit(index++);
    } while (this.take(COMMA));
    if (!this.take(CLOSE_BRACKET)) {
      throw this.error(l10n.t('its JSON has {0} where a comma or ] should be', this.next()));
    }
  }

  readString(what: string): string {
    this.require('string', what);
    const start = this.at;
    const { escaped, ascii } = this.passString();
    if (escaped) {
      try {
        return JSON.parse(utf8(this.bytes.subarray(start, this.at))) as string;
      } catch {
        throw this.error(l10n.t('{0} has a malformed escape sequence', what), this.base + start);
      }
    }
    if (ascii) return this.text.toString('latin1', start + 1, this.at - 1);
    try {
      return utf8(this.bytes.subarray(start + 1, this.at - 1));
    } catch {
      throw this.error(l10n.t('{0} is not valid UTF-8', what), this.base + start);
    }
  }

  /** Reads a number as a double; it may be infinite if the text is out of a double's range. */
  readNumber(what: string): number {
    this.require('number', what);
    const start = this.at;
    this.passNumber();
    return Number(this.text.toString('latin1', start, this.at));
  }

  /** Reads an integer from 0 to 2^53-1. */
  readSize(what: string): number {
    this.require('number', what);
    const start = this.at;
    // Headers are mostly such numbers: up to 15 plain digits are exact, and need no text in between.
    let value = 0;
    while (this.at - start < 15 && isDigit(this.bytes[this.at])) {
      value = 10 * value + (this.bytes[this.at++] ?? 0) - 0x30;
    }
    const next = this.bytes[this.at];
    if (this.bytes[start] !== 0x30 && (next === COMMA || next === CLOSE_BRACKET)) return value;
    this.at = start;
    value = this.readNumber(what);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.error(l10n.t('{0} is {1}: not a whole number from 0 to 2^53-1', what, value), this.base + start);
  }

  readBoolean(what: string): boolean {
    this.require('boolean', what);
    const isTrue = this.bytes[this.at] === LETTER_T;
    this.passLiteral();
    return isTrue;
  }

  /** Skips one value, whatever it is; nothing is allocated for it. */
  skip(): void {
    const closers: number[] = [];
    do {
      switch (this.peek()) {
        case 'object':
          this.at++;
          if (this.take(CLOSE_BRACE)) break;
          closers.push(CLOSE_BRACE);
          this.passKey();
          this.checkDepth(closers.length);
          continue;
        case 'array':
          this.at++;
          if (this.take(CLOSE_BRACKET)) break;
          closers.push(CLOSE_BRACKET);
          this.checkDepth(closers.length);
          continue;
        case 'string':
          this.passString();
          break;
        case 'number':
          this.passNumber();
          break;
        default:
          this.passLiteral();
      }
      this.leave(closers);
    } while (closers.length > 0);
  }

  /** Checks that nothing but white space is left. */
  end(): void {
    this.skipSpace();
    if (this.at < this.bytes.length) throw this.error(l10n.t('its JSON goes on with {0} after its end', this.next()));
  }

  /** A {@link FormatError} about the byte at `offset` in the file; by default the one that is read next. */
  error(reason: string, offset = this.base + this.at, remedy = this.remedy): FormatError {
    return new FormatError({ file: this.file, reason, offset, remedy });
  }

  /** After a value: closes the containers that end here, and moves to the next item of the innermost that goes on. */
  private leave(closers: number[]): void {
    for (let closer = closers.at(-1); closer !== undefined; closer = closers.at(-1)) {
      if (this.take(COMMA)) {
        if (closer === CLOSE_BRACE) this.passKey();
        return;
      }
      if (!this.take(closer)) {
        throw this.error(l10n.t('its JSON has {0} where a comma or bracket should be', this.next()));
      }
      closers.pop();
    }
  }

  private checkDepth(depth: number): void {
    if (depth > MAX_JSON_DEPTH) throw this.error(l10n.t('its JSON nests deeper than {0} levels', MAX_JSON_DEPTH));
  }

  private passKey(): void {
    this.require('string', KEY);
    this.passString();
    if (!this.take(COLON)) throw this.error(l10n.t('its JSON lacks a colon after a key'));
  }

  private passString(): { escaped: boolean; ascii: boolean } {
    const start = this.at;
    let escaped = false;
    let high = 0;
    for (let at = start + 1; at < this.bytes.length; at++) {
      const byte = this.bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.at = at + 1;
        return { escaped, ascii: high < 0x80 };
      }
      if (byte < 0x20) throw this.error(l10n.t('its JSON has a control character inside a string'), this.base + at);
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      }
      high |= byte;
    }
    throw this.error(l10n.t('its JSON ends inside a string'), this.base + start);
  }

  private passNumber(): void {
    const start = this.at;
    if (this.bytes[this.at] === 0x2d) this.at++;
    const leadingZero = this.bytes[this.at] === 0x30;
    const digits = this.passDigits();
    let good = digits > 0 && !(leadingZero && digits > 1);
    if (this.bytes[this.at] === 0x2e) {
      this.at++;
      good = this.passDigits() > 0 && good;
    }
    const exponent = this.bytes[this.at];
    if (exponent === 0x65 || exponent === 0x45) {
      this.at++;
      const sign = this.bytes[this.at];
      if (sign === 0x2b || sign === 0x2d) this.at++;
      good = this.passDigits() > 0 && good;
    }
    if (!good) throw this.error(l10n.t('its JSON has a malformed number'), this.base + start);
  }

  private passDigits(): number {
    const start = this.at;
    while (isDigit(this.bytes[this.at])) this.at++;
    return this.at - start;
  }

  private passLiteral(): void {
    for (const literal of ['true', 'false', 'null']) {
      if (this.text.toString('latin1', this.at, this.at + literal.length) === literal) {
        this.at += literal.length;
        return;
      }
    }
    throw this.error(l10n.t('its JSON has a word that is not true, false or null'));
  }

  private require(kind: JsonKind, what: string): void {
    const found = this.peek();
    if (found !== kind) throw this.error(l10n.t('{0} should be {1} but is {2}', what, articled(kind), articled(found)));
  }

  private take(byte: number): boolean {
    this.skipSpace();
    if (this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  private next(): string {
    return describeByte(this.bytes[this.at]);
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }
}

/**
 * Reads a whole JSON file for a {@link JsonCursor}.
 * @throws {FormatError} if it is larger than `maxBytes`.
 */
export async function readJsonFile(
  source: RandomAccessSource,
  maxBytes: number,
  remedy: string,
  signal?: AbortSignal,
): Promise<JsonCursor> {
  if (source.size > maxBytes) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('is a JSON file of {0} bytes; at most {1} are read', source.size, maxBytes),
      remedy,
    });
  }
  return new JsonCursor(await source.read(0, source.size, signal), source.path, remedy);
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function describeByte(byte: number | undefined): string {
  if (byte === undefined) return l10n.t('its end');
  return byte > 0x20 && byte < 0x7f
    ? l10n.t('"{0}"', String.fromCharCode(byte))
    : l10n.t('the byte 0x{0}', byte.toString(16).padStart(2, '0'));
}

function articled(kind: JsonKind): string {
  switch (kind) {
    case 'object':
      return l10n.t('an object');
    case 'array':
      return l10n.t('an array');
    case 'string':
      return l10n.t('a string');
    case 'number':
      return l10n.t('a number');
    case 'boolean':
      return l10n.t('a boolean');
    case 'null':
      return 'null';
  }
}
