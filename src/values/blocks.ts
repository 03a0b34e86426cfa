import type { BlockCoding, ByteExtent } from '../formats/storage';
import { MXFP4, NVFP4 } from './blocks/float4';
import { IQ1_M, IQ1_S, IQ4_NL, IQ4_XS } from './blocks/iq1-iq4';
import { IQ2_S, IQ2_XS, IQ2_XXS, IQ3_S, IQ3_XXS } from './blocks/iq2-iq3';
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K } from './blocks/k-quants';
import { Q1_0, Q2_0, Q2_0_G128, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from './blocks/legacy';
import type { BlockScheme } from './blocks/scheme';
import { swapped } from './blocks/swapped';
import { TQ1_0, TQ2_0 } from './blocks/ternary';
import type { ByteReader, ElementSource } from './reading';

/**
 * By the name that {@link BlockCoding.scheme} gives: ggml's types by their names there; `/big` are those of big-endian
 * files, as llama.cpp's gguf-convert-endian writes them.
 */
const SCHEMES: ReadonlyMap<string, BlockScheme> = new Map<string, BlockScheme>([
  ...Object.entries({ Q1_0, Q2_0, Q2_0_G128, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 }),
  ...Object.entries({ Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K }),
  ...Object.entries({ IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS }),
  ...Object.entries({ TQ1_0, TQ2_0, MXFP4, NVFP4 }),
  ['Q1_0/big', swapped(Q1_0, [0])],
  ['Q4_0/big', swapped(Q4_0, [0])],
  ['Q8_0/big', swapped(Q8_0, [0])],
  ['Q4_K/big', swapped(Q4_K, [0, 2])],
  ['Q6_K/big', swapped(Q6_K, [208])],
  ['TQ2_0/big', swapped(TQ2_0, [64])],
]);

/** Blocks decoded at a time have about this many values. */
const PIECE_VALUES = 65_536;

export function blockScheme(name: string): BlockScheme | undefined {
  return SCHEMES.get(name);
}

export function blockSource(coding: BlockCoding, extents: readonly ByteExtent[], reader: ByteReader): ElementSource {
  const scheme = SCHEMES.get(coding.scheme);
  if (scheme === undefined) throw new TypeError(`There is no block scheme ${coding.scheme}`);
  const { blockBytes, blockValues } = scheme;
  const blocksAtOnce = Math.max(1, Math.floor(PIECE_VALUES / blockValues));
  const bytes = new Uint8Array(blocksAtOnce * blockBytes);
  const oneBlock = bytes.subarray(0, blockBytes);
  const cut = new Float32Array(blockValues);
  return {
    read(first, target) {
      const end = first + target.length / 4;
      for (let at = first; at < end;) {
        const block = Math.floor(at / blockValues);
        const skip = at - block * blockValues;
        const whole = Math.min(blocksAtOnce, Math.floor((end - at) / blockValues));
        if (skip > 0 || whole === 0) {
          // Cut off by the beginning or the end of the run.
          reader.read(extents, block * blockBytes, oneBlock);
          scheme.decode(oneBlock, cut, 1);
          const taken = Math.min(end - at, blockValues - skip);
          target.set(new Uint8Array(cut.buffer, 4 * skip, 4 * taken), 4 * (at - first));
          at += taken;
          continue;
        }
        const input = bytes.subarray(0, whole * blockBytes);
        reader.read(extents, block * blockBytes, input);
        const offset = target.byteOffset + 4 * (at - first);
        const inPlace = offset % 4 === 0;
        const values = inPlace
          ? new Float32Array(target.buffer, offset, whole * blockValues)
          : new Float32Array(whole * blockValues);
        scheme.decode(input, values, whole);
        if (!inPlace) target.set(new Uint8Array(values.buffer), 4 * (at - first));
        at += whole * blockValues;
      }
    },
  };
}
