import {
  MEASUREMENT_SCHEMA,
  type CriterionSweep,
  type DirectTestPoint,
  type Measurement,
  type ParameterSensitivity,
  type SpectrumFacts,
} from '../report/measurement';

/** What a measurement begins with; all other parts come after it. */
export type StartFigures = Pick<Measurement, 'parameterCount' | 'prunableCount' | 'dense' | 'radii' | 'smallFraction'>;

/** A result of one stage; later ones of the same kind (criterion, parameter) take the place of earlier ones. */
export type MeasurementPart =
  | { readonly kind: 'start'; readonly figures: StartFigures }
  | { readonly kind: 'sweep'; readonly sweep: CriterionSweep }
  | { readonly kind: 'spectrum'; readonly spectrum: SpectrumFacts }
  | { readonly kind: 'direct-test'; readonly points: readonly DirectTestPoint[] }
  | { readonly kind: 'sensitivity'; readonly parameter: ParameterSensitivity }
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'complete' };

/** What is known before anything is measured. */
export type MeasurementFacts = Pick<Measurement, 'model' | 'data' | 'test' | 'backend' | 'loss' | 'notes'>;

/** A measurement as it is after its first part. */
export function startedMeasurement(facts: MeasurementFacts, figures: StartFigures): Measurement {
  return {
    schema: MEASUREMENT_SCHEMA,
    complete: false,
    ...facts,
    ...figures,
    directTest: [],
    sweeps: [],
    sensitivity: [],
    seconds: 0,
  };
}

/** The measurement with one more part. */
export function withPart(measurement: Measurement, part: MeasurementPart): Measurement {
  switch (part.kind) {
    case 'start':
      return { ...measurement, ...part.figures };
    case 'sweep': {
      const { sweep } = part;
      return { ...measurement, sweeps: replaced(measurement.sweeps, sweep, ({ criterion }) => criterion) };
    }
    case 'spectrum':
      return { ...measurement, spectrum: part.spectrum };
    case 'direct-test':
      return { ...measurement, directTest: part.points };
    case 'sensitivity':
      return { ...measurement, sensitivity: replaced(measurement.sensitivity, part.parameter, ({ name }) => name) };
    case 'note':
      return { ...measurement, notes: [...measurement.notes, part.note] };
    case 'complete':
      return { ...measurement, complete: true };
  }
}

function replaced<Item>(items: readonly Item[], item: Item, key: (item: Item) => string): readonly Item[] {
  const index = items.findIndex((other) => key(other) === key(item));
  return index < 0 ? [...items, item] : items.with(index, item);
}
