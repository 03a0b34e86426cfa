import type { FileFacts, ReportWarning } from '../report/report';
import { MAX_NAME_LENGTH, MAX_TEXT_LENGTH, untrustedText } from './untrusted-text';

/** More kinds of warning than a report has of its own; a file's header can bring any number. */
const MAX_WARNINGS = 12;

/** The digits of a number that a reader can use. */
const SIGNIFICANT_DIGITS = 4;

/** Values are float32 at most: beyond its seven digits a cosine says nothing. */
const COSINE_DIGITS = 7;

export interface CompactFile {
  readonly path: string;
  readonly format: string;
  readonly bytes: number;
  /** Files that hold weights. */
  readonly files: number;
}

export interface CompactWarning {
  readonly code: string;
  readonly message: string;
}

/** Rows under common headings: a name for each value would cost more than the value. */
export interface CompactTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Rows left out. */
  readonly omitted: number;
  /** How to get these; only if there are any. */
  readonly more?: string;
}

export function compactFile({ path, formatLabel, bytes, files }: FileFacts): CompactFile {
  return { path: untrustedText(path, MAX_TEXT_LENGTH), format: formatLabel, bytes, files };
}

export function compactWarnings(warnings: readonly ReportWarning[]): CompactWarning[] {
  return warnings
    .slice(0, MAX_WARNINGS)
    .map(({ code, message }) => ({ code, message: untrustedText(message, MAX_TEXT_LENGTH) }));
}

export function compactName(name: string): string {
  return untrustedText(name, MAX_NAME_LENGTH);
}

/** Four significant digits. */
export function compactNumber(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/** As many digits as tell two nearly equal vectors apart from equal ones. */
export function compactCosine(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toPrecision(COSINE_DIGITS));
}

/** `83 %`, `35.5 %`, `0.04 %`; with more digits where it would else read as 0 or 100 % without being it. */
export function percentText(fraction: number): string {
  let text = '';
  for (let digits = 1; digits <= 6; digits++) {
    text = String(Number((100 * fraction).toFixed(digits)));
    if ((text !== '0' && text !== '100') || fraction === 0 || fraction === 1) break;
  }
  return `${text} %`;
}
