import * as l10n from '@vscode/l10n';
import type { TensorFacts, TensorStatistics } from '../../src/report/report';
import { nameText } from '../../src/report/name-text';
import { grouped, percent, significant } from '../../src/report/number-text';
import { pruningReason } from './role-text';

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
    return l10n.t('Shares its memory with {0}: counted once, and pruned with it.', nameText(tensor.aliasOf));
  if (!tensor.prunable) return pruningReason(tensor);
  if (statistics === undefined) return l10n.t('Not read yet.');
  const bad = statistics.nanCount + statistics.infCount;
  if (bad === tensor.count && tensor.count > 0) return l10n.t('Holds no finite value: this layer is broken.');
  if (statistics.std === 0 && statistics.min !== null) {
    return l10n.t('All values are {0}: there is nothing to rank them by.', significant(statistics.min));
  }
  const remarks: string[] = [];
  if (bad === 1) remarks.push(l10n.t('One value is NaN or infinite; the numbers are of the others.'));
  else if (bad > 0) {
    remarks.push(l10n.t('{0} values are NaN or infinite; the numbers are of the others.', grouped(bad)));
  }
  if (!inScope) remarks.push(l10n.t('Kept as it is: the scope is the weights alone.'));
  else remarks.push(...prunedRemarks(statistics, kept, modelScale));
  return remarks.join(' ');
}

function prunedRemarks(
  { kurtosis, std, limit }: TensorStatistics,
  kept: number | undefined,
  modelScale: number | undefined,
): readonly string[] {
  const cap = limit === null ? [] : [l10n.t('Its own limit is {0}.', percent(limit))];
  const ratio = std === null || modelScale === undefined || modelScale === 0 ? undefined : std / modelScale;
  if (kept !== undefined && kept === 0) return [l10n.t('The global threshold empties this layer.'), ...cap];
  if (kept !== undefined && kept < NEARLY_EMPTIED) {
    return [l10n.t('The global threshold leaves only {0} of this layer.', percent(kept, 2)), ...cap];
  }
  if (kurtosis !== null && kurtosis < FLAT_KURTOSIS) {
    return [
      l10n.t('Flat, as a uniform initialisation is: the size of a weight says little here, so do not trust its limit.'),
    ];
  }
  if (kept !== undefined && limit !== null && 1 - kept > limit + 0.05) {
    const [taken, own] = [percent(1 - kept), percent(limit)];
    return [
      ratio !== undefined && ratio < 1 / SCALE_RATIO
        ? l10n.t(
            'Its weights are {0}× the model’s scale, so the global threshold takes {1} of them, more than its own limit of {2}.',
            ratio.toFixed(2),
            taken,
            own,
          )
        : l10n.t('The global threshold takes {0} of them, more than its own limit of {1}.', taken, own),
    ];
  }
  if (kept !== undefined && ratio !== undefined && ratio > SCALE_RATIO) {
    return [
      l10n.t(
        'Its weights are {0}× the model’s scale, so a global threshold spares it: {1} stay.',
        ratio.toFixed(1),
        percent(kept),
      ),
    ];
  }
  if (kurtosis !== null && kurtosis > HEAVY_KURTOSIS) {
    return [l10n.t('Heavy tails: most weights are near zero and a few large ones carry the layer.')];
  }
  return [
    l10n.t('Between a uniform and a Laplace distribution: prunable, with a softer knee than heavy-tailed layers have.'),
  ];
}
