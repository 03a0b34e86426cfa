import { grouped } from './number-text';

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return grouped(count);
}

/** Binary units, as file managers count: "44.7 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

/** A fraction as a percentage; an em dash where there is none. */
export function formatPercent(fraction: number | null, digits = 1): string {
  return fraction === null ? '—' : `${(100 * fraction).toFixed(digits)} %`;
}

/** Four significant digits; an em dash where there is no number. */
export function formatNumber(value: number | null): string {
  if (value === null) return '—';
  if (value === 0 || Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e-4 && magnitude < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}
