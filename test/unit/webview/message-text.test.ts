import { describe, expect, it } from 'vitest';
import { makeComparison } from '../../panel/comparison-scenarios';
import { messageFrom, messageText } from '../../panel/message-text';
import { makeScenario } from '../../panel/scenarios';

describe('messages of the made-up host', () => {
  it.each([
    ['of an analysis with NaN and a constant layer', () => makeScenario('mixed')],
    ['of a measurement that has not begun', () => makeScenario('measuringFirst')],
    ['of a comparison', () => makeComparison('broken')],
  ])('%s are the same after they were text', (_, make) => {
    expect(messageFrom(messageText(make()))).toStrictEqual(make());
  });
  it('keep what JSON lacks', () => {
    const message = {
      a: undefined,
      b: [NaN, Infinity, -Infinity, -0, undefined, null],
      c: Float32Array.of(-0, NaN, 3e-45),
    };
    expect(messageFrom(messageText(message))).toStrictEqual(message);
  });
  it('keep the part of a buffer that an array is a view of', () => {
    const view = new Float64Array(Float64Array.of(1, 2, 3, 4).buffer, 8, 2);
    expect(messageFrom(messageText([view]))).toStrictEqual([Float64Array.of(2, 3)]);
  });
  it('write an array once', () => {
    const array = Float64Array.from({ length: 20_000 }, (_, i) => Math.sqrt(i));
    const text = messageText([array, { again: array }]);
    expect(text.length).toBeLessThan(1.4 * array.byteLength);
    expect(messageFrom(text)).toStrictEqual([array, { again: array }]);
  });
});
