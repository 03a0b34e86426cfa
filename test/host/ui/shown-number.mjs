/** Reads numbers the way they are shown, and says whether a shown number is a rounding of the true one. */

import assert from 'node:assert/strict';

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** For numbers that lie on the border between two roundings. */
const SLACK = 1e-9;

/**
 * @param {string} text "84.4 %", "0.0121", "1.21×10⁻⁷", "16,384"
 * @returns {{ value: number, halfUnit: number }} the number (percents as fractions) and half a unit of its last digit
 */
export function readNumber(text) {
  const match = /^(-?)([\d,]+)(?:\.(\d+))?(?:×10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( ?%)?/.exec(text.trim());
  assert.ok(match, `“${text}” is no number`);
  const [, sign, whole = '', decimals = '', negative, power = '', percent] = match;
  const exponent = Number([...power].map((digit) => SUPERSCRIPTS.indexOf(digit)).join('') || '0');
  const scale = 10 ** (negative === '⁻' ? -exponent : exponent) * (percent === undefined ? 1 : 0.01);
  const size = Number(`${whole.replaceAll(',', '')}.${decimals || '0'}`);
  return { value: (sign === '-' ? -size : size) * scale, halfUnit: 0.5 * 10 ** -decimals.length * scale };
}

/**
 * @param {string} text as shown
 * @param {number | null | undefined} truth
 * @param {string} what for the error
 * @param {number} [error] by which the shown number may be off before it is rounded, where it is computed from a summary
 */
export function assertShown(text, truth, what, error = 0) {
  assert.ok(typeof truth === 'number', `${what}: there is no number to compare “${text}” with`);
  const { value, halfUnit } = readNumber(text);
  const off = Math.abs(value - truth);
  assert.ok(off <= halfUnit + error + SLACK * Math.abs(truth), `${what}: shown is “${text}”, true is ${truth}`);
}
