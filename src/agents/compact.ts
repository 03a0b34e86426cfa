import type { FileFacts, ReportWarning } from '../report/report';
import { MAX_NAME_LENGTH, MAX_TEXT_LENGTH, untrustedText } from './untrusted-text';

/** More kinds of warning than a report has of its own; a file's header can bring any number. */
const MAX_WARNINGS = 12;

/** The digits of a number that a reader can use. */
const SIGNIFICANT_DIGITS = 4;

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

/** Whole for people, with one digit where it says more: `83 %`, `35.5 %`. */
export function percentText(fraction: number): string {
  return `${Number((100 * fraction).toFixed(1))} %`;
}
