import type { PairStatistics, TensorComparison } from '../../src/report/comparison';

/**
 * The prunable common tensors compared so far, taken as one vector: what is shown until the engine has told the model's
 * own statistics. Inner products follow from each tensor's cosine and norms, a·b = cos ‖a‖ ‖b‖; exact up to rounding where
 * all values are finite. Null if there is no such tensor.
 */
export function pairTotals(tensors: readonly TensorComparison[]): PairStatistics | null {
  let [count, equalCount, zerosBefore, zerosAfter, zerosBoth, maxChange] = [0, 0, 0, 0, 0, 0];
  let [product, energyBefore, energyAfter, energyOfChange] = [0, 0, 0, 0];
  for (const { before, after, pair } of tensors) {
    if (pair === null || before?.prunable !== true || after === null || before.aliasOf !== undefined) continue;
    count += pair.count;
    equalCount += pair.equalCount;
    zerosBefore += pair.zerosBefore;
    zerosAfter += pair.zerosAfter;
    zerosBoth += pair.zerosBoth;
    maxChange = Math.max(maxChange, pair.maxChange);
    product += (pair.cosineSimilarity ?? 0) * before.l2Norm * after.l2Norm;
    energyBefore += before.l2Norm ** 2;
    energyAfter += after.l2Norm ** 2;
    // from a zero tensor the change is the other side itself
    energyOfChange += pair.relativeChange === null ? after.l2Norm ** 2 : (pair.relativeChange * before.l2Norm) ** 2;
  }
  if (count === 0) return null;
  const norms = Math.sqrt(energyBefore) * Math.sqrt(energyAfter);
  const zeros = zerosBefore + zerosAfter - zerosBoth;
  return {
    count,
    cosineSimilarity: norms === 0 ? null : Math.max(-1, Math.min(1, product / norms)),
    relativeChange: energyBefore === 0 ? null : Math.sqrt(energyOfChange / energyBefore),
    maxChange,
    equalCount,
    zerosBefore,
    zerosAfter,
    zerosBoth,
    maskOverlap: zeros === 0 ? null : zerosBoth / zeros,
  };
}
