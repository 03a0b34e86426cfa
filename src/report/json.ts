import type { ModelReport } from './report';

/** The report as JSON (schema `report.schema.json`), on one line unless `indent` spaces are asked for. */
export function reportToJson(report: ModelReport, indent = 2): string {
  return `${JSON.stringify(report, null, indent)}\n`;
}
