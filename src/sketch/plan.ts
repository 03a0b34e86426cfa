import type { TensorStorage } from '../formats/storage';
import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import type { WideType } from '../values/convert';
import { codeValues, quantizedValues } from '../values/code-values';

/**
 * How the values of a tensor are sketched.
 * `float32`: bins over the upper 16 bits of the pattern, moments by the kernel.
 * `codes`: every stored pattern of 8 or 16 bits is counted; all else follows from counts × value, exactly.
 * `converted`: wider types; moments in float64 of the true values, bins of the values rounded to float32.
 */
export type SketchPlan =
  | { readonly kind: 'float32' }
  | {
      readonly kind: 'codes';
      readonly bits: 8 | 16;
      /** Value of each code: 256 or 65,536 entries. */
      readonly values: Float64Array;
    }
  | { readonly kind: 'converted'; readonly dtype: WideType };

/**
 * The plan that a tensor's storage calls for. Byte order and strides do not matter to it: the elements are brought
 * into order before they are counted. Undefined for complex numbers, which have no order to prune by.
 */
export function sketchPlan(storage: Pick<TensorStorage, 'dtype' | 'quantization'>): SketchPlan | undefined {
  const { dtype, quantization } = storage;
  if (dtype === 'float32') return { kind: 'float32' };
  if (isWide(dtype)) return { kind: 'converted', dtype };
  const values = codeValues(dtype);
  if (values === undefined) return undefined;
  return {
    kind: 'codes',
    bits: BYTES_PER_ELEMENT[dtype] === 1 ? 8 : 16,
    values: quantization === undefined ? values : quantizedValues(values, quantization),
  };
}

function isWide(dtype: DType): dtype is WideType {
  return dtype === 'float64' || dtype === 'int64' || dtype === 'uint64' || dtype === 'int32' || dtype === 'uint32';
}
