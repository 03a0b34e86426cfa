/** Global magnitude pruning, done value by value in the plainest way: what the panel's figures are checked with. */

import { readFile } from 'node:fs/promises';

/** @typedef {{ name: string, shape: number[], values: Float32Array }} Tensor */

/**
 * The float32 tensors of a safetensors file.
 * @param {string} file
 * @returns {Promise<Tensor[]>}
 */
export async function readFloats(file) {
  const bytes = await readFile(file);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>} */
  const header = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  return Object.entries(header)
    .filter(([name, { dtype }]) => name !== '__metadata__' && dtype === 'F32')
    .map(
      ([
        name,
        {
          shape,
          data_offsets: [start, end],
        },
      ]) => ({
        name,
        shape,
        // A copy: the values need not be aligned in the file.
        values: new Float32Array(new Uint8Array(bytes.subarray(headerEnd + start, headerEnd + end)).buffer),
      }),
    );
}

/**
 * Sets the smallest |w| of all the tensors to zero.
 * @param {Tensor[]} tensors
 * @param {number} prunedFraction
 * @returns {{ cosine: number, threshold: number, left: number, kept: Map<string, number> }} `threshold`: the largest pruned |w|; `kept`: fraction by tensor
 */
export function pruneByHand(tensors, prunedFraction) {
  const magnitudes = tensors.flatMap(({ name, values }) =>
    [...values].map((value) => ({ name, size: Math.abs(value) })),
  );
  magnitudes.sort((a, b) => a.size - b.size);
  const prunedCount = Math.round(prunedFraction * magnitudes.length);
  const kept = new Map(tensors.map(({ name }) => [name, 0]));
  let keptEnergy = 0;
  let energy = 0;
  magnitudes.forEach(({ name, size }, i) => {
    energy += size * size;
    if (i >= prunedCount) {
      keptEnergy += size * size;
      kept.set(name, (kept.get(name) ?? 0) + 1);
    }
  });
  return {
    cosine: Math.sqrt(keptEnergy / energy),
    threshold: magnitudes[prunedCount - 1]?.size ?? 0,
    left: magnitudes.length - prunedCount,
    kept: new Map(tensors.map(({ name, values }) => [name, (kept.get(name) ?? 0) / values.length])),
  };
}
