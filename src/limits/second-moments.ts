import type { SecondMoment } from '../formats/checkpoint';
import type { MagnitudeCells, MomentCells } from '../sketch/cells';

/**
 * Cells to an octave of the distribution of second moments. Each holds its mean, so that what is computed of it as of
 * f(v) = v / (v + c) is off by at most h² / 4 · max x²/(1 + x)³ = h² / 27, h the relative width of what is in it. That is up
 * to two cells, for moments are put into cells, corrected, and put into cells again: h = 2^(2/32) − 1, and 7.3e-5.
 */
const CELLS_PER_OCTAVE = 32;

/** What is known of one tensor of second moments, or of one that holds a number of steps. */
interface ReadTensor {
  readonly min: number | null;
  readonly max: number | null;
  readonly nanCount: number;
  readonly infCount: number;
  readonly count: number;
}

/**
 * Adds up the second moments of a checkpoint as its tensors are read, in memory that hardly grows with them: moments wait for
 * their number of steps, which is stored beside them.
 */
export class SecondMoments {
  private readonly byTensor: ReadonlyMap<string, SecondMoment>;
  private readonly stepTensors: ReadonlySet<string>;
  private readonly steps = new Map<string, number>();
  private readonly waiting = new Map<string, { moment: SecondMoment; sums: CellSums }[]>();
  private readonly sums: CellSums = new Map();
  private fewestSteps = Infinity;
  private added = 0;
  private unusable = false;

  constructor(moments: readonly SecondMoment[]) {
    this.byTensor = new Map(moments.map((moment) => [moment.tensor, moment]));
    this.stepTensors = new Set(moments.flatMap(({ step }) => (typeof step === 'string' ? [step] : [])));
  }

  /** Takes note of any tensor of the checkpoint. @param cells distribution of its magnitudes; undefined if it was not read */
  add(name: string, read: ReadTensor, cells: MagnitudeCells | undefined): void {
    if (this.stepTensors.has(name)) {
      const steps = read.count === 1 && read.max !== null ? read.max : NaN;
      this.steps.set(name, steps);
      for (const { moment, sums } of this.waiting.get(name) ?? []) this.addSums(sums, moment, steps);
      this.waiting.delete(name);
    }
    const moment = this.byTensor.get(name);
    if (moment === undefined) return;
    if (cells === undefined || read.nanCount + read.infCount > 0 || (read.min ?? 0) < 0) {
      this.unusable = true;
      return;
    }
    const sums = cellSums(cells);
    const { step } = moment;
    const steps = typeof step === 'number' ? step : this.steps.get(step);
    if (steps !== undefined) this.addSums(sums, moment, steps);
    else if (typeof step === 'string') {
      const waiting = this.waiting.get(step);
      if (waiting === undefined) this.waiting.set(step, [{ moment, sums }]);
      else waiting.push({ moment, sums });
    }
  }

  /** Of all; undefined while some have not been read, and where some are no means of squares. */
  cells(): MomentCells | undefined {
    if (this.unusable || this.added < this.byTensor.size) return undefined;
    const sums = [...this.sums].sort(([a], [b]) => a - b);
    return {
      mean: Float64Array.from(sums, ([, { count, sum }]) => sum / count),
      count: Float64Array.from(sums, ([, { count }]) => count),
      steps: this.fewestSteps,
    };
  }

  private addSums(sums: CellSums, { decay }: SecondMoment, steps: number): void {
    this.added++;
    if (!(steps >= 1) || !Number.isFinite(steps)) {
      this.unusable = true;
      return;
    }
    this.fewestSteps = Math.min(this.fewestSteps, steps);
    const correction = 1 - decay ** steps;
    for (const { count, sum } of sums.values()) addTo(this.sums, sum / count / correction, count);
  }
}

/** By index of the cell on a logarithmic scale: how many values, and their sum. */
type CellSums = Map<number, { count: number; sum: number }>;

function cellSums({ low, high, count, energy }: MagnitudeCells): CellSums {
  const sums: CellSums = new Map();
  count.forEach((cellCount, index) => {
    // Cells of float32 are 2⁻⁷ wide at most, where the root of the mean square is the mean to 8e-6.
    const rootMeanSquare = Math.sqrt((energy[index] ?? 0) / cellCount);
    addTo(sums, Math.min(Math.max(rootMeanSquare, low[index] ?? 0), high[index] ?? Infinity), cellCount);
  });
  return sums;
}

function addTo(sums: CellSums, mean: number, count: number): void {
  const cell = mean === 0 ? -Infinity : Math.floor(CELLS_PER_OCTAVE * Math.log2(mean));
  const sum = sums.get(cell) ?? { count: 0, sum: 0 };
  sum.count += count;
  sum.sum += mean * count;
  sums.set(cell, sum);
}
