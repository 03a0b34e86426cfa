import type { TensorEntry } from '../checkpoint';
import type { TensorStorage } from '../storage';

/**
 * Quantised weights, those of NVFP4 above all, may have a further scale, in a tensor of its own: `blk.0.ffn_up.scale` of
 * `blk.0.ffn_up.weight`, one number, or one for each expert. llama.cpp multiplies what comes out of the layer with it;
 * here it is part of the weights, for only so they compare with others. The scales themselves are constants.
 */
export function withScales(tensors: readonly TensorEntry[]): TensorEntry[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const used = new Set<string>();
  const scaled = tensors.map((tensor) => {
    if (tensor.storage.coding === undefined || tensor.count === 0) return tensor;
    const scale = byName.get(tensor.name.replace(/\.weight$/, '.scale'));
    if (scale === undefined || scale === tensor || scale.storage.coding !== undefined || scale.dtype !== 'float32')
      return tensor;
    const block = boxOf(tensor.shape, scale.count);
    if (block === undefined) return tensor;
    used.add(scale.name);
    const storage: TensorStorage = {
      dtype: 'float32',
      extents: [],
      coding: { kind: 'scaled', codes: tensor.storage, shape: tensor.shape, block, scales: scale.storage },
    };
    return { ...tensor, storage };
  });
  return scaled.map((tensor) => (used.has(tensor.name) ? { ...tensor, role: 'quantization' as const } : tensor));
}

/** What of a tensor has one of `scales` scales: all of it, or what one index of its first dimension selects. */
function boxOf(shape: readonly number[], scales: number): readonly number[] | undefined {
  if (scales === 1) return shape;
  return shape.length > 2 && shape[0] === scales ? [1, ...shape.slice(1)] : undefined;
}
