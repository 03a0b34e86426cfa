import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../../src/formats/errors';
import { FIXTURES } from '../../formats/stored-values';
import { pseudoRandom, withFile, withNetwork } from './run-onnx';

/** What comes of opening a damaged model: nothing, or an error of the only kind that there may be. */
async function opened(model: Uint8Array): Promise<'run' | 'refused'> {
  try {
    await withFile(model, (file) => withNetwork(file, () => undefined));
    return 'run';
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
}

describe.each([
  { name: 'mlp-script.onnx', times: 150 },
  { name: 'mobilenet-dynamo.onnx', times: 40 },
  { name: 'vit-dynamo-fixed.onnx', times: 20 },
])('$name', ({ name, times }) => {
  const whole = readFileSync(path.join(FIXTURES, 'network', 'onnx', name));

  it('damaged, is run or refused', async () => {
    const random = pseudoRandom(4 * times, times).map((value) => (value + 1) / 2);
    const outcomes = new Set<string>();
    for (let index = 0; index < times; index++) {
      const damaged = Buffer.from(whole);
      for (let at = 0; at < 2; at++) {
        const place = Math.floor((random[4 * index + 2 * at] ?? 0) * damaged.length);
        damaged[place] = Math.floor((random[4 * index + 2 * at + 1] ?? 0) * 256);
      }
      outcomes.add(await opened(damaged));
    }
    expect([...outcomes].sort()).toEqual(['refused', 'run']);
  });

  it('cut off, is refused', async () => {
    for (let part = 1; part < 8; part++) {
      expect(await opened(whole.subarray(0, Math.floor((whole.length * part) / 8)))).toBe('refused');
    }
  });
});
