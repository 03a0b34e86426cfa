import type { DType } from '../dtype';

/** A type of tensors, by its number in ggml (ggml.h: enum ggml_type). */
export interface GgmlType {
  /** As ggml and its tools call it. */
  readonly name: string;
  /** Values that share a block, and the bytes of one: ggml.c, type_traits. */
  readonly blockValues: number;
  readonly blockBytes: number;
  /** Type of the elements, which are simply stored; absent for blocks, which stand for float32 values. */
  readonly dtype?: DType;
  /**
   * Blocks: how they are in big-endian files. `same`: there are only bytes in them; `swapped`: their scales are swapped,
   * as llama.cpp's gguf-convert-endian does. Others it does not convert, so there is no telling what they would be.
   */
  readonly big?: 'same' | 'swapped';
}

function plain(name: string, dtype: DType, bytes: number): GgmlType {
  return { name, blockValues: 1, blockBytes: bytes, dtype };
}

function blocks(name: string, blockValues: number, blockBytes: number, big?: GgmlType['big']): GgmlType {
  return { name, blockValues, blockBytes, ...(big === undefined ? {} : { big }) };
}

export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map([
  [0, plain('F32', 'float32', 4)],
  [1, plain('F16', 'float16', 2)],
  [2, blocks('Q4_0', 32, 18, 'swapped')],
  [3, blocks('Q4_1', 32, 20)],
  [6, blocks('Q5_0', 32, 22)],
  [7, blocks('Q5_1', 32, 24)],
  [8, blocks('Q8_0', 32, 34, 'swapped')],
  [10, blocks('Q2_K', 256, 84)],
  [11, blocks('Q3_K', 256, 110)],
  [12, blocks('Q4_K', 256, 144, 'swapped')],
  [13, blocks('Q5_K', 256, 176)],
  [14, blocks('Q6_K', 256, 210, 'swapped')],
  [15, blocks('Q8_K', 256, 292)],
  [16, blocks('IQ2_XXS', 256, 66)],
  [17, blocks('IQ2_XS', 256, 74)],
  [18, blocks('IQ3_XXS', 256, 98)],
  [19, blocks('IQ1_S', 256, 50)],
  [20, blocks('IQ4_NL', 32, 18)],
  [21, blocks('IQ3_S', 256, 110)],
  [22, blocks('IQ2_S', 256, 82)],
  [23, blocks('IQ4_XS', 256, 136)],
  [24, plain('I8', 'int8', 1)],
  [25, plain('I16', 'int16', 2)],
  [26, plain('I32', 'int32', 4)],
  [27, plain('I64', 'int64', 8)],
  [28, plain('F64', 'float64', 8)],
  [29, blocks('IQ1_M', 256, 56)],
  [30, plain('BF16', 'bfloat16', 2)],
  [34, blocks('TQ1_0', 256, 54)],
  [35, blocks('TQ2_0', 256, 66, 'swapped')],
  [39, blocks('MXFP4', 32, 17, 'same')],
  [40, blocks('NVFP4', 64, 36, 'same')],
  [41, blocks('Q1_0', 128, 18, 'swapped')],
  [42, blocks('Q2_0', 64, 18)],
]);

export const Q2_0 = 42;

/** What the fork that introduced Q2_0 writes under the same number: one scale for 128 values. */
export const Q2_0_G128: GgmlType = blocks('Q2_0_G128', 128, 34);

/** Types that are not read, so that they can be named: ggml has given them up, or keeps nothing in them. */
export const UNREAD_TYPES: ReadonlyMap<number, string> = new Map([
  [4, 'Q4_2'],
  [5, 'Q4_3'],
  // Of results while a model runs; ggml and gguf-py disagree on its size.
  [9, 'Q8_1'],
  // Rearranged for a processor; ggml does that while it loads a file now.
  [31, 'Q4_0_4_4'],
  [32, 'Q4_0_4_8'],
  [33, 'Q4_0_8_8'],
  [36, 'IQ4_NL_4_4'],
  [37, 'IQ4_NL_4_8'],
  [38, 'IQ4_NL_8_8'],
]);
