import type { ComparisonReport, RunLayer, RunReport, RunStep, TensorComparison } from './comparison';
import { csvTable, type CsvColumn } from './csv-table';

const TENSOR_COLUMNS: readonly CsvColumn<TensorComparison>[] = [
  ['name', ({ name }) => name],
  ['change', ({ change }) => change],
  ['dtypeBefore', ({ before }) => before?.dtype],
  ['dtypeAfter', ({ after }) => after?.dtype],
  ['shapeBefore', ({ before }) => before?.shape.join('x')],
  ['shapeAfter', ({ after }) => after?.shape.join('x')],
  ['prunable', ({ before, after }) => (before ?? after)?.prunable],
  ['count', ({ pair }) => pair?.count],
  ['cosineSimilarity', ({ pair }) => pair?.cosineSimilarity],
  ['relativeChange', ({ pair }) => pair?.relativeChange],
  ['maxChange', ({ pair }) => pair?.maxChange],
  ['equalCount', ({ pair }) => pair?.equalCount],
  ['zerosBefore', ({ before }) => before?.zeroCount],
  ['zerosAfter', ({ after }) => after?.zeroCount],
  ['zerosBoth', ({ pair }) => pair?.zerosBoth],
  ['maskOverlap', ({ pair }) => pair?.maskOverlap],
  ['kolmogorovSmirnov', ({ shift }) => shift?.kolmogorovSmirnov],
  ['wasserstein', ({ shift }) => shift?.wasserstein],
  ['relativeWasserstein', ({ shift }) => shift?.relativeWasserstein],
  ['kurtosisBefore', ({ before }) => before?.kurtosis],
  ['kurtosisAfter', ({ after }) => after?.kurtosis],
  ['limitBefore', ({ before }) => before?.limit],
  ['limitAfter', ({ after }) => after?.limit],
  ['prunedCount', ({ pruning }) => pruning?.prunedCount],
  ['revivedCount', ({ pruning }) => pruning?.revivedCount],
  ['prunedFraction', ({ pruning }) => pruning?.prunedFraction],
  ['unchangedFraction', ({ pruning }) => pruning?.unchangedFraction],
  ['magnitudeAgreementLow', ({ pruning }) => pruning?.layerwiseMagnitude.interval[0]],
  ['magnitudeAgreementHigh', ({ pruning }) => pruning?.layerwiseMagnitude.interval[1]],
  ['magnitudeSame', ({ pruning }) => pruning?.layerwiseMagnitude.same],
];

/** The tensors of a comparison as CSV, one row each. */
export function comparisonToCsv(report: ComparisonReport): string {
  return csvTable(TENSOR_COLUMNS, report.tensors);
}

/** A step as a whole (`layer` undefined), or one layer of it. */
interface RunRow {
  readonly step: RunStep;
  readonly layer?: RunLayer;
}

const RUN_COLUMNS: readonly CsvColumn<RunRow>[] = [
  ['step', ({ step }) => step.step],
  ['path', ({ step }) => step.file.path],
  ['layer', ({ layer }) => layer?.name],
  ['kurtosis', ({ step, layer }) => (layer ?? step.model).kurtosis],
  ['limit', ({ step, layer }) => (layer ?? step).limit],
  ['zeroFraction', ({ step, layer }) => (step.unreadable === undefined ? (layer ?? step).zeroFraction : null)],
  [
    'cosineToPrevious',
    ({ step, layer }) => (layer === undefined ? step.toPrevious?.cosineSimilarity : layer.cosineToPrevious),
  ],
  ['cosineToFirst', ({ step, layer }) => (layer === undefined ? step.toFirst?.cosineSimilarity : layer.cosineToFirst)],
  ['unreadable', ({ step }) => step.unreadable],
];

/** A run as CSV: of each step one row for the model, with an empty `layer`, and one for each layer. */
export function runToCsv({ steps }: RunReport): string {
  return csvTable(
    RUN_COLUMNS,
    steps.flatMap((step): RunRow[] => [{ step }, ...step.layers.map((layer) => ({ step, layer }))]),
  );
}
