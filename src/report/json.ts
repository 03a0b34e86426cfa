import { writtenMeasurement } from './measurement-json';
import type { ModelReport } from './report';

/** The report as JSON (schema `report.schema.json`), on one line unless `indent` spaces are asked for. */
export function reportToJson(report: ModelReport, indent = 2): string {
  const { measurement } = report;
  const written = measurement === undefined ? report : { ...report, measurement: writtenMeasurement(measurement) };
  return `${JSON.stringify(written, null, indent)}\n`;
}
