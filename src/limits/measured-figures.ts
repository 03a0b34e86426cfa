import {
  crossingCurves,
  limitConvergence,
  lossLandscapeLimit,
  traceBoundOfKept,
  type CrossingPoint,
} from './loss-landscape';
import { landscapeWarnings } from './landscape-warnings';
import {
  directTestLimit,
  firstBelowTolerance,
  lastAboveDense,
  lastWithinLoss,
  lastWithinOnePoint,
  type PruneThreshold,
} from './sweep-thresholds';
import type { Measurement, NegativeConvention } from '../report/measurement';

/** What follows from a measurement for one ε and one way to count negative eigenvalues. Fractions are of the prunable weights. */
export interface MeasuredFigures {
  /** The loss may grow by so much. */
  readonly epsilon: number;
  /** (T): where the crossing curves meet; undefined without a spectrum. */
  readonly prediction: CurvaturePrediction | undefined;
  /** A3: the loss is at most ε above the unpruned network's up to here. */
  readonly sublevel: PruneThreshold | undefined;
  /** A4: accuracy is within one point of the unpruned network's up to here. */
  readonly onePoint: PruneThreshold | undefined;
  /** A2: from here on accuracy is more than a tenth of a point below. */
  readonly firstDrop: number | undefined;
  /** A1: up to here accuracy is above the unpruned network's. */
  readonly lastBetter: PruneThreshold | undefined;
  /** Up to here gᵀd + ½dᵀHd stays within ε. */
  readonly direct: PruneThreshold | undefined;
  /** Reasons not to trust the prediction, the gravest first. */
  readonly warnings: readonly string[];
}

export interface CurvaturePrediction {
  readonly prunedFraction: number;
  /** R at the limit: the norm of the pruned weights. */
  readonly radius: number;
  /** The limit from the nodes after half of the steps. */
  readonly half: number | undefined;
  /** Lower bound of the limit from the mean curvature alone. */
  readonly traceBound: number | undefined;
  /** G(R) and s(R), whose crossing the limit is. */
  readonly curves: readonly CrossingPoint[];
}

/** All that the measurement tells about how far to prune; as it comes on, ever more. */
export function measuredFigures(
  measurement: Measurement,
  epsilon: number,
  negative: NegativeConvention,
): MeasuredFigures {
  const { dense, directTest } = measurement;
  const points = measurement.sweeps.find(({ criterion }) => criterion === 'magnitude')?.points ?? [];
  const ofAccuracy = <T>(figure: (denseAccuracy: number) => T): T | undefined =>
    dense.accuracy === undefined ? undefined : figure(dense.accuracy);
  return {
    epsilon,
    prediction: predict(measurement, epsilon, negative),
    sublevel: lastWithinLoss(points, dense.loss, epsilon),
    onePoint: ofAccuracy((accuracy) => lastWithinOnePoint(points, accuracy)),
    firstDrop: ofAccuracy((accuracy) => firstBelowTolerance(points, accuracy)),
    lastBetter: ofAccuracy((accuracy) => lastAboveDense(points, accuracy)),
    direct: directTestLimit(directTest, epsilon),
    warnings: landscapeWarnings(measurement, epsilon, negative),
  };
}

function predict(
  { spectrum, radii }: Measurement,
  epsilon: number,
  negative: NegativeConvention,
): CurvaturePrediction | undefined {
  if (spectrum === undefined) return undefined;
  const limit = lossLandscapeLimit(spectrum.nodes, radii, epsilon, negative);
  if (limit === undefined) return undefined;
  const kept = traceBoundOfKept(spectrum.nodes, limit.radius, epsilon, negative);
  return {
    ...limit,
    half: limitConvergence(spectrum, radii, epsilon, negative)?.halfLimit,
    traceBound: kept === undefined ? undefined : 1 - kept,
    curves: crossingCurves(spectrum.nodes, radii, epsilon, negative),
  };
}
