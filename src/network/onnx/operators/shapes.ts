import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import {
  channelsLastValue,
  MAX_NUMBERS,
  numbersValue,
  operandWithChannelsLast,
  plain,
  tensorValue,
  type ElementType,
  type Value,
} from '../onnx-value';
import { broadcastNumbers } from './elementwise';
import { product } from '../../../formats/shape';

/** The same numbers in another shape. */
export function reshaped(call: OperatorCall, value: Value, shape: readonly number[]): Value {
  if (product(shape) !== product(value.shape) || shape.some((size) => size < 0)) {
    throw call.refusal(l10n.t('the shape [{0}] cannot become [{1}]', value.shape.join(', '), shape.join(', ')));
  }
  if (value.tensor === undefined) return numbersValue(value.numbers ?? [], shape, value.type);
  return tensorValue(tf.reshape(plain(value), [...shape]), value.parameter);
}

function reshape(call: OperatorCall): Value {
  const value = call.input(0);
  const wanted = [...(call.numbersOf('shape', 1) ?? [])];
  const allowsZero = call.integer('allowzero', 0) !== 0;
  const shape = wanted.map((size, index) => (size === 0 && !allowsZero ? (value.shape[index] ?? 0) : size));
  const { rebatch } = call.pass;
  const known = product(shape.filter((size) => size !== -1));
  const isOpen = shape.includes(-1);
  if (rebatch !== undefined && wanted[0] === rebatch.from && value.shape[0] === rebatch.to) {
    // A batch size that was written into the graph. Whether this is right is tried out when the network is opened.
    if (isOpen || known * rebatch.to === product(value.shape) * rebatch.from) shape[0] = rebatch.to;
  }
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const others = product(shape.filter((_, index) => index !== open));
    shape[open] = others === 0 ? 0 : product(value.shape) / others;
  }
  call.checkShape(shape);
  return reshaped(call, value, shape);
}

function flatten(call: OperatorCall): Value {
  const value = call.input(0);
  const { shape } = value;
  const axis = call.integer('axis', 1);
  const at = axis === shape.length ? axis : call.axis(axis, shape.length);
  return reshaped(call, value, [product(shape.slice(0, at)), product(shape.slice(at))]);
}

function squeeze(call: OperatorCall): Value {
  const value = call.input(0);
  const { shape } = value;
  const axes = call.numbersOf('axes', 1)?.map((axis) => call.axis(axis, shape.length));
  const kept = shape.filter((size, index) => (axes === undefined ? size !== 1 : !axes.includes(index)));
  return reshaped(call, value, kept);
}

function unsqueeze(call: OperatorCall): Value {
  const value = call.input(0);
  const axes = call.numbersOf('axes', 1) ?? [];
  const rank = value.shape.length + axes.length;
  const own = axes.map((axis) => call.axis(axis, rank));
  const rest = [...value.shape];
  const shape = Array.from({ length: rank }, (_, index) => (own.includes(index) ? 1 : (rest.shift() ?? 1)));
  call.checkShape(shape);
  return reshaped(call, value, shape);
}

function transpose(call: OperatorCall): Value {
  const value = call.input(0);
  const { shape } = value;
  const order = call.integers('perm') ?? shape.map((_, index) => shape.length - 1 - index);
  if (
    order.length !== shape.length ||
    new Set(order.map((axis) => call.axis(axis, shape.length))).size < shape.length
  ) {
    throw call.refusalOf('perm', `[${order.join(', ')}]`);
  }
  if (value.channelsLast === true && value.tensor !== undefined && order.join() === '0,2,3,1') {
    return tensorValue(value.tensor);
  }
  if (order.join() === '0,3,1,2' && value.tensor !== undefined && value.parameter === undefined) {
    return channelsLastValue(plain(value));
  }
  return tensorValue(tf.transpose(plain(value), [...order]), value.parameter);
}

function concat(call: OperatorCall): Value {
  const values = call.inputs.map((_, index) => call.input(index));
  const [first] = values;
  if (first === undefined) throw call.refusal(l10n.t('its input {0} is missing', 0));
  const rank = first.shape.length;
  const axis = call.axis(call.integer('axis', 1), rank);
  if (rank === 1 && values.every(({ numbers, tensor }) => numbers !== undefined && tensor === undefined)) {
    const numbers = values.flatMap((value) => value.numbers ?? []);
    if (numbers.length <= MAX_NUMBERS) return numbersValue(numbers, [numbers.length], first.type);
  }
  const { rebatch } = call.pass;
  const parts = values.map((value) => {
    if (rebatch === undefined || axis === 0 || value.shape[0] !== rebatch.from) return value;
    if (!values.some(({ shape }) => shape[0] === rebatch.to) || rebatch.from !== 1) return value;
    // A row for each sample, as the one of a class token, for the batch that is run.
    return tensorValue(tf.broadcastTo(plain(value), [rebatch.to, ...value.shape.slice(1)]));
  });
  const shape = [...first.shape];
  shape[axis] = parts.reduce((sum, value) => sum + (value.shape[axis] ?? 0), 0);
  call.checkShape(shape);
  if (rank === 4 && parts.some(({ channelsLast }) => channelsLast === true)) {
    const images = parts.map((part) => operandOfFour(part));
    return channelsLastValue(tf.concat(images, CHANNELS_LAST_AXES[axis]));
  }
  return tensorValue(tf.concat(parts.map(plain), axis));
}

