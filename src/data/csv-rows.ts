import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;

/** Columns of a table: expression data has some 60,000, images of 512 x 512 in colour 786,432. It bounds what a row takes. */
export const MAX_COLUMNS = 1_000_000;

/** Digits that a double holds whatever they are. */
const EXACT_DIGITS = 15;

/** Numbers that are written with an exponent, or with more digits than {@link EXACT_DIGITS}. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?$/i;

/** Text is at most so long in bytes: longer than any name of a class. */
const MAX_TEXT_BYTES = 1024;

/**
 * Rows of a table in text (RFC 4180, with any delimiter and any line ends), read from the bytes, so that tables of any size
 * can be: a string holds half a gigabyte.
 */
export class CsvRows {
  /** Fields of the row that was read last. */
  count = 0;
  /** Line of the file that it begins in, from 1. */
  line = 0;
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly bytes: Buffer;
  private at: number;
  private nextLine = 1;

  constructor(
    bytes: Uint8Array,
    private readonly delimiter: number,
    private readonly file: string,
  ) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.at = hasByteOrderMark ? 3 : 0;
  }

  /** Goes to the next row that is not blank; false at the end. @throws {FormatError} if a quote is not closed */
  next(): boolean {
    while (this.at < this.bytes.length) {
      this.readRow();
      if (this.count > 1 || this.starts[0] !== this.ends[0]) return true;
    }
    return false;
  }

  /** Text of a field, without its quotes. */
  text(index: number): string {
    const start = this.starts[index] ?? 0;
    const end = Math.min(this.ends[index] ?? 0, start + MAX_TEXT_BYTES);
    const text = this.bytes.toString('utf8', start, end);
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  }

  /** The number in a field; undefined if there is none. */
  number(index: number): number | undefined {
    const { bytes } = this;
    let start = this.starts[index] ?? 0;
    let end = this.ends[index] ?? 0;
    if (bytes[start] === QUOTE) {
      start++;
      end--;
    }
    const first = bytes[start];
    let digits = 0;
    let value = 0;
    let decimals = -1;
    for (let i = first === MINUS || first === PLUS ? start + 1 : start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte >= 0x30 && byte <= 0x39 && digits < EXACT_DIGITS) {
        digits++;
        value = 10 * value + byte - 0x30;
        if (decimals >= 0) decimals++;
      } else if (byte === POINT && decimals < 0) {
        decimals = 0;
      } else {
        return this.slowNumber(start, end);
      }
    }
    if (digits === 0) return undefined;
    // Both are exact, so the quotient is rounded once.
    const magnitude = decimals > 0 ? value / 10 ** decimals : value;
    return first === MINUS ? -magnitude : magnitude;
  }

  /** A {@link FormatError} about the row that was read last. */
  error(reason: string, remedy = l10n.t('Correct the table.')): FormatError {
    return new FormatError({ file: this.file, reason: `${l10n.t('line {0}', this.line)}: ${reason}`, remedy });
  }

  private slowNumber(start: number, end: number): number | undefined {
    if (end - start > 64) return undefined;
    const text = this.bytes.toString('latin1', start, end).trim();
    return NUMBER.test(text) ? Number(text) : undefined;
  }

  private readRow(): void {
    const { bytes, delimiter } = this;
    this.line = this.nextLine;
    this.count = 0;
    for (;;) {
      this.readField();
      if (this.count > MAX_COLUMNS) throw this.error(l10n.t('has more than {0} columns', MAX_COLUMNS));
      if (bytes[this.at] !== delimiter) break;
      this.at++;
    }
    if (bytes[this.at] === CARRIAGE_RETURN) this.at++;
    if (bytes[this.at] === LINE_FEED) this.at++;
    this.nextLine++;
  }

  private readField(): void {
    const { bytes, delimiter } = this;
    let at = this.at;
    while (bytes[at] === SPACE) at++;
    const start = at;
    if (bytes[at] === QUOTE) at = this.endOfQuoted(at);
    while (at < bytes.length) {
      const byte = bytes[at];
      if (byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN) break;
      at++;
    }
    this.at = at;
    while (at > start && bytes[at - 1] === SPACE) at--;
    this.starts[this.count] = start;
    this.ends[this.count] = at;
    this.count++;
  }

  /** Where the quoted text ends that begins at `start`; a doubled quote stands for one. */
  private endOfQuoted(start: number): number {
    const { bytes } = this;
    for (let at = start + 1; at < bytes.length; at++) {
      if (bytes[at] === LINE_FEED) this.nextLine++;
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] !== QUOTE) return at + 1;
      at++;
    }
    throw this.error(l10n.t('has a quote that is not closed'));
  }
}
