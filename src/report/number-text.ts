import * as l10n from '@vscode/l10n';

/** Narrow no-break space: keeps a number and its unit together, as SI writes them. */
const UNIT_SPACE = '\u202f';
const MINUS = '\u2212';
/** What stands where a number is undefined. */
export const NO_NUMBER = '–';

function withMinus(text: string): string {
  return text.replace('-', MINUS);
}

/** `0.8437` → `84.4 %`. */
export function percent(fraction: number, digits = 0): string {
  return `${(100 * fraction).toFixed(digits)}${UNIT_SPACE}%`;
}

/** Like {@link percent}, but never says 0 % of something or 100 % of not everything. */
export function limitPercent(fraction: number): string {
  for (const digits of [0, 1, 2]) {
    const rounded = Number((100 * fraction).toFixed(digits));
    if ((rounded > 0 || fraction === 0) && (rounded < 100 || fraction === 1)) return percent(fraction, digits);
  }
  return fraction < 0.5 ? `<${UNIT_SPACE}0.01${UNIT_SPACE}%` : `>${UNIT_SPACE}99.99${UNIT_SPACE}%`;
}

// Made once, since it costs more than all its formatting; and when it is first used, since the start of the editor has no time for it.
let thousands: Intl.NumberFormat | undefined;

/** `11689512` → `11,689,512`. */
export function grouped(count: number): string {
  thousands ??= new Intl.NumberFormat('en-US');
  return thousands.format(count);
}

/** `11689512` → `11.7 M`: three significant digits with the suffixes that model sizes are given in. */
export function shortCount(count: number): string {
  for (const [size, suffix] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'K'],
  ] as const) {
    // 999,950 is 1.00 M, not 1000 K
    if (count >= size * 0.9995) return `${(count / size).toPrecision(3)}${UNIT_SPACE}${suffix}`;
  }
  return String(count);
}

/** Binary multiples with the names that VS Code and the file managers give them. */
export function byteSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${size.toFixed(digits)}${UNIT_SPACE}${units[unit] ?? ''}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function superscript(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPTS.charAt(Number(digit)));
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** A number of any size in few characters: `0.0121`, `−3.4`, `1.21×10⁻⁷`; `–` for null. */
export function significant(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_NUMBER;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
    return `${withMinus(mantissa)}×10${superscript(Number(exponent))}`;
  }
  const text = value.toPrecision(digits);
  return withMinus(text.includes('e') ? grouped(Math.round(value)) : text);
}

/** A number with a fixed count of decimals, as columns need it; falls back to {@link significant} where that loses it. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_NUMBER;
  if (Math.abs(value) >= 1e5) return significant(value);
  return withMinus(value.toFixed(decimals).replace(/^-(?=0(\.0*)?$)/, ''));
}

/** `0.21 s`, `12 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)}${UNIT_SPACE}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)}${UNIT_SPACE}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)}${UNIT_SPACE}min ${String(whole % 60)}${UNIT_SPACE}s`;
  return `${String(Math.floor(minutes / 60))}${UNIT_SPACE}h ${String(minutes % 60)}${UNIT_SPACE}min`;
}

/** `[64, 3, 7, 7]` → `64×3×7×7`; a scalar has no dimensions and says so. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? l10n.t('scalar') : shape.join('×');
}
