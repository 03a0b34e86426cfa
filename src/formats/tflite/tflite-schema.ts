import type { DType } from '../dtype';

/**
 * Numbers of fields, types and operators, from the schemas of TensorFlow Lite (`schema.fbs` of google-ai-edge/LiteRT,
 * version 3d) and Circle (`circle_schema.fbs` of Samsung/ONE, version 0.10). Circle agrees with TensorFlow Lite except
 * for what is negative and for what is named here.
 */
export const MODEL = { operatorCodes: 1, subgraphs: 2, buffers: 4, bufferGroups: 8, externalBuffers: 9 } as const;
export const OPERATOR_CODE = { shortCode: 0, customCode: 1, code: 3 } as const;
export const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 } as const;
export const OPERATOR = { code: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 } as const;
export const TENSOR = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  sparsity: 6,
  /** In TensorFlow Lite. */
  externalBuffer: 10,
  /** In Circle. */
  compression: 10,
} as const;
export const BUFFER = { data: 0, offset: 1, size: 2 } as const;
export const EXTERNAL_BUFFER_GROUP = { name: 0 } as const;
export const EXTERNAL_BUFFER = { id: 0, group: 1, offset: 2, length: 3, packing: 4 } as const;
export const QUANTIZATION = { scale: 2, zeroPoint: 3, detailsType: 4, details: 5, dimension: 6 } as const;
export const BLOCKWISE = { scales: 0, zeroPoints: 1, blockSize: 2, blockShape: 3 } as const;
export const MULTI_AXIS = { scales: 0, zeroPoints: 1, blockSize: 2, dimensions: 3 } as const;
/** Of the union `QuantizationDetails`; in Circle, 2 is another. */
export const DETAILS = { custom: 1, blockwise: 2, multiAxis: 3 } as const;
export const SPARSITY = { traversalOrder: 0, blockMap: 1, dimensions: 2 } as const;
export const SPARSE_DIMENSION = {
  format: 0,
  denseSize: 1,
  segmentsType: 2,
  segments: 3,
  indicesType: 4,
  indices: 5,
} as const;
/** Of the union `SparseIndexVector`, whose members have one field each: the values. */
export const INDEX_TYPES: readonly ('int32' | 'uint16' | 'uint8' | undefined)[] = [
  undefined,
  'int32',
  'uint16',
  'uint8',
];
export const BATCH_MATMUL_OPTIONS = { unionType: 101, adjointRight: 1 } as const;

/** How the elements of a type are stored. */
export interface StoredType {
  readonly name: string;
  /** Of the elements, once they are unpacked; undefined for those that are not read. */
  readonly dtype: DType | undefined;
  /** Bits of an element, where several share a byte: the first is in the lowest bits. */
  readonly bits?: 2 | 4;
  /** Whether a scale turns its codes into the values that are meant. */
  readonly quantizable?: true;
}

/** By number of `TensorType`. */
const TYPES: readonly StoredType[] = [
  { name: 'float32', dtype: 'float32' },
  { name: 'float16', dtype: 'float16' },
  { name: 'int32', dtype: 'int32', quantizable: true },
  { name: 'uint8', dtype: 'uint8', quantizable: true },
  { name: 'int64', dtype: 'int64', quantizable: true },
  { name: 'string', dtype: undefined },
  { name: 'bool', dtype: 'bool' },
  { name: 'int16', dtype: 'int16', quantizable: true },
  { name: 'complex64', dtype: 'complex64' },
  { name: 'int8', dtype: 'int8', quantizable: true },
  { name: 'float64', dtype: 'float64' },
  { name: 'complex128', dtype: 'complex128' },
  { name: 'uint64', dtype: 'uint64' },
  { name: 'resource', dtype: undefined },
  { name: 'variant', dtype: undefined },
  { name: 'uint32', dtype: 'uint32' },
  { name: 'uint16', dtype: 'uint16', quantizable: true },
  { name: 'int4', dtype: 'int8', bits: 4, quantizable: true },
  { name: 'bfloat16', dtype: 'bfloat16' },
  { name: 'int2', dtype: 'int8', bits: 2, quantizable: true },
  { name: 'uint4', dtype: 'uint8', bits: 4, quantizable: true },
  { name: 'float8_e4m3fn', dtype: 'float8_e4m3fn' },
  { name: 'float8_e5m2', dtype: 'float8_e5m2' },
];

/** By −1 − number, of Circle. */
const CIRCLE_TYPES: readonly StoredType[] = [
  { name: 'uint4', dtype: 'uint8', bits: 4, quantizable: true },
  { name: 'GGML Q4_0', dtype: undefined },
  { name: 'GGML Q4_1', dtype: undefined },
  { name: 'GGML Q8_0', dtype: undefined },
  { name: 'GGML Q8_1', dtype: undefined },
  { name: 'MXFP4', dtype: undefined },
  { name: 'MXINT8', dtype: undefined },
];

/** A type that no schema has is one of a later schema. */
export function storedType(type: number): StoredType {
  return (type < 0 ? CIRCLE_TYPES[-1 - type] : TYPES[type]) ?? { name: `type ${type}`, dtype: undefined };
}

/** By number of `BuiltinOperator`. */
const OPERATORS: readonly string[] = `
  ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
  FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
  LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX
  SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD
  UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
  UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE
  BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL
  LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT
  RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT
  UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
  LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK
  ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4
  NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
  PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
  HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE
  READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL
  GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
  UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
  STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
  STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
  STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
  STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
  STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
  STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
  STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
  STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT
  STABLEHLO_CASE
`
  .trim()
  .split(/\s+/);

/** By −1 − number, of Circle. */
const CIRCLE_OPERATORS: readonly string[] = [
  'OPERATOR_-1',
  ...['INSTANCE_NORM', 'BCQ_FULLY_CONNECTED', 'BCQ_GATHER', 'GRU', 'RMS_NORM', 'ROPE', 'RUN_MODEL'],
];

/** Operators of a model that the schema does not know have a name of their own. */
export const CUSTOM_OPERATOR = 'CUSTOM';

export function operatorName(code: number): string {
  return (code < 0 ? CIRCLE_OPERATORS[-1 - code] : OPERATORS[code]) ?? `OPERATOR_${code}`;
}
