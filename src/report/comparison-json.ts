import type { ComparisonReport, RunReport } from './comparison';

/**
 * A comparison or a run as JSON (schemas `comparison.schema.json` and `run.schema.json`), on one line unless `indent`
 * spaces are asked for.
 */
export function comparisonToJson(report: ComparisonReport | RunReport, indent = 2): string {
  return `${JSON.stringify(report, null, indent)}\n`;
}
