import * as l10n from '@vscode/l10n';
import { comparedModel, ComparisonBuilder, type AnalyzedModel } from '../../src/compare/comparison-builder';
import { JointMagnitudes } from '../../src/compare/joint-magnitudes';
import { matchTensors } from '../../src/compare/match-tensors';
import { pairSums } from '../../src/compare/pair-sums';
import type { Checkpoint, TensorEntry, TensorRole } from '../../src/formats/checkpoint';
import type { ComparedLayer } from '../../src/protocol/comparison';
import type { ComparedModel, ComparisonReport } from '../../src/report/comparison';
import { ReportBuilder } from '../../src/report/report-builder';
import { draw, randomNumbers, sketchOf, type Mixture } from './weights';

/** A tensor with its values. */
export interface MadeUpTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: TensorRole;
  readonly values: Float32Array;
}

/** A checkpoint with its values, and what the engine says of it. */
export interface MadeUpModel {
  readonly tensors: readonly MadeUpTensor[];
  readonly analyzed: AnalyzedModel;
  /** What the side bar is told of the same analysis. */
  readonly builder: ReportBuilder;
}

/** Cells that the engine sends of each side. */
const CELLS = 512;

/** Draws a tensor's values. */
export function madeUpTensor(
  name: string,
  shape: readonly number[],
  role: TensorRole,
  mixture: Mixture,
  seed: number,
): MadeUpTensor {
  const random = randomNumbers(seed);
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, shape, role, values: Float32Array.from({ length: count }, () => draw(mixture, random)) };
}

/** Analyses made-up tensors with the extension's own sketches and limits. */
export function madeUpModel(
  path: string,
  tensors: readonly MadeUpTensor[],
  formatLabel = l10n.t('PyTorch zip'),
): MadeUpModel {
  const entries = tensors.map(({ name, shape, role, values }): TensorEntry => ({
    name,
    dtype: 'float32',
    shape,
    count: values.length,
    role,
    storage: { dtype: 'float32', extents: [] },
  }));
  const bytes = 4 * tensors.reduce((sum, { values }) => sum + values.length, 0) + 2048;
  const checkpoint: Checkpoint = {
    format: 'pytorch',
    formatLabel,
    files: [{ path, size: bytes }],
    tensors: entries,
    notes: [],
  };
  const builder = new ReportBuilder({ path, format: 'pytorch', formatLabel, bytes, files: 1 }, checkpoint);
  const sketches = tensors.map(({ values }) => sketchOf(values));
  sketches.forEach((sketch, index) => builder.add(index, sketch));
  const report = builder.report(builder.summary(true), true, 0.1);
  return {
    tensors,
    builder,
    analyzed: { report, cells: sketches.map((sketch) => sketch.valueCells(CELLS)) },
  };
}

/** A comparison as the engine makes it: what it tells on the way, and the report. */
export interface MadeUpComparison {
  readonly before: ComparedModel;
  readonly after: ComparedModel;
  readonly layers: readonly ComparedLayer[];
  readonly report: ComparisonReport;
}

/** Compares two made-up models with the extension's own code. */
export function compareMadeUp(before: MadeUpModel, after: MadeUpModel, seconds = 0.34): MadeUpComparison {
  const matching = matchTensors(before.analyzed.report.tensors, after.analyzed.report.tensors);
  const builder = new ComparisonBuilder(before.analyzed, after.analyzed, matching);
  const magnitudes = new JointMagnitudes();
  const layers = matching.matches.map((match, index): ComparedLayer => {
    const left = match.before === null ? undefined : before.tensors[match.before];
    const right = match.after === null ? undefined : after.tensors[match.after];
    const reads = match.change === 'common' && left !== undefined && right !== undefined;
    if (reads) magnitudes.count(left.values, right.values);
    const prunable = reads && before.analyzed.report.tensors[match.before ?? 0]?.prunable === true;
    const reading = reads
      ? { sums: pairSums(left.values, right.values), magnitudes: prunable ? magnitudes.drain() : undefined }
      : undefined;
    magnitudes.clear();
    return {
      comparison: builder.add(index, reading),
      cellsBefore: (match.before === null ? undefined : before.analyzed.cells[match.before]) ?? null,
      cellsAfter: (match.after === null ? undefined : after.analyzed.cells[match.after]) ?? null,
    };
  });
  const report = builder.report(seconds);
  return {
    before: comparedModel(before.analyzed.report),
    after: comparedModel(after.analyzed.report),
    layers,
    report,
  };
}

/** The same tensors with other values. */
export function mapValues(
  tensors: readonly MadeUpTensor[],
  map: (tensor: MadeUpTensor, index: number) => Float32Array,
): readonly MadeUpTensor[] {
  return tensors.map((tensor, index) => ({ ...tensor, values: map(tensor, index) }));
}

/** A few more steps of training: every value moves by so much of its tensor's scale, and shrinks a little. */
export function tuned(tensors: readonly MadeUpTensor[], step: number, seed: number): readonly MadeUpTensor[] {
  return mapValues(tensors, ({ values, role }, index) => {
    if (role === 'buffer') return values;
    const random = randomNumbers(seed + 31 * index);
    const scale = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length));
    // large weights move more: the tails grow, as they do in training
    return values.map((value) => value * (1 + step * 0.3) + step * draw({ std: scale, laplace: 1 }, random));
  });
}

/** Sets the smallest magnitudes to zero, with one threshold for all tensors of two and more dimensions or one for each. */
export function prunedModel(
  tensors: readonly MadeUpTensor[],
  fraction: number,
  rule: 'global' | 'layerwise',
): readonly MadeUpTensor[] {
  const prunes = ({ shape }: MadeUpTensor): boolean => shape.length >= 2;
  const all = tensors.filter(prunes).flatMap(({ values }) => Array.from(values, Math.abs));
  const common = quantile(all, fraction);
  return mapValues(tensors, (tensor) => {
    if (!prunes(tensor)) return tensor.values;
    const threshold = rule === 'global' ? common : quantile(Array.from(tensor.values, Math.abs), fraction);
    return tensor.values.map((value) => (Math.abs(value) <= threshold ? 0 : value));
  });
}

function quantile(magnitudes: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(magnitudes).sort();
  return sorted[Math.max(0, Math.round(fraction * sorted.length) - 1)] ?? 0;
}
