import * as l10n from '@vscode/l10n';
import type { Measurement, NegativeConvention } from '../report/measurement';
import { grouped } from '../report/number-text';
import type { LimitEstimate, LimitMethod } from '../report/report';
import { percent } from './estimates';
import { landscapeAssumptions } from './landscape-warnings';
import type { MeasuredFigures } from './measured-figures';
import type { PruneThreshold } from './sweep-thresholds';

const LANDSCAPE =
  'Zhang et al., How Sparse Can We Prune a Deep Network: A Fundamental Limit Perspective, arXiv 2306.05857';

const SAMPLES = l10n.t('The samples that were measured are like those that the network is for.');
const MAGNITUDE = l10n.t('The smallest magnitudes of all layers go; biases and normalisations stay.');
const NOT_TUNED = l10n.t('Kept weights are not trained again.');

/**
 * What a measurement with data says about how far to prune, beside the estimates that need no data: the limit of the loss
 * landscape, the second-order test, and where pruned copies really lose (thresholds A3 and A4). Counts are of the weights
 * that the measurement pruned. Those that are not known yet are left out, as are those beyond which nothing has been measured.
 * @param figures of this measurement, with the same convention for negative eigenvalues
 */
export function measuredLimits(
  { prunableCount, dense, data, test }: Pick<Measurement, 'prunableCount' | 'dense' | 'data' | 'test'>,
  { epsilon, prediction, direct, sublevel, onePoint }: MeasuredFigures,
  negatives: NegativeConvention = 'absolute',
): readonly LimitEstimate[] {
  const limits: LimitEstimate[] = [];
  const add = (
    method: LimitMethod,
    { prunedFraction, next }: Pick<PruneThreshold, 'prunedFraction'> & Partial<PruneThreshold>,
    told: Pick<LimitEstimate, 'verdict' | 'assumptions' | 'reference'>,
  ): void => {
    const prunedCount = Math.round(prunedFraction * prunableCount);
    const found = next === undefined ? {} : { interval: [prunedFraction, next] as const };
    limits.push({ method, scope: 'weights', prunedFraction, prunedCount, ...found, inputs: 'data', ...told });
  };
  const tolerated = epsilon.toPrecision(3);
  if (prediction !== undefined) {
    add('statistical-dimension', prediction, {
      assumptions: [SAMPLES, ...landscapeAssumptions(negatives)],
      verdict: l10n.t(
        'The curvature of the loss lets {0} of the weights go before the loss has grown by ε = {1}: a prediction, from the unpruned network alone.',
        percent(prediction.prunedFraction),
        tolerated,
      ),
      reference: l10n.t('{0}: fixed point of the statistical dimension', LANDSCAPE),
    });
  }
  if (isEnclosed(direct)) {
    add('direct-quadratic', direct, {
      assumptions: [
        SAMPLES,
        l10n.t('Between the network and its pruned copy the loss is a quadratic function.'),
        MAGNITUDE,
        NOT_TUNED,
      ],
      verdict: l10n.t(
        'Gradient and curvature towards each pruned copy let {0} of the weights go before the loss has grown by ε = {1}.',
        percent(direct.prunedFraction),
        tolerated,
      ),
      reference: l10n.t('gᵀd + ½dᵀHd ≤ ε, the second-order model of the loss; our own baseline'),
    });
  }
  if (isEnclosed(sublevel)) {
    add('measured-loss', sublevel, {
      assumptions: [SAMPLES, MAGNITUDE, NOT_TUNED],
      verdict: l10n.t(
        'Measured: with {0} of the weights pruned, the loss over {1} samples is still within ε = {2} of that of the unpruned network.',
        percent(sublevel.prunedFraction),
        grouped(data.count),
        tolerated,
      ),
      reference: l10n.t('{0}: the sublevel set that the theory speaks of, measured', LANDSCAPE),
    });
  }
  if (isEnclosed(onePoint) && dense.accuracy !== undefined) {
    add('measured-accuracy', onePoint, {
      assumptions: [SAMPLES, MAGNITUDE, NOT_TUNED],
      verdict: l10n.t(
        'Measured: with {0} of the weights pruned, the accuracy on {1} samples is within one point of the {2} of the unpruned network.',
        percent(onePoint.prunedFraction),
        grouped((test ?? data).count),
        percent(dense.accuracy),
      ),
      reference: l10n.t('The last copy with at most one percentage point less accuracy; our own threshold'),
    });
  }
  return limits;
}

/** Whether it is known where a condition ends: a copy beyond was measured, or there is none. */
function isEnclosed(threshold: PruneThreshold | undefined): threshold is PruneThreshold {
  return threshold !== undefined && (threshold.next !== undefined || threshold.prunedFraction === 1);
}
