import type { ValueCells } from './cells';
import { standardDeviation, type Moments } from './moments';

/** Fewer could not tell both signs, zero, and a centre from the tails. */
const FEWEST_CELLS = 8;

/** Cells are kept narrow within this many standard deviations of the mean, where histograms are drawn. */
const NARROW_DEVIATIONS = 4;

/** Beyond, slots widen in proportion to the distance from the mean: this many to a factor e at full resolution. */
const TAIL_SLOTS = 16;

/** Factor by which the resolution is lowered until the cells are few enough. */
const COARSENING = 1.1;

/** What is merged: neighbours in the same slot, up to a share of the mass. */
interface Resolution {
  /** Equal slots over ±4 standard deviations about the mean. */
  readonly slots: number;
  /** Slots to a factor e of the distance from the mean, beyond. */
  readonly tailSlots: number;
  /** Most values in a merged cell. */
  readonly mass: number;
}

/**
 * Coarsens a distribution to at most `maxCells` cells by merging neighbours. Two things are kept at once: no merged
 * cell has more than a few thousandths of the mass (so that quantiles, by linear interpolation within a cell, are right
 * to 1e-3 or better), and none is wider than half a bar of a histogram of 120 bars over ±4 standard deviations. Cells
 * that hold more than that mass stay as they are, atoms included; zero stays an atom always.
 * @throws {RangeError} if `maxCells` is under 8.
 */
export function coarsenValues(cells: ValueCells, moments: Moments, maxCells: number): ValueCells {
  if (!(maxCells >= FEWEST_CELLS)) throw new RangeError(`${String(maxCells)} cells are too few`);
  if (cells.count.length <= maxCells) return cells;
  const deviation = standardDeviation(moments) ?? 0;
  // A walk that merges while two neighbours together stay under the mass leaves fewer than 2 × total / mass cells, and
  // one more a slot. Start where that is near the limit, and widen until it is kept.
  let resolution: Resolution = { slots: maxCells, tailSlots: TAIL_SLOTS, mass: (2 * moments.count) / maxCells };
  for (;;) {
    const starts = mergedStarts(cells, resolution, moments.mean, deviation);
    if (starts.length <= maxCells) return mergeFrom(cells, starts);
    resolution = {
      slots: resolution.slots / COARSENING,
      tailSlots: resolution.tailSlots / COARSENING,
      mass: resolution.mass * COARSENING,
    };
  }
}

/** Indices of the first cells of the merged ones. */
function mergedStarts(cells: ValueCells, resolution: Resolution, mean: number, deviation: number): number[] {
  const { low, high, count } = cells;
  const { slots, tailSlots, mass } = resolution;
  const slotOf = (i: number): number => {
    if (deviation === 0) return 0;
    const deviations = ((low[i] ?? 0) / 2 + (high[i] ?? 0) / 2 - mean) / deviation;
    const distance = Math.abs(deviations) / NARROW_DEVIATIONS;
    if (distance <= 1) return Math.floor((deviations / NARROW_DEVIATIONS) * (slots / 2));
    return Math.sign(deviations) * Math.ceil(slots / 2 + tailSlots * Math.log(distance));
  };
  const starts: number[] = [];
  let merged = 0;
  let slot = NaN;
  for (let i = 0; i < count.length; i++) {
    const here = slotOf(i);
    const values = count[i] ?? 0;
    const isZero = low[i] === 0 && high[i] === 0;
    // After zero, and between the signs, a new cell begins.
    const crosses = isZero || ((low[i - 1] ?? 0) <= 0 && (low[i] ?? 0) >= 0);
    if (i === 0 || here !== slot || merged + values > mass || crosses) {
      starts.push(i);
      merged = 0;
      slot = here;
    }
    merged += values;
  }
  return starts;
}

function mergeFrom(cells: ValueCells, starts: readonly number[]): ValueCells {
  const low = new Float32Array(starts.length);
  const high = new Float32Array(starts.length);
  const count = new Float64Array(starts.length);
  starts.forEach((start, i) => {
    const end = starts[i + 1] ?? cells.count.length;
    low[i] = cells.low[start] ?? 0;
    high[i] = cells.high[end - 1] ?? 0;
    let sum = 0;
    for (let j = start; j < end; j++) sum += cells.count[j] ?? 0;
    count[i] = sum;
  });
  return { low, high, count };
}
