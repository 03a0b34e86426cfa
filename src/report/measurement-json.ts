import type { Measurement } from './measurement';

/** The measurement as one line of JSON; numbers that JSON has no word for (a loss that is NaN) are null. */
export function measurementToJson(measurement: Measurement): string {
  const text = JSON.stringify(measurement, (_key, value: unknown) =>
    value instanceof Float64Array ? [...value] : value,
  );
  return `${text}\n`;
}
