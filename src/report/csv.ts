import type { ModelReport, TensorReport } from './report';

type Cell = string | number | boolean | null | undefined;

const COLUMNS: readonly (readonly [string, (tensor: TensorReport) => Cell])[] = [
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
];

/** The tensors as CSV (RFC 4180), one row each, with a header line. Numbers are written in full. */
export function reportToCsv(report: ModelReport): string {
  const lines = [
    COLUMNS.map(([name]) => name),
    ...report.tensors.map((tensor) => COLUMNS.map(([, cell]) => field(cell(tensor)))),
  ];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

function field(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  // Tensor names come from strangers: a spreadsheet must not take one for a formula (CWE-1236).
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
