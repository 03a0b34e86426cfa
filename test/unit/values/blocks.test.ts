import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ggufReader } from '../../../src/formats/gguf/gguf';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { blockScheme, blockSource } from '../../../src/values/blocks';
import type { ByteReader } from '../../../src/values/reading';
import { FIXTURES, openWith } from '../formats/stored-values';

const FILE = path.join(FIXTURES, 'gguf/kinds.gguf');

function readerOf(bytes: Uint8Array): ByteReader & { requested: number } {
  return {
    requested: 0,
    read([extent], offset, target) {
      if (extent === undefined || offset < 0 || offset + target.length > extent.length) throw new Error('Outside');
      this.requested += target.length;
      target.set(bytes.subarray(extent.offset + offset, extent.offset + offset + target.length));
    },
    checkCancelled: () => undefined,
  };
}

function source({ storage }: TensorEntry, reader: ByteReader): ReturnType<typeof blockSource> {
  if (storage.coding?.kind !== 'blocks') throw new Error('Not in blocks');
  return blockSource(storage.coding, storage.extents, reader);
}

/** All values of a tensor, as their patterns: NaNs are told apart. */
function patterns(tensor: TensorEntry, reader: ByteReader, first: number, count: number, shift = 0): Uint32Array {
  const memory = new Uint8Array(4 * count + 8);
  source(tensor, reader).read(first, memory.subarray(shift, shift + 4 * count));
  expect(memory.subarray(0, shift).every((byte) => byte === 0)).toBe(true);
  expect(memory.subarray(shift + 4 * count).every((byte) => byte === 0)).toBe(true);
  return new Uint32Array(memory.slice(shift, shift + 4 * count).buffer);
}

async function blockTensors(): Promise<{ checkpoint: Checkpoint; tensors: TensorEntry[]; bytes: Uint8Array }> {
  const checkpoint = await openWith(ggufReader, FILE);
  const tensors = checkpoint.tensors.filter(({ storage }) => storage.coding?.kind === 'blocks');
  return { checkpoint, tensors, bytes: readFileSync(FILE) };
}

describe('blocks', () => {
  it('are read from any element to any other, to any place', async () => {
    const { tensors, bytes } = await blockTensors();
    const reader = readerOf(bytes);
    expect(new Set(tensors.map(({ storedAs }) => storedAs)).size).toBe(25);
    for (const tensor of tensors) {
      const whole = patterns(tensor, reader, 0, tensor.count);
      for (const [first, end] of [
        [0, 1],
        [1, 2],
        [31, 33],
        [32, 64],
        [5, 300],
        [255, 257],
        [256, tensor.count],
        [tensor.count - 1, tensor.count],
      ] as const) {
        for (const shift of [0, 1, 4]) {
          const some = patterns(tensor, reader, first, end - first, shift);
          expect(some, `${tensor.name} ${first}–${end} at ${shift}`).toEqual(whole.subarray(first, end));
        }
      }
    }
  });

  it('are read one after the other, in pieces of any size', async () => {
    const { tensors, bytes } = await blockTensors();
    for (const tensor of tensors) {
      const whole = patterns(tensor, readerOf(bytes), 0, tensor.count);
      const target = new Uint8Array(4 * tensor.count);
      const elements = source(tensor, readerOf(bytes));
      for (let at = 0, length = 1; at < tensor.count; at += length, length = (length * 7) % 101) {
        elements.read(at, target.subarray(4 * at, 4 * Math.min(tensor.count, at + length)));
      }
      expect(new Uint32Array(target.buffer), tensor.name).toEqual(whole);
    }
  });

  it('are read once where they are read in turn, and only those that are wanted', () => {
    const count = 300_000;
    const bytes = new Uint8Array((count / 32) * 34);
    const reader = readerOf(bytes);
    const extents = [{ file: 0, offset: 0, length: bytes.length }];
    const elements = blockSource({ kind: 'blocks', scheme: 'Q8_0' }, extents, reader);
    elements.read(0, new Uint8Array(4 * count));
    expect(reader.requested).toBe(bytes.length);
    reader.requested = 0;
    elements.read(1000, new Uint8Array(4 * 64));
    expect(reader.requested).toBe(3 * 34);
  });

  it('may have any bytes', () => {
    // Every scheme with every byte value in all places, also those that no writer puts there.
    for (const name of [
      'NVFP4',
      'MXFP4',
      'TQ1_0',
      'IQ1_S',
      'IQ1_M',
      'IQ2_XXS',
      'IQ2_XS',
      'IQ2_S',
      'IQ3_XXS',
      'IQ3_S',
    ]) {
      const scheme = blockScheme(name)!;
      for (let byte = 0; byte < 256; byte++) {
        const values = new Float32Array(scheme.blockValues).fill(12345);
        scheme.decode(new Uint8Array(scheme.blockBytes).fill(byte), values, 1);
        expect(values.includes(12345), `${name} ${byte}`).toBe(false);
      }
    }
  });

  it('of an unknown name are a mistake of ours', () => {
    expect(() => blockSource({ kind: 'blocks', scheme: 'Q9' }, [], readerOf(new Uint8Array(0)))).toThrow(TypeError);
  });
});
