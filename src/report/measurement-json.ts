import { measuredFigures, type MeasuredFigures } from '../limits/measured-figures';
import type { Measurement } from './measurement';

/** What follows from a measurement, as it is written with it: for its own ε, and without the curves that are drawn only. */
type WrittenFigures = Omit<MeasuredFigures, 'prediction'> & {
  readonly prediction?: Omit<NonNullable<MeasuredFigures['prediction']>, 'curves'>;
};

/** The measurement as one line of JSON (schema `measurement.schema.json`). */
export function measurementToJson(measurement: Measurement): string {
  return `${JSON.stringify(writtenMeasurement(measurement))}\n`;
}

/**
 * The measurement as JSON has it, with the figures that follow from it, so that no reader has to compute them. Numbers that
 * JSON has no word for (a loss that is NaN) become null.
 */
export function writtenMeasurement(measurement: Measurement): object {
  const { radii } = measurement;
  return {
    ...measurement,
    radii: { prunedFractions: [...radii.prunedFractions], radii: [...radii.radii] },
    figures: writtenFigures(measurement),
  };
}

function writtenFigures(measurement: Measurement): WrittenFigures {
  const { prediction, ...figures } = measuredFigures(measurement, measurement.dense.epsilon, 'absolute');
  if (prediction === undefined) return figures;
  const { prunedFraction, radius, half, traceBound } = prediction;
  return { ...figures, prediction: { prunedFraction, radius, half, traceBound } };
}
