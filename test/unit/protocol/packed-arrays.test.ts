import { describe, expect, it } from 'vitest';
import { packArrays, unpackArrays } from '../../../src/protocol/packed-arrays';

describe('packed arrays', () => {
  it('come back as they were, wherever in the message they stand', () => {
    const whole = Float64Array.of(1, 2, 3, 4, 5);
    const message = {
      kind: 'notify',
      params: [
        { cells: { low: Float32Array.of(-1, 0, 2.5), count: whole.subarray(1, 4) }, name: '$array', none: null },
        { cells: { low: new Float32Array(0), count: new Float64Array(0) }, missing: undefined, yes: true },
      ],
    };
    expect(unpackArrays(structuredClone(packArrays(message)))).toEqual(message);
  });

  it('leave one buffer in a message, of the size that they need', () => {
    const message = Array.from({ length: 1000 }, (_, i) => ({
      a: new Float32Array(3).fill(i),
      b: new Float64Array(2),
    }));
    const { packed, buffer } = packArrays(message);
    expect(JSON.stringify(packed)).not.toContain('ArrayBuffer');
    expect(buffer.byteLength).toBe(1000 * (16 + 16));
    expect(unpackArrays({ packed, buffer })).toEqual(message);
  });
});
