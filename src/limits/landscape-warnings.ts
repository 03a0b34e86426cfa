import * as l10n from '@vscode/l10n';
import type { Measurement, NegativeConvention } from '../report/measurement';
import { percent } from './estimates';
import { limitConvergence, lossLandscapeLimit, spectrumResolution } from './loss-landscape';

/**
 * With at least so many weights under 10⁻³ a network has been trained to be sparse, as the theory's authors do (L1). Own
 * measurements on digits and MNIST: with 84 to 95 % of such weights the prediction was within 3 points of the measured
 * threshold, with 58 to 67 % it was 6 to 11 points above, with 1 % 35 to 45 points.
 */
export const SPARSELY_TRAINED_FRACTION = 0.8;

/** What the theory takes for granted, wherever the curvatures are from. */
export function bowlAssumptions(): readonly string[] {
  return [
    l10n.t(
      'The network was trained with an L1 penalty: only for such networks have prediction and measurement agreed.',
    ),
    l10n.t('Near the trained weights the loss is a quadratic bowl; its linear part is left out.'),
    l10n.t('The bowl lies in no special direction to the weights, and kept weights are not trained again.'),
  ];
}

/** What the limit takes for granted, for its reader. */
export function landscapeAssumptions(negatives: NegativeConvention = 'absolute'): readonly string[] {
  return [
    ...bowlAssumptions(),
    l10n.t('The smallest magnitudes of all layers go; biases and normalisations stay.'),
    NEGATIVES[negatives],
  ];
}

const NEGATIVES: Readonly<Record<NegativeConvention, string>> = {
  absolute: l10n.t('Negative curvatures count as if they were positive, as in the code of the authors.'),
  clip: l10n.t('Negative curvatures count as flat: along them anything can be pruned.'),
  drop: l10n.t('Negative curvatures are left out.'),
};

/** Reasons not to trust the limit of this measurement, the gravest first. */
export function landscapeWarnings(
  { spectrum, radii, smallFraction }: Pick<Measurement, 'spectrum' | 'radii' | 'smallFraction'>,
  epsilon: number,
  negatives: NegativeConvention = 'absolute',
): readonly string[] {
  if (spectrum === undefined) return [];
  const limit = lossLandscapeLimit(spectrum.nodes, radii, epsilon, negatives);
  if (limit === undefined) {
    return [l10n.t('There is no limit: the tolerated loss or the spectrum has no usable numbers.')];
  }
  const warnings: string[] = [];
  if (smallFraction < SPARSELY_TRAINED_FRACTION) {
    warnings.push(
      l10n.t(
        'Only {0} of the weights are smaller than 0.001, so the network was hardly trained with an L1 penalty. For such networks the predicted limit is as a rule too high, often by many points: go by the measured curve.',
        percent(smallFraction),
      ),
    );
  }
  const { resolved, decisiveEigenvalue, resolvedEigenvalue } = spectrumResolution(spectrum, limit.radius, epsilon);
  if (!resolved) {
    warnings.push(
      l10n.t(
        'Curvatures about {0} decide the limit, but {1} steps tell apart only those above {2}: the limit may be several points off, even if it has settled. Take more steps.',
        decisiveEigenvalue.toExponential(1),
        spectrum.steps,
        resolvedEigenvalue.toExponential(1),
      ),
    );
  }
  const convergence = limitConvergence(spectrum, radii, epsilon, negatives);
  if (convergence?.converged === false) {
    warnings.push(
      l10n.t(
        'After half of the steps the limit was {0}, after all of them it is {1}: it has not settled. Take more steps.',
        percent(convergence.halfLimit),
        percent(limit.prunedFraction),
      ),
    );
  }
  return warnings;
}
