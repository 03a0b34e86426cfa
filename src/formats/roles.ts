import type { RoleSource, TensorRole } from './checkpoint';
import { isFloatingPoint, type DType } from './dtype';

// Names come from strangers: repetitions are bounded, so that each pattern takes time proportional to the name's length.

/** What a layer keeps without training it: running statistics, position numbers, frequencies of rotary embeddings. */
const BUFFER =
  /(^|[./])(running_mean|running_var|num_batches_tracked|moving_mean|moving_variance|inv_freq|position_ids|masked_bias|rope_freqs\.weight|rope_factors_(long|short)\.weight)(:0)?$/i;
/** GPT-2 keeps its causal mask, ones and zeros, as the "bias" of its attention. */
const CAUSAL_MASK = /(^|[./])attn\.bias$/;
/** What belongs to quantised weights beside their codes, as GPTQ, AWQ, bitsandbytes, FP8 and MX checkpoints name it. */
const QUANTIZATION =
  /(^|[./_])(weight_scale(_inv|_2)?|input_scale|(weight|input)_global_scale|scale_(inv|weight|input)|scales|qzeros|g_idx|zero_point|absmax|nested_absmax|quant_map|nested_quant_map|SCB)$/;
/** Names of the affine parameters of normalisation layers, by parameter (`gamma`) or by layer (`bn1.weight`, `ln_f.bias`). */
const NORM =
  /((^|[./])(gamma|beta)(:0)?$)|((^|[./_])(bn|batch_?norm(alization)?|ln|layer_?norm|group_?norm|rms_?norm|norm)\d*(_\w{1,40})?[./](weight|bias|scale|offset|g|b)(:0)?$)|(FusedBatchNormV\d\/(Scaled|Offset|ReadVariableOp(_1)?)$)/i;
/** A vector of weights scales: matrices have two dimensions. So `1.weight` of a Sequential is known as its BatchNorm's. */
const SCALE = /(^|[./_])(weights?|scale)(:0)?$/i;
const EMBEDDING =
  /(^|[./_])(wte|wpe|embed|embeds|embeddings?|embed_tokens|tok_embeddings|token_embd|position_embd|token_types)([./_]|\d|$)/i;
/** By parameter, by the operation that adds it in a TensorFlow graph, or as what folding a BatchNorm leaves. */
const BIAS = /((^|[./_])(biases|bias(_\w{1,40})?|b)(:0)?$)|(\/BiasAdd(\/ReadVariableOp(\/resource)?)?$)|(_bn_offset$)/i;

/**
 * What a tensor is for, from its name, shape and type. Names are the only source of it in most formats, so this is
 * convention, not knowledge; what is not recognised is judged by its shape.
 */
export function tensorRole(name: string, shape: readonly number[], dtype: DType): TensorRole {
  return roleByConvention(name, shape, dtype).role;
}

/** The same, and what has decided it. */
export function roleByConvention(
  name: string,
  shape: readonly number[],
  dtype: DType,
): { readonly role: TensorRole; readonly roleFrom: RoleSource } {
  if (BUFFER.test(name) || (shape.length === 4 && CAUSAL_MASK.test(name))) return { role: 'buffer', roleFrom: 'name' };
  if (QUANTIZATION.test(name)) return { role: 'quantization', roleFrom: 'name' };
  if (!isFloatingPoint(dtype)) return { role: shape.length >= 2 ? 'other' : 'constant', roleFrom: 'type' };
  if (isQuantizationConstant(name, dtype)) return { role: 'quantization', roleFrom: 'type' };
  if (shape.length === 0) return { role: 'constant', roleFrom: 'shape' };
  if (shape.length === 1) {
    if (NORM.test(name)) return { role: 'norm', roleFrom: 'name' };
    if (BIAS.test(name)) return { role: 'bias', roleFrom: 'name' };
    return SCALE.test(name) ? { role: 'norm', roleFrom: 'name' } : { role: 'other', roleFrom: 'shape' };
  }
  return EMBEDDING.test(name) ? { role: 'embedding', roleFrom: 'name' } : { role: 'weight', roleFrom: 'shape' };
}

/**
 * Whether the tensor holds scales or zero points by which others are to be multiplied or shifted: nothing to prune.
 * E8M0 is a bare exponent and serves no other purpose.
 */
export function isQuantizationConstant(name: string, dtype: DType): boolean {
  return dtype === 'float8_e8m0fnu' || QUANTIZATION.test(name);
}

const NEVER_PRUNED: ReadonlySet<TensorRole> = new Set(['buffer', 'optimizer', 'constant', 'quantization']);

/**
 * Whether the limits count and prune this tensor. As the authors of the cosine method define it, every trained
 * parameter is: weights, biases, the affine parameters of normalisation, embeddings; buffers, optimiser state,
 * constants and quantisation parameters are not. Integer and boolean tensors never are.
 */
export function isPrunable(role: TensorRole, dtype: DType): boolean {
  return isFloatingPoint(dtype) && !NEVER_PRUNED.has(role);
}
