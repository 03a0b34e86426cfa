import type { ParameterLayout } from './objective';
import { product } from '../formats/shape';

/** Among which weights scores are compared: all, those of the same parameter, or those of the same output (row, filter). */
export type ScoreScope = 'network' | 'parameter' | 'output';

/** What a criterion thinks of each weight: low goes first. */
export interface PruningScores {
  /** D numbers; those of parameters that are not prunable are not looked at. NaN counts as high. */
  readonly scores: Float32Array;
  readonly scope: ScoreScope;
}

/** Number of weights that pruning may set to zero. */
export function prunableCount(layout: readonly ParameterLayout[]): number {
  return layout.reduce((sum, { prunable, count }) => (prunable ? sum + count : sum), 0);
}

/** Those weights, one after another. */
export function prunableWeights(layout: readonly ParameterLayout[], weights: Float32Array): Float32Array {
  const values = new Float32Array(prunableCount(layout));
  let length = 0;
  for (const { offset, count } of layout.filter(({ prunable }) => prunable)) {
    values.set(weights.subarray(offset, offset + count), length);
    length += count;
  }
  return values;
}

/**
 * The places (in the vector of all parameters) of all prunable weights in the order in which they are pruned, so that a
 * pruned copy is a prefix. Of equal scores the first place goes first. Within a narrower scope than the network, a weight's
 * turn is its rank there as a fraction, so that every prefix takes the same share of each parameter or output, up to one weight.
 */
export function pruningOrder(layout: readonly ParameterLayout[], { scores, scope }: PruningScores): Uint32Array {
  const places = new Uint32Array(prunableCount(layout));
  const keys = new Uint32Array(places.length);
  let length = 0;
  for (const parameter of layout.filter(({ prunable }) => prunable)) {
    const { offset, count } = parameter;
    const own = sortableBits(scores.subarray(offset, offset + count));
    keys.set(scope === 'network' ? own : ranks(own, scope === 'parameter' ? undefined : parameter), length);
    for (let at = 0; at < count; at++) places[length + at] = offset + at;
    length += count;
  }
  return stableOrder(keys).map((index) => places[index]!);
}

/** A copy of the weights with the first `count` of the order set to zero. */
export function prunedCopy(weights: Float32Array, order: Uint32Array, count: number): Float32Array {
  const copy = weights.slice();
  for (let index = 0; index < count; index++) copy[order[index]!] = 0;
  return copy;
}

/** Rank of each score in the parameter, or among those of the same output of the parameter given, as a fraction of 2³². */
function ranks(keys: Uint32Array, byOutput: ParameterLayout | undefined): Uint32Array {
  const outputOf = byOutput === undefined ? (): number => 0 : indexAlong(byOutput, byOutput.outputDimension);
  const outputs = byOutput?.outputDimension === undefined ? 1 : (byOutput.shape[byOutput.outputDimension] ?? 1);
  const size = keys.length / outputs;
  const taken = new Uint32Array(outputs);
  const result = new Uint32Array(keys.length);
  for (const index of stableOrder(keys)) {
    const rank = taken[outputOf(index)]!++;
    result[index] = Math.floor(((rank + 0.5) / size) * 2 ** 32);
  }
  return result;
}

/** Index along one dimension of the number at a place in C order; 0 where there is no such dimension. */
export function indexAlong({ shape }: ParameterLayout, dimension: number | undefined): (place: number) => number {
  if (dimension === undefined) return () => 0;
  const size = shape[dimension] ?? 1;
  const stride = product(shape.slice(dimension + 1));
  return (place) => Math.floor(place / stride) % size;
}

/** Whole numbers in the order of these float32; NaN is the greatest. */
function sortableBits(values: Float32Array): Uint32Array {
  // −0 is 0, and a NaN may have a sign.
  const clean = values.map((value) => (Number.isNaN(value) ? Number.NaN : value + 0));
  const bits = new Uint32Array(clean.buffer);
  const sign = 2 ** 31;
  return bits.map((word, index) => {
    if (Number.isNaN(clean[index])) return 2 ** 32 - 1;
    return word < sign ? word + sign : 2 ** 32 - 1 - word;
  });
}

/** Indices in ascending order of the keys, equal ones as they were: two passes over 16 bits each, in linear time. */
function stableOrder(keys: Uint32Array): Uint32Array {
  let order = Uint32Array.from(keys.keys());
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(2 ** 16 + 1);
    for (const key of keys) starts[((key >>> shift) & 0xffff) + 1]!++;
    for (let digit = 0; digit < 2 ** 16; digit++) starts[digit + 1]! += starts[digit]!;
    const sorted = new Uint32Array(keys.length);
    for (const index of order) sorted[starts[(keys[index]! >>> shift) & 0xffff]!++] = index;
    order = sorted;
  }
  return order;
}
