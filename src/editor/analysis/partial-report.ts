import type { AnalysisEvent } from '../../protocol/analysis';
import { REPORT_SCHEMA, type ModelReport, type TensorReport } from '../../report/report';

/**
 * The report of an analysis that did not reach the end, from what it told: the layers that were read, and the model so
 * far. What a global threshold leaves of each layer is not among it. Undefined if not even one layer was read.
 */
export function partialReport(events: readonly AnalysisEvent[], seconds: number): ModelReport | undefined {
  let report: ModelReport | undefined;
  let opened: Extract<AnalysisEvent, { type: 'opened' }> | undefined;
  const tensors = new Map<number, TensorReport>();
  for (const event of events) {
    if (event.type === 'opened') opened = event;
    else if (event.type === 'layers') {
      for (const { index, statistics } of event.layers) {
        const facts = opened?.tensors[index];
        if (facts !== undefined) tensors.set(index, { ...facts, ...statistics, survivingFraction: null });
      }
    } else if (opened !== undefined) {
      const { model, limits, warnings } = event.update;
      report = {
        schema: REPORT_SCHEMA,
        complete: false,
        file: opened.file,
        tensors: [],
        model,
        limits,
        warnings,
        seconds,
      };
    }
  }
  if (report === undefined || tensors.size === 0) return undefined;
  const inFileOrder = [...tensors].sort(([a], [b]) => a - b).map(([, tensor]) => tensor);
  return { ...report, tensors: inFileOrder };
}
