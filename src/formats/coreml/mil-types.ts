import type { DType } from '../dtype';

/** How elements of one type of MIL are stored. */
export interface MilType {
  readonly name: string;
  readonly bits: 1 | 2 | 3 | 4 | 6 | 8 | 16 | 32 | 64;
  readonly signed?: true;
  /** The type that elements are read as; of those of less than a byte, once they are unpacked. */
  readonly dtype: DType;
  /** Its number in the header of a blob (`BlobDataType` of MIL's blob storage, version 2), where blobs have it. */
  readonly blob?: number;
}

/** By their number in `MIL.proto`. */
export const MIL_TYPES: ReadonlyMap<number, MilType> = new Map<number, MilType>([
  [1, { name: 'bool', bits: 8, dtype: 'bool' }],
  [10, { name: 'float16', bits: 16, dtype: 'float16', blob: 1 }],
  [11, { name: 'float32', bits: 32, dtype: 'float32', blob: 2 }],
  [12, { name: 'float64', bits: 64, dtype: 'float64' }],
  [13, { name: 'bfloat16', bits: 16, dtype: 'bfloat16', blob: 5 }],
  [21, { name: 'int8', bits: 8, dtype: 'int8', blob: 4 }],
  [22, { name: 'int16', bits: 16, dtype: 'int16', blob: 6 }],
  [23, { name: 'int32', bits: 32, dtype: 'int32', blob: 14 }],
  [24, { name: 'int64', bits: 64, dtype: 'int64' }],
  [25, { name: 'int4', bits: 4, signed: true, dtype: 'int8', blob: 8 }],
  [31, { name: 'uint8', bits: 8, dtype: 'uint8', blob: 3 }],
  [32, { name: 'uint16', bits: 16, dtype: 'uint16', blob: 7 }],
  [33, { name: 'uint32', bits: 32, dtype: 'uint32', blob: 15 }],
  [34, { name: 'uint64', bits: 64, dtype: 'uint64' }],
  [35, { name: 'uint4', bits: 4, dtype: 'uint8', blob: 11 }],
  [36, { name: 'uint2', bits: 2, dtype: 'uint8', blob: 10 }],
  [37, { name: 'uint1', bits: 1, dtype: 'uint8', blob: 9 }],
  [38, { name: 'uint6', bits: 6, dtype: 'uint8', blob: 13 }],
  [39, { name: 'uint3', bits: 3, dtype: 'uint8', blob: 12 }],
  [40, { name: 'float8e4m3fn', bits: 8, dtype: 'float8_e4m3fn', blob: 16 }],
  [41, { name: 'float8e5m2', bits: 8, dtype: 'float8_e5m2', blob: 17 }],
]);
