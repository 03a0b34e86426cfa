import type { TensorEntry } from '../checkpoint';
import { E2M1_VALUES } from './float4';
import {
  plainStorage,
  required,
  scaled,
  seenAs,
  stemOf,
  unfit,
  unpacked,
  weightEntry,
  type QuantizationMethod,
} from './parts';

const GROUP = 32;

/**
 * MXFP4 as gpt-oss is published: `x_blocks` holds 32 codes of 4 bits in 16 bytes each, low half first, `x_scales` an
 * exponent for each. Transformers' layers hold experts the other way round, [expert, in, out], than they are packed.
 */
export const microscaledMethod: QuantizationMethod = {
  claims: ({ name, dtype }, tensors) => {
    const suffix = suffixOf(name);
    return suffix !== undefined && dtype === 'uint8' && tensors.has(stemOf(name, suffix) + scalesSuffix(suffix));
  },
  decode(codes, { tensors }) {
    const suffix = suffixOf(codes.name) ?? '';
    const name = stemOf(codes.name, suffix);
    const scales = required(tensors, name + scalesSuffix(suffix));
    const rows = codes.shape.slice(0, -2);
    const groups = codes.shape.at(-2) ?? 0;
    if (rows.length === 0 || codes.shape.at(-1) !== GROUP / 2) throw unfit(codes);
    if (scales.dtype !== 'uint8' && scales.dtype !== 'float8_e8m0fnu') throw unfit(scales);
    if (!sameShape(scales, [...rows, groups])) throw unfit(scales);
    const shape = [...rows, groups * GROUP];
    const isTransposed = suffix === '_blocks' && shape.length === 3;
    const [experts = 0, outputs = 0, inputs = 0] = shape;
    const storage = scaled(
      {
        codes: unpacked(codes, { bits: 4, wordBytes: 1, columns: 1, table: E2M1_VALUES }, 'float32'),
        shape,
        block: [...rows.map(() => 1), GROUP],
        scales: seenAs(plainStorage(scales), 'float8_e8m0fnu'),
      },
      isTransposed ? [outputs * inputs, 1, inputs] : undefined,
    );
    const label = 'float4 (MXFP4, groups of 32)';
    const result = isTransposed ? [experts, inputs, outputs] : shape;
    return {
      weight: weightEntry(name, result, storage, label, codes, tensors),
      consumed: [codes, scales],
      constants: [],
    };
  },
};

function suffixOf(name: string): string | undefined {
  return ['_blocks', '.blocks'].find((suffix) => name.endsWith(suffix));
}

function scalesSuffix(suffix: string): string {
  return suffix === '_blocks' ? '_scales' : '.scales';
}

function sameShape({ shape }: TensorEntry, expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((size, dimension) => size === expected[dimension]);
}
