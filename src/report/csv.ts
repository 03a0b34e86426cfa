import { lastWithinLoss } from '../limits/sweep-thresholds';
import { csvTable, type CsvColumn } from './csv-table';
import type { ModelReport, TensorReport } from './report';

const COLUMNS: readonly CsvColumn<TensorReport>[] = [
  ['name', (tensor) => tensor.name],
  ['dtype', (tensor) => tensor.dtype],
  ['storedDtype', (tensor) => tensor.storedDtype],
  ['shape', (tensor) => tensor.shape.join('x')],
  ['role', (tensor) => tensor.role],
  ['prunable', (tensor) => tensor.prunable],
  ['count', (tensor) => tensor.count],
  ['nanCount', (tensor) => tensor.nanCount],
  ['infCount', (tensor) => tensor.infCount],
  ['zeroCount', (tensor) => tensor.zeroCount],
  ['min', (tensor) => tensor.min],
  ['max', (tensor) => tensor.max],
  ['mean', (tensor) => tensor.mean],
  ['std', (tensor) => tensor.std],
  ['skewness', (tensor) => tensor.skewness],
  ['kurtosis', (tensor) => tensor.kurtosis],
  ['meanAbsoluteDeviation', (tensor) => tensor.meanAbsoluteDeviation],
  ['l1Norm', (tensor) => tensor.l1Norm],
  ['l2Norm', (tensor) => tensor.l2Norm],
  ['limit', (tensor) => tensor.limit],
  ['survivingFraction', (tensor) => tensor.survivingFraction],
  ['aliasOf', (tensor) => tensor.aliasOf],
  ['sha256', (tensor) => tensor.sha256],
  ['layer', (tensor) => tensor.layer],
  ['roleFrom', (tensor) => tensor.roleFrom],
];

/**
 * The tensors as CSV, one row each; of a measured model with one column more, `measuredLimit`: the largest fraction of this
 * tensor alone with which the loss was still within ε.
 */
export function reportToCsv({ tensors, measurement }: ModelReport): string {
  if (measurement === undefined) return csvTable(COLUMNS, tensors);
  const { sensitivity, dense } = measurement;
  const limits = new Map(
    sensitivity.map(({ name, points }) => [name, lastWithinLoss(points, dense.loss, dense.epsilon)?.prunedFraction]),
  );
  return csvTable([...COLUMNS, ['measuredLimit', ({ name }) => limits.get(name)]], tensors);
}