/** Where dimensions of [batch, channels, height, width] are with the channels last. */
const CHANNELS_LAST_AXES: readonly number[] = [0, 3, 1, 2];

function operandOfFour(value: Value): tf.Tensor4D {
  const operand = value.channelsLast === true ? value.tensor : operandWithChannelsLast(value);
  const [batch = 1, channels = 1, height = 1, width = 1] = value.shape;
  return tf.reshape(operand ?? plain(value), [batch, height, width, channels]);
}

function split(call: OperatorCall): readonly Value[] {
  const value = call.input(0);
  const axis = call.axis(call.integer('axis', 0), value.shape.length);
  const size = value.shape[axis] ?? 0;
  const parts = call.integer('num_outputs', call.node.outputs.length);
  const equal = Math.ceil(size / parts);
  const sizes =
    call.numbersOf('split', 1) ?? Array.from({ length: parts }, (_, index) => Math.min(equal, size - index * equal));
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.some((part) => part < 0)) {
    throw call.refusalOf('split', `[${sizes.join(', ')}]`);
  }
  let start = 0;
  return sizes.map((length) => {
    const part = along(call, value, axis, start, length);
    start += length;
    return part;
  });
}

/** Some consecutive places along a dimension. */
export function along(call: OperatorCall, value: Value, axis: number, start: number, length: number): Value {
  const { shape } = value;
  if (value.tensor === undefined) {
    return pickedNumbers(
      value,
      axis,
      Array.from({ length }, (_, index) => start + index),
    );
  }
  const begin = shape.map(() => 0);
  const size = [...shape];
  begin[axis] = start;
  size[axis] = length;
  call.checkShape(size);
  return tensorValue(tf.slice(plain(value), begin, size));
}

/** Some places along a dimension, of a value that is numbers. */
export function pickedNumbers({ numbers = [], shape, type }: Value, axis: number, places: readonly number[]): Value {
  const after = product(shape.slice(axis + 1));
  const size = shape[axis] ?? 1;
  const picked: number[] = [];
  for (let block = 0; block < product(shape.slice(0, axis)); block++) {
    for (const place of places) {
      const from = (block * size + place) * after;
      picked.push(...numbers.slice(from, from + after));
    }
  }
  return numbersValue(picked, [...shape.slice(0, axis), places.length, ...shape.slice(axis + 1)], type);
}

/** The first place along a dimension that Slice takes, and how many. */
function slicePlaces(size: number, start: number, end: number, step: number): { first: number; count: number } {
  const clamp = (index: number, low: number, high: number): number =>
    Math.min(Math.max(index < 0 ? index + size : index, low), high);
  const first = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const last = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
}

function slice(call: OperatorCall): Value {
  let value = call.input(0);
  const starts = call.numbersOf('starts', 1) ?? [];
  const ends = call.numbersOf('ends', 2) ?? [];
  const axes = call.numbersOf('axes', 3) ?? starts.map((_, index) => index);
  const steps = call.optionalNumbers(4) ?? starts.map(() => 1);
  for (const [index, start] of starts.entries()) {
    const axis = call.axis(axes[index] ?? index, value.shape.length);
    const step = steps[index] ?? 1;
    if (step === 0) throw call.refusal(l10n.t('its step is 0'));
    const { first, count } = slicePlaces(value.shape[axis] ?? 0, start, ends[index] ?? 0, step);
    if (count === value.shape[axis] && step === 1) continue;
    if (value.tensor === undefined) {
      const places = Array.from({ length: count }, (_, at) => first + at * step);
      value = pickedNumbers(value, axis, places);
    } else if (step === 1) value = along(call, value, axis, first, count);
    else value = tensorValue(tf.gather(plain(value), tf.range(first, first + count * step, step, 'int32'), axis));
  }
  return value;
}

function expand(call: OperatorCall): Value {
  const value = call.input(0);
  const wanted = call.numbers(1);
  const shape = call.broadcast(value.shape, wanted);
  if (value.tensor === undefined && product(shape) <= MAX_NUMBERS) {
    return numbersValue(broadcastNumbers(value, shape), shape, value.type);
  }
  return tensorValue(tf.broadcastTo(plain(value), shape));
}

function tile(call: OperatorCall): Value {
  const value = call.input(0);
  const times = call.numbers(1);
  call.checkShape(times);
  call.checkShape(value.shape.map((size, index) => size * (times[index] ?? 1)));
  return tensorValue(tf.tile(plain(value), [...times]));
}

