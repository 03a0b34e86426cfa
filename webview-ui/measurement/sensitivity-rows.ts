import type { Measurement, ParameterSensitivity } from '../../src/report/measurement';

/** A parameter, and by how many ε the loss grows at each of the map's pruned fractions. */
export interface SensitivityRow {
  readonly name: string;
  readonly count: number;
  /** In ε; undefined where it has not been measured, NaN where the loss is no number. */
  readonly growths: readonly (number | undefined)[];
}

export interface SensitivityMap {
  /** Ascending, without 0, at which nothing is pruned. */
  readonly prunedFractions: readonly number[];
  readonly rows: readonly SensitivityRow[];
}

/** Growth of the loss in ε from which a cell has its full shade, and up to which it has none. */
const STRONGEST = 100;
const WEAKEST = 0.01;

/** The measured sensitivities as a map, in the order of the network. */
export function sensitivityMap({ sensitivity, dense }: Measurement, epsilon: number): SensitivityMap {
  const fractions = new Set(sensitivity.flatMap(({ points }) => points.map(({ prunedFraction }) => prunedFraction)));
  fractions.delete(0);
  const prunedFractions = [...fractions].sort((a, b) => a - b);
  const row = ({ name, count, points }: ParameterSensitivity): SensitivityRow => {
    const losses = new Map(points.map(({ prunedFraction, loss }) => [prunedFraction, loss]));
    const growth = (fraction: number): number | undefined => {
      const loss = losses.get(fraction);
      return loss === undefined ? undefined : (loss - dense.loss) / epsilon;
    };
    return { name, count, growths: prunedFractions.map(growth) };
  };
  return { prunedFractions, rows: sensitivity.map(row) };
}

/** How dark a cell is, in [0, 1], on a logarithmic scale: half way at 1 ε. A loss that is no number is darkest. */
export function growthShade(growth: number): number {
  if (Number.isNaN(growth)) return 1;
  if (growth <= WEAKEST) return 0;
  return Math.min(1, Math.log(growth / WEAKEST) / Math.log(STRONGEST / WEAKEST));
}

/** The largest measured fraction of a parameter that costs no more than ε; undefined if every one does. */
export function harmlessFraction({ growths }: SensitivityRow, prunedFractions: readonly number[]): number | undefined {
  const last = growths.findLastIndex((growth) => growth !== undefined && growth <= 1);
  return prunedFractions[last];
}
