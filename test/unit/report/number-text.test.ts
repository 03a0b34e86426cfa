import { describe, expect, test } from 'vitest';
import {
  byteSize,
  duration,
  fixed,
  grouped,
  limitPercent,
  percent,
  shapeText,
  shortCount,
  significant,
} from '../../../src/report/number-text';

/** Narrow no-break spaces read badly in a test. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

describe('numbers as text', () => {
  test.each([
    [0.8437, 0, '84 %'],
    [0.8437, 1, '84.4 %'],
    [1, 0, '100 %'],
  ])('percent %f with %d digits', (fraction, digits, text) => {
    expect(plain(percent(fraction, digits))).toBe(text);
  });

  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.84, '84 %'],
    [0.996, '99.6 %'],
    [0.9996, '99.96 %'],
    [0.999999, '> 99.99 %'],
    [0.004, '0.4 %'],
    [0.000001, '< 0.01 %'],
  ])('a limit of %f never rounds to nothing or everything', (fraction, text) => {
    expect(plain(limitPercent(fraction))).toBe(text);
  });

  test.each([
    [999, '999'],
    [9408, '9.41 K'],
    [999_950, '1.00 M'],
    [11_689_512, '11.7 M'],
    [8_030_261_248, '8.03 B'],
    [1.2e12, '1.20 T'],
  ])('short count of %d', (count, text) => {
    expect(plain(shortCount(count))).toBe(text);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [46_830_571, '44.7 MB'],
    [16e9, '14.9 GB'],
    [200e9, '186 GB'],
  ])('byte size of %d', (bytes, text) => {
    expect(plain(byteSize(bytes))).toBe(text);
  });

  test.each([
    [0.0121, '0.0121'],
    [-3.4, '−3.40'],
    [0, '0'],
    [1.213e-7, '1.21×10⁻⁷'],
    [-9.99e22, '−9.99×10²²'],
    [12_345, '12,345'],
    [999_999.7, '1,000,000'],
    [null, '–'],
    [undefined, '–'],
    [NaN, '–'],
  ])('significant digits of %s', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  test.each([
    [4.4049, '4.40'],
    [-0.0004, '0.00'],
    [-1.5, '−1.50'],
    [123_456, '123,456'],
    [1.2e9, '1.20×10⁹'],
    [null, '–'],
  ])('fixed decimals of %s', (value, text) => {
    expect(fixed(value, 2)).toBe(text);
  });

  test.each([
    [0.212, '0.21 s'],
    [3.04, '3.0 s'],
    [42.4, '42 s'],
    [200, '3 min 20 s'],
    [3900, '1 h 5 min'],
  ])('duration of %f seconds', (seconds, text) => {
    expect(plain(duration(seconds))).toBe(text);
  });

  test('groups and shapes', () => {
    expect(grouped(11_689_512)).toBe('11,689,512');
    expect(shapeText([64, 3, 7, 7])).toBe('64×3×7×7');
    expect(shapeText([])).toBe('scalar');
  });
});
