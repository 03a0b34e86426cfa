import type { DType } from '../dtype';

/** Fields of a TensorProto that hold numbers one by one, and how they are written. */
export interface NumberField {
  /** Number of the field in TensorProto. */
  readonly field: number;
  readonly wire: 'varint' | 'fixed32' | 'fixed64';
  /** How many of them make an element: 2 for complex numbers. */
  readonly perElement: number;
}

/** An element type of ONNX. */
export interface OnnxType {
  /** As the specification calls it. */
  readonly name: string;
  /** Type of the elements that are read; undefined for strings. */
  readonly dtype?: DType;
  /** The typed field that may hold the values instead of raw bytes. */
  readonly numbers?: NumberField;
  /** Set for types of less than a byte, which are packed from the lowest bits on. */
  readonly packed?: {
    readonly bits: 2 | 4 | 6;
    readonly signed?: true;
    readonly table?: readonly number[];
  };
}

const FLOATS: NumberField = { field: 4, wire: 'fixed32', perElement: 1 };
const INT32S: NumberField = { field: 5, wire: 'varint', perElement: 1 };
const INT64S: NumberField = { field: 7, wire: 'varint', perElement: 1 };
const DOUBLES: NumberField = { field: 10, wire: 'fixed64', perElement: 1 };
const UINT64S: NumberField = { field: 11, wire: 'varint', perElement: 1 };

/** By TensorProto.DataType (onnx.proto, IR version 14). */
export const ONNX_TYPES: ReadonlyMap<number, OnnxType> = new Map<number, OnnxType>([
  [1, { name: 'FLOAT', dtype: 'float32', numbers: FLOATS }],
  [2, { name: 'UINT8', dtype: 'uint8', numbers: INT32S }],
  [3, { name: 'INT8', dtype: 'int8', numbers: INT32S }],
  [4, { name: 'UINT16', dtype: 'uint16', numbers: INT32S }],
  [5, { name: 'INT16', dtype: 'int16', numbers: INT32S }],
  [6, { name: 'INT32', dtype: 'int32', numbers: INT32S }],
  [7, { name: 'INT64', dtype: 'int64', numbers: INT64S }],
  [8, { name: 'STRING' }],
  [9, { name: 'BOOL', dtype: 'bool', numbers: INT32S }],
  [10, { name: 'FLOAT16', dtype: 'float16', numbers: INT32S }],
  [11, { name: 'DOUBLE', dtype: 'float64', numbers: DOUBLES }],
  [12, { name: 'UINT32', dtype: 'uint32', numbers: UINT64S }],
  [13, { name: 'UINT64', dtype: 'uint64', numbers: UINT64S }],
  [14, { name: 'COMPLEX64', dtype: 'complex64', numbers: { ...FLOATS, perElement: 2 } }],
  [15, { name: 'COMPLEX128', dtype: 'complex128', numbers: { ...DOUBLES, perElement: 2 } }],
  [16, { name: 'BFLOAT16', dtype: 'bfloat16', numbers: INT32S }],
  [17, { name: 'FLOAT8E4M3FN', dtype: 'float8_e4m3fn', numbers: INT32S }],
  [18, { name: 'FLOAT8E4M3FNUZ', dtype: 'float8_e4m3fnuz', numbers: INT32S }],
  [19, { name: 'FLOAT8E5M2', dtype: 'float8_e5m2', numbers: INT32S }],
  [20, { name: 'FLOAT8E5M2FNUZ', dtype: 'float8_e5m2fnuz', numbers: INT32S }],
  [21, { name: 'UINT4', dtype: 'uint8', packed: { bits: 4 }, numbers: INT32S }],
  [22, { name: 'INT4', dtype: 'int8', packed: { bits: 4, signed: true }, numbers: INT32S }],
  [23, { name: 'FLOAT4E2M1', dtype: 'float32', packed: { bits: 4, table: smallFloats(2, 1, 1) }, numbers: INT32S }],
  [24, { name: 'FLOAT8E8M0', dtype: 'float8_e8m0fnu', numbers: INT32S }],
  [25, { name: 'UINT2', dtype: 'uint8', packed: { bits: 2 }, numbers: INT32S }],
  [26, { name: 'INT2', dtype: 'int8', packed: { bits: 2, signed: true }, numbers: INT32S }],
  [27, { name: 'FLOAT6E2M3', dtype: 'float32', packed: { bits: 6, table: smallFloats(2, 3, 1) }, numbers: INT32S }],
  [28, { name: 'FLOAT6E3M2', dtype: 'float32', packed: { bits: 6, table: smallFloats(3, 2, 3) }, numbers: INT32S }],
]);

/** Values of all codes of a float without infinities and NaNs: sign bit first (OCP microscaling formats, MX 1.0). */
function smallFloats(exponentBits: number, fractionBits: number, bias: number): number[] {
  const magnitudes = Array.from({ length: 2 ** (exponentBits + fractionBits) }, (_, code) => {
    const exponent = Math.floor(code / 2 ** fractionBits);
    const fraction = (code % 2 ** fractionBits) / 2 ** fractionBits;
    return exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  });
  return [...magnitudes, ...magnitudes.map((magnitude) => -magnitude)];
}
