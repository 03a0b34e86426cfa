import * as l10n from '@vscode/l10n';
import type { RadiusCurve } from '../report/measurement';
import type { CurvatureChoice, LimitEstimate } from '../report/report';
import type { MagnitudeCells, MomentCells } from '../sketch/cells';
import type { CosineCurve } from './cosine-curve';
import { roundHalfToEven } from './cosine-utopia';
import { percent, pruneOf } from './estimates';
import { SPARSELY_TRAINED_FRACTION } from './landscape-warnings';
import { lossLandscapeLimit } from './loss-landscape';

/**
 * The authors' batch size; and about the middle (on a logarithmic scale) of what their rule, the deviation of the losses of
 * such batches, gave for digits and MNIST networks trained with an L1 penalty: 0.0015 to 0.0225.
 */
export const USUAL_CHOICE: CurvatureChoice = { batch: 128, epsilon: 0.005 };

/** A choice from outside; undefined if it is none. */
export function chosenCurvature(choice: unknown): CurvatureChoice | undefined {
  if (typeof choice !== 'object' || choice === null) return undefined;
  const { batch, epsilon } = choice as Readonly<Record<string, unknown>>;
  const isPositive = (value: unknown): value is number =>
    typeof value === 'number' && value > 0 && Number.isFinite(value);
  return isPositive(batch) && isPositive(epsilon) ? { batch, epsilon } : undefined;
}

/** The interval of the estimate is for ε times these: 0.001 to 0.02 for the usual one. */
const EPSILON_FACTORS = [1 / 5, 4] as const;

/**
 * The prune limit of the loss landscape, s = G(R(s)) (see `loss-landscape.ts`), with Adam's second moments for curvatures.
 *
 * Adam keeps v = E[g²], g the gradient of the mean loss of B samples. By its deviation about a mean of 0 (a minimum)
 * E[g²] = F/B, F the diagonal of the empirical Fisher information, which stands for that of the Hessian: λ = B·v.
 * A diagonal is majorised by the eigenvalues (Schur 1923), and what a direction adds to the kept fraction,
 * λR²/(λR² + 2ε), is concave in λ ≥ 0: so the diagonal's kept fraction is an upper bound of that of the whole matrix, at every
 * R, and as R grows with s its pruned fraction a lower bound — of the limit by the Fisher information. That by the Hessian may
 * be on either side: for an L1-trained digits network (`test/fixtures/pytorch/digits_adam.json`) the second moments gave 0.910,
 * the diagonal of the Fisher information 0.915 and all of it 0.966, the Hessian 0.906, and 0.884 was measured. The same network
 * with a tenth of the penalty: 0.547 by the second moments, 0.355 measured; without: 0.478 and 0.232.
 *
 * @returns undefined if the choice is no basis for it
 */
export function optimizerLimit(
  { mean, count }: MomentCells,
  radii: RadiusCurve,
  { batch, epsilon }: CurvatureChoice,
): number | undefined {
  const nodes = Array.from(mean, (moment, index) => ({ eigenvalue: batch * moment, weight: count[index] ?? 0 }));
  return lossLandscapeLimit(nodes, radii, epsilon)?.prunedFraction;
}

/** R(s) from the distribution of |w|: exact at the edges of its cells. */
export function radiiOfCells({ count, energy }: MagnitudeCells): RadiusCurve {
  const prunedFractions = new Float64Array(count.length + 1);
  const radii = new Float64Array(count.length + 1);
  const total = count.reduce((sum, each) => sum + each, 0);
  let [below, square] = [0, 0];
  count.forEach((each, cell) => {
    below += each;
    square += energy[cell] ?? 0;
    prunedFractions[cell + 1] = below / total;
    radii[cell + 1] = Math.sqrt(square);
  });
  return { prunedFractions, radii };
}

/** Fraction of the weights with |w| < 10⁻³: most of them where an L1 penalty was trained with. */
function smallFraction({ high, count }: MagnitudeCells): number {
  let [small, total] = [0, 0];
  count.forEach((each, cell) => {
    total += each;
    if ((high[cell] ?? Infinity) < 1e-3) small += each;
  });
  return small / total;
}

/** What of the estimate depends on the choice. */
export type CurvatureFigures = Pick<
  LimitEstimate,
  'prunedFraction' | 'prunedCount' | 'cosineSimilarity' | 'threshold' | 'verdict'
> & {
  readonly interval: readonly [number, number];
  /** The estimate's first two. */
  readonly assumptions: readonly [batch: string, epsilon: string];
};

/** The figures of a scope; undefined if it has no values but zeros. */
export function curvatureFigures(
  moments: MomentCells,
  magnitudes: MagnitudeCells,
  curve: CosineCurve,
  { batch, epsilon }: CurvatureChoice = USUAL_CHOICE,
): CurvatureFigures | undefined {
  if (!(curve.energy > 0)) return undefined;
  const radii = radiiOfCells(magnitudes);
  const limitFor = (batchFactor: number, epsilonFactor: number): number =>
    optimizerLimit(moments, radii, { batch: batch * batchFactor, epsilon: epsilon * epsilonFactor }) ?? NaN;
  const prunedFraction = limitFor(1, 1);
  const interval = [limitFor(1, EPSILON_FACTORS[0]), limitFor(1, EPSILON_FACTORS[1])] as const;
  if (!interval.every(Number.isFinite)) return undefined;
  const prunedCount = roundHalfToEven(prunedFraction * curve.count);
  const [leastLoss = '', mostLoss = ''] = EPSILON_FACTORS.map((factor) =>
    String(Number((factor * epsilon).toPrecision(3))),
  );
  return {
    ...pruneOf(curve, { prunedFraction, prunedCount, cosineSimilarity: curve.cosine(prunedCount) }),
    interval,
    verdict: l10n.t(
      'About {0} can go before the loss grows by {1}, if Adam’s squared gradients tell its curvature: {2} to {3} for {4} to {5}. {6}',
      percent(prunedFraction),
      epsilon,
      percent(interval[0]),
      percent(interval[1]),
      leastLoss,
      mostLoss,
      smallFraction(magnitudes) < SPARSELY_TRAINED_FRACTION
        ? l10n.t('Probably far too high: the network was hardly trained with an L1 penalty.')
        : l10n.t('Rough, and not measured.'),
    ),
    assumptions: [
      l10n.t(
        'Batch size: {0}, which the file does not say. With {1} it would be {2}, with {3} {4}.',
        batch,
        batch / 2,
        percent(limitFor(1 / 2, 1)),
        2 * batch,
        percent(limitFor(2, 1)),
      ),
      l10n.t(
        'The loss may grow by ε = {0}; what is tolerable takes data to know. Only ε over the batch size counts.',
        epsilon,
      ),
    ],
  };
}
