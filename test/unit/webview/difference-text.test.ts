import { describe, expect, test } from 'vitest';
import {
  beforeAfter,
  changeText,
  cosineText,
  fromTo,
  intervalText,
  signed,
} from '../../../webview-ui/comparison/difference-text';

const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-');

describe('texts of differences', () => {
  test('a cosine is 1 only if it is', () => {
    expect(cosineText(1)).toBe('1');
    expect(cosineText(0.99312)).toBe('0.9931');
    expect(cosineText(0.99999)).toBe('0.99999');
    expect(cosineText(0.9999999)).toBe('>0.999999');
    expect(plain(cosineText(-0.25))).toBe('-0.2500');
    expect(cosineText(null)).toBe('–');
  });

  test('a change is never 0 % unless there is none', () => {
    expect([0, 0.00031, 0.012, 0.12, 1.4].map((change) => plain(changeText(change)))).toEqual([
      '0 %',
      '0.031 %',
      '1.2 %',
      '12 %',
      '140 %',
    ]);
  });

  test('differences carry their sign', () => {
    expect([0.5, -0.5, 0.001, 0].map((by) => plain(signed(by, 2)))).toEqual(['+0.50', '-0.50', '±0', '±0']);
  });

  test('bounds are rounded outwards', () => {
    expect(plain(intervalText([0.8301, 0.8399]))).toBe('83.0–84.0 %');
    expect(plain(intervalText([0.831, 0.894]))).toBe('83–90 %');
    expect(plain(intervalText([0.9312, 0.9312]))).toBe('93 %');
    expect(plain(intervalText([1, 1]))).toBe('100 %');
    expect(plain(intervalText([0.9999, 0.9999]))).toBe('99.99 %');
  });

  test('a figure that stays the same is told once', () => {
    expect(beforeAfter('78 %', '81 %')).toBe('78 % → 81 %');
    expect(beforeAfter('78 %', '78 %')).toBe('78 %');
    expect(fromTo('78 %', '78 %')).toBe('78 % as before');
  });
});
