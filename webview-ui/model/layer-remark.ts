import type { TensorFacts, TensorStatistics } from '../../src/report/report';
import { nameText } from './name-text';
import { grouped, percent, significant } from './number-text';

/** Under this little is left of a layer: one unit in a hundred. */
const NEARLY_EMPTIED = 0.01;
/** A uniform distribution has 1.8, a Gaussian 3, a Laplace 6; between the first two there is no tail to speak of. */
const FLAT_KURTOSIS = 2.2;
const HEAVY_KURTOSIS = 5;
/** A layer whose scale differs from the model's by more than this is treated unlike the others by one threshold. */
const SCALE_RATIO = 1.3;

/** What the remark is about. */
export interface RemarkInput {
  readonly tensor: TensorFacts;
  readonly statistics: TensorStatistics | undefined;
  /** Fraction kept at the present threshold. */
  readonly kept: number | undefined;
  readonly inScope: boolean;
  /** Root mean square of the scope's weights. */
  readonly modelScale: number | undefined;
}

/** One or two sentences on what the numbers mean for the layer. */
export function layerRemark({ tensor, statistics, kept, inScope, modelScale }: RemarkInput): string {
  if (tensor.aliasOf !== undefined)
    return `Shares its memory with ${nameText(tensor.aliasOf)}: counted once, and pruned with it.`;
  if (!tensor.prunable) return 'Never pruned, and counted in no limit.';
  if (statistics === undefined) return 'Not read yet.';
  const bad = statistics.nanCount + statistics.infCount;
  if (bad === tensor.count && tensor.count > 0) return 'Holds no finite value: this layer is broken.';
  if (statistics.std === 0 && statistics.min !== null) {
    return `All values are ${significant(statistics.min)}: there is nothing to rank them by.`;
  }
  const remarks: string[] = [];
  if (bad > 0) remarks.push(`${grouped(bad)} values are NaN or infinite; the numbers are of the others.`);
  if (!inScope) remarks.push('Kept as it is: the scope is the weights alone.');
  else remarks.push(...prunedRemarks(statistics, kept, modelScale));
  return remarks.join(' ');
}

function prunedRemarks(
  { kurtosis, std, limit }: TensorStatistics,
  kept: number | undefined,
  modelScale: number | undefined,
): readonly string[] {
  const cap = limit === null ? '' : ` Its own limit is ${percent(limit)}.`;
  const ratio = std === null || modelScale === undefined || modelScale === 0 ? undefined : std / modelScale;
  if (kept !== undefined && kept === 0) return [`The global threshold empties this layer.${cap}`];
  if (kept !== undefined && kept < NEARLY_EMPTIED) {
    return [`The global threshold leaves only ${percent(kept, 2)} of this layer.${cap}`];
  }
  if (kurtosis !== null && kurtosis < FLAT_KURTOSIS) {
    return ['Flat, as a uniform initialisation is: the size of a weight says little here, so do not trust its limit.'];
  }
  if (kept !== undefined && limit !== null && 1 - kept > limit + 0.05) {
    const why =
      ratio !== undefined && ratio < 1 / SCALE_RATIO
        ? `Its weights are ${ratio.toFixed(2)}× the model’s scale, so the`
        : 'The';
    return [
      `${why} global threshold takes ${percent(1 - kept)} of them, more than its own limit of ${percent(limit)}.`,
    ];
  }
  if (kept !== undefined && ratio !== undefined && ratio > SCALE_RATIO) {
    return [
      `Its weights are ${ratio.toFixed(1)}× the model’s scale, so a global threshold spares it: ${percent(kept)} stay.`,
    ];
  }
  if (kurtosis !== null && kurtosis > HEAVY_KURTOSIS) {
    return ['Heavy tails: most weights are near zero and a few large ones carry the layer.'];
  }
  return ['Between a uniform and a Laplace distribution: prunable, with a softer knee than heavy-tailed layers have.'];
}
