import * as l10n from '@vscode/l10n';
import { fixed, limitPercent, NO_NUMBER, percent, significant } from '../../src/report/number-text';

/** Stands between a figure before and after. */
const ARROW = '→';
const UNIT_SPACE = '\u202f';

/** A cosine: four decimals, and more where fewer would say that two different vectors are the same. */
export function cosineText(cosine: number | null | undefined): string {
  if (cosine === null || cosine === undefined) return NO_NUMBER;
  if (cosine === 1) return '1';
  for (const digits of [4, 5, 6]) {
    if (Math.abs(Number(cosine.toFixed(digits))) < 1) return fixed(cosine, digits);
  }
  return cosine > 0 ? '>0.999999' : fixed(cosine, 4);
}

/** A relative change as a percentage of two to three digits, never 0 % of something: `12 %`, `0.031 %`, `340 %`. */
export function changeText(change: number | null | undefined): string {
  if (change === null || change === undefined) return NO_NUMBER;
  if (change === 0) return percent(0);
  if (change < 0.01) return `${significant(100 * change, 2)}${UNIT_SPACE}%`;
  return percent(change, change < 0.1 ? 1 : 0);
}

/** A difference with its sign: `+0.50`, `−0.50`, `±0`. */
export function signed(difference: number, decimals: number): string {
  if (Number(difference.toFixed(decimals)) === 0) return '±0';
  return difference > 0 ? `+${fixed(difference, decimals)}` : fixed(difference, decimals);
}

/** Bounds as a percentage, one where they are the same: `83–84 %`, `100 %`. */
export function intervalText([low, high]: readonly [number, number]): string {
  const digits = high - low < 0.01 && high - low >= 0.0005 ? 1 : 0;
  const [from, to] = [roundedDown(low, digits), roundedUp(high, digits)];
  if (from === to || high - low < 0.0005) return limitPercent(low);
  return `${from}–${to}${UNIT_SPACE}%`;
}

// bounds are rounded outwards: what is claimed must hold; the slack is for binary fractions such as 0.83
const SLACK = 1e-9;

function roundedDown(fraction: number, digits: number): string {
  const unit = 10 ** digits;
  return (Math.floor(100 * fraction * unit + SLACK) / unit).toFixed(digits);
}

function roundedUp(fraction: number, digits: number): string {
  const unit = 10 ** digits;
  return (Math.ceil(100 * fraction * unit - SLACK) / unit).toFixed(digits);
}

/** `3.90 → 4.40`; one side alone where a tensor was added or removed. */
export function beforeAfter(before: string, after: string): string {
  return before === after ? before : `${before} ${ARROW} ${after}`;
}

/** The same in a sentence: `78 % → 81 %`, `81 % as before`. */
export function fromTo(before: string, after: string): string {
  return before === after ? l10n.t('{0} as before', after) : `${before} ${ARROW} ${after}`;
}
