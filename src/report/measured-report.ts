import { measuredFigures } from '../limits/measured-figures';
import { measuredLimits } from '../limits/measured-limits';
import type { Measurement } from './measurement';
import type { ModelReport } from './report';

/** The report of a model with what was measured of it: the measurement itself, and the limits that follow from it. */
export function measuredReport(report: ModelReport, measurement: Measurement): ModelReport {
  const limits = measuredLimits(measurement, measuredFigures(measurement, measurement.dense.epsilon, 'absolute'));
  return { ...report, limits: [...report.limits, ...limits], measurement };
}