/** Zeros or another number around a tensor; negative amounts cut off. */
function pad(call: OperatorCall): Value {
  const mode = call.text('mode', 'constant');
  if (mode !== 'constant') throw call.refusalOf('mode', mode);
  const value = call.input(0);
  const rank = value.shape.length;
  const amounts = call.numbersOf('pads', 1) ?? [];
  const fill = call.optionalNumbers(2)?.[0] ?? call.float('value', 0);
  const axes = call.optionalNumbers(3)?.map((axis) => call.axis(axis, rank)) ?? value.shape.map((_, axis) => axis);
  if (amounts.length !== 2 * axes.length) throw call.refusalOf('pads', `[${amounts.join(', ')}]`);
  const around = value.shape.map((): [number, number] => [0, 0]);
  for (const [index, axis] of axes.entries()) {
    around[axis] = [amounts[index] ?? 0, amounts[index + axes.length] ?? 0];
  }
  call.checkShape(value.shape.map((size, axis) => size + (around[axis]?.[0] ?? 0) + (around[axis]?.[1] ?? 0)));
  const begin = around.map(([before]) => Math.max(0, -before));
  const size = value.shape.map((length, axis) => length - (begin[axis] ?? 0) - Math.max(0, -(around[axis]?.[1] ?? 0)));
  const cut = around.some(([before, after]) => before < 0 || after < 0);
  const padding = around.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  if (value.channelsLast === true && value.tensor !== undefined && !cut) {
    const [batch = [0, 0], channels = [0, 0], rows = [0, 0], columns = [0, 0]] = padding;
    return channelsLastValue(tf.pad(value.tensor, [batch, rows, columns, channels], fill));
  }
  const x = cut ? tf.slice(plain(value), begin, size) : plain(value);
  return tensorValue(tf.pad(x, padding, fill));
}

function shapeOf(call: OperatorCall): Value {
  const { shape } = call.input(0);
  const numbers = shape.slice(call.integer('start', 0), call.integers('end')?.[0] ?? shape.length);
  return numbersValue(numbers, [numbers.length], 'int');
}

/** One number, everywhere. */
function filled(call: OperatorCall, shape: readonly number[], value: number, type: ElementType): Value {
  call.checkShape(shape);
  const count = product(shape);
  if (count <= MAX_NUMBERS) return numbersValue(Array<number>(count).fill(value), shape, type);
  return tensorValue(tf.fill([...shape], value, type === 'float' ? 'float32' : 'int32'));
}

function constantOfShape(call: OperatorCall): Value {
  const { value, type } = call.single('value') ?? ({ value: 0, type: 'float' } as const);
  return filled(call, call.numbers(0), value, type);
}

function range(call: OperatorCall): Value {
  const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((index) => call.numbers(index)[0]);
  const count = Math.max(0, Math.ceil((limit - start) / step));
  call.checkShape([count]);
  const { type } = call.input(0);
  if (count > MAX_NUMBERS) return tensorValue(tf.range(start, limit, step, type === 'float' ? 'float32' : 'int32'));
  const numbers = Array.from({ length: count }, (_, index) => start + index * step);
  return numbersValue(numbers, [count], type);
}

/** By TensorProto.DataType; floats of all widths are computed in float32. */
const TYPES: ReadonlyMap<number, ElementType> = new Map([
  ...[1, 10, 11, 16].map((type) => [type, 'float'] as const),
  ...[2, 3, 4, 5, 6, 7, 12, 13].map((type) => [type, 'int'] as const),
  [9, 'bool'],
]);

const DTYPES = { float: 'float32', int: 'int32', bool: 'bool' } as const;

function converted(value: Value, type: ElementType): Value {
  if (value.type === type) return value;
  if (value.tensor === undefined) {
    const convert = { float: Math.fround, int: Math.trunc, bool: (number: number) => Number(number !== 0) }[type];
    return numbersValue((value.numbers ?? []).map(convert), value.shape, type);
  }
  return tensorValue(tf.cast(plain(value), DTYPES[type]));
}

function cast(call: OperatorCall): Value {
  call.ignore('saturate', 'round_mode');
  const to = call.integer('to', 0);
  const type = TYPES.get(to);
  if (type === undefined) throw call.refusalOf('to', to);
  return converted(call.input(0), type);
}

/** What gives on its input as it is, once a network is not trained. */
function identity(call: OperatorCall): Value {
  call.ignore('ratio', 'seed', 'training_mode', 'is_test');
  if (call.node.operator === 'Dropout' && call.optionalNumbers(2)?.[0] === 1) {
    throw call.refusal(l10n.t('it is set to training'));
  }
  return call.input(0);
}

/** Operators that arrange numbers, and those that compute with shapes. */
export const SHAPES: Readonly<Record<string, Operator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Shape: shapeOf,
  Size: (call) => numbersValue([product(call.input(0).shape)], [], 'int'),
  ConstantOfShape: constantOfShape,
  Range: range,
  Cast: cast,
  CastLike: (call) => converted(call.input(0), call.input(1).type),
  Identity: identity,
  Dropout: identity,
};
