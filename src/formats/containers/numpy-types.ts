import type { DType } from '../dtype';

/** Kind and bytes of an element, as `numpy.dtype(…).str` gives them without the byte order. One byte has no order. */
export const NUMPY_TYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['f8', 'float64'],
  ['f4', 'float32'],
  ['f2', 'float16'],
  ['i8', 'int64'],
  ['i4', 'int32'],
  ['i2', 'int16'],
  ['i1', 'int8'],
  ['u8', 'uint64'],
  ['u4', 'uint32'],
  ['u2', 'uint16'],
  ['u1', 'uint8'],
  ['b1', 'bool'],
  ['c8', 'complex64'],
  ['c16', 'complex128'],
]);
