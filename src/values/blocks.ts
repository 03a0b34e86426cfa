import type { BlockCoding, ByteExtent } from '../formats/storage';
import type { ByteReader, ElementSource } from './reading';

/** How the blocks of one type are decoded. */
export interface BlockScheme {
  readonly blockBytes: number;
  readonly blockValues: number;
  /** Decodes `count` blocks from the start of `bytes` to the start of `values`. */
  decode(bytes: Uint8Array, values: Float32Array, count: number): void;
}

/** By the name that {@link BlockCoding.scheme} gives. */
const SCHEMES: ReadonlyMap<string, BlockScheme> = new Map();

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
  const values = new Float32Array(blocksAtOnce * blockValues);
  return {
    read(first, target) {
      const end = first + target.length / 4;
      for (let at = first; at < end;) {
        const block = Math.floor(at / blockValues);
        const blocks = Math.min(blocksAtOnce, Math.ceil(end / blockValues) - block);
        const input = bytes.subarray(0, blocks * blockBytes);
        reader.read(extents, block * blockBytes, input);
        scheme.decode(input, values, blocks);
        const skip = at - block * blockValues;
        const taken = Math.min(end - at, blocks * blockValues - skip);
        target.set(new Uint8Array(values.buffer, 4 * skip, 4 * taken), 4 * (at - first));
        at += taken;
      }
    },
  };
}
