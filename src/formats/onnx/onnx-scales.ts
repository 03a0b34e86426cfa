import type { OnnxNode } from './onnx-graph';
import { quantizedInputs } from './onnx-operators';
import type { Quantization, TensorRecord } from './onnx-record';
import type { Carried, Value } from './onnx-values';

/** Adds to quantised tensors what their operator makes of their codes, where it says so. */
export function findQuantization(node: OnnxNode, inputs: readonly (Value | undefined)[]): void {
  const tensor = (index: number | undefined): TensorRecord | undefined =>
    index === undefined ? undefined : inputs[index]?.carried?.record;
  const { operator, attributes } = node;
  if (operator === 'DequantizeLinear') {
    const scale = tensor(1);
    const codes = codesOf(inputs[0], scale);
    if (codes === undefined || scale === undefined) return;
    const axis = attributes.get('axis')?.[0] ?? 1;
    const block = attributes.get('block_size')?.[0] ?? 0;
    const output = attributes.get('output_dtype')?.[0];
    addQuantization(codes, axis, { scale, zero: tensor(2), block, kind: 'linear', rounds: true, output });
    return;
  }
  if (operator === 'MatMulNBits') {
    const codes = inputs[1]?.carried;
    const scale = tensor(2);
    if (codes === undefined || scale === undefined) return;
    const [bits = 4] = attributes.get('bits') ?? [];
    const [block = 0] = attributes.get('block_size') ?? [];
    const [columns = 0] = attributes.get('K') ?? [];
    const [rows = 0] = attributes.get('N') ?? [];
    const nBits = { bits, rows, columns };
    addQuantization(codes, 0, { scale, zero: tensor(3), block, kind: 'nbits', nBits, groups: tensor(4) });
    return;
  }
  if (operator === 'GatherBlockQuantized') {
    const codes = inputs[0]?.carried;
    const scale = tensor(2);
    if (codes === undefined || scale === undefined) return;
    const axis = attributes.get('quantize_axis')?.[0] ?? 1;
    const block = attributes.get('block_size')?.[0] ?? 128;
    addQuantization(codes, axis, { scale, zero: tensor(3), block, kind: 'linear' });
    return;
  }
  if (operator === 'Mul') {
    const [first, second] = inputs;
    const scaled = first?.origin?.product === undefined ? second : first;
    const by = scaled === first ? second : first;
    const product = scaled?.origin?.product;
    const factors = by?.carried === undefined ? (by?.origin?.factors ?? []) : [by.carried.record];
    const scale = factors.at(-1);
    if (product === undefined || scale === undefined) return;
    const { weight, zero, axis, table, tableZero } = product;
    addQuantization(weight, axis, { scale, zero, block: 0, kind: 'linear' });
    if (table === undefined || factors[0] === undefined || factors.length < 2) return;
    addQuantization(table, 0, { scale: factors[0], zero: tableZero, block: 0, kind: 'linear' });
    return;
  }
  for (const { weight, scale, zero, axis, otherScale } of quantizedInputs(node)) {
    const codes = codesOf(inputs[weight], tensor(scale));
    const by = tensor(scale);
    const other = tensor(otherScale);
    if (codes === undefined || by === undefined || (otherScale !== undefined && other === undefined)) continue;
    addQuantization(codes, axis, { scale: by, zero: tensor(zero), otherScale: other, block: 0, kind: 'linear' });
  }
}

/** What was looked up in a table has other dimensions than the table, so that only a single scale can be the table's. */
function codesOf(value: Value | undefined, scale: TensorRecord | undefined): Carried | undefined {
  return value?.carried ?? (scale?.stored.count === 1 ? value?.origin?.table : undefined);
}

function addQuantization(
  { record, axes }: Carried,
  axis: number,
  { scale, zero, otherScale, groups, ...rest }: Omit<Quantization, 'axis'>,
): void {
  if (!record.isCode) return;
  for (const part of [scale, zero, otherScale, groups]) if (part !== undefined) part.isQuantizationParameter = true;
  const rank = axes?.length ?? record.stored.shape.length;
  const own = axes?.[axis < 0 ? axis + rank : axis];
  record.quantizations.push({ scale, zero, otherScale, groups, axis: own, ...rest });
}
