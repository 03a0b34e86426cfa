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
import { product } from '../../../formats/shape';

interface Binary {
  /** On numbers one by one. */
  readonly numbers: (a: number, b: number, type: ElementType) => number;
  readonly tensors: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
  readonly gives?: 'bool';
  /** Division and remainder of integers are different ones in TensorFlow.js. */
  readonly floatsOnly?: true;
}

const BINARY: Readonly<Record<string, Binary>> = {
  Add: { numbers: (a, b) => a + b, tensors: tf.add },
  Sub: { numbers: (a, b) => a - b, tensors: tf.sub },
  Mul: { numbers: (a, b) => a * b, tensors: tf.mul },
  Div: { numbers: (a, b, type) => (type === 'int' ? Math.trunc(a / b) : a / b), tensors: tf.div, floatsOnly: true },
  Min: { numbers: (a, b) => Math.min(a, b), tensors: tf.minimum },
  Max: { numbers: (a, b) => Math.max(a, b), tensors: tf.maximum },
  Equal: { numbers: (a, b) => Number(a === b), tensors: tf.equal, gives: 'bool' },
  Less: { numbers: (a, b) => Number(a < b), tensors: tf.less, gives: 'bool' },
  LessOrEqual: { numbers: (a, b) => Number(a <= b), tensors: tf.lessEqual, gives: 'bool' },
  Greater: { numbers: (a, b) => Number(a > b), tensors: tf.greater, gives: 'bool' },
  GreaterOrEqual: { numbers: (a, b) => Number(a >= b), tensors: tf.greaterEqual, gives: 'bool' },
  And: { numbers: (a, b) => Number(a !== 0 && b !== 0), tensors: tf.logicalAnd, gives: 'bool' },
  Or: { numbers: (a, b) => Number(a !== 0 || b !== 0), tensors: tf.logicalOr, gives: 'bool' },
  Xor: { numbers: (a, b) => Number((a !== 0) !== (b !== 0)), tensors: tf.logicalXor, gives: 'bool' },
};

/** Whether values are computed with number by number, without tensors. */
function areNumbers(values: readonly Value[], shape: readonly number[]): boolean {
  return product(shape) <= MAX_NUMBERS && values.every(({ tensor }) => tensor === undefined);
}

/** Result of an operator of two operands, broadcast against one another. */
function binary(call: OperatorCall, operation: Binary, a: Value, b: Value): Value {
  const shape = call.broadcast(a.shape, b.shape);
  const type = operation.gives ?? (a.type === 'float' || b.type === 'float' ? 'float' : a.type);
  if (areNumbers([a, b], shape)) {
    return numbersOfBoth(operation, a, b, shape, type);
  }
  if (operation.floatsOnly === true && type !== 'float') {
    throw call.refusal(l10n.t('it divides whole numbers that depend on the values of the sample'));
  }
  if (a.channelsLast === true || b.channelsLast === true) {
    const first = operandWithChannelsLast(a);
    const second = operandWithChannelsLast(b);
    if (first !== undefined && second !== undefined) return channelsLastValue(operation.tensors(first, second));
  }
  return tensorValue(operation.tensors(plain(a), plain(b)));
}

function numbersOfBoth(operation: Binary, a: Value, b: Value, shape: readonly number[], type: ElementType): Value {
  const first = broadcastNumbers(a, shape);
  const second = broadcastNumbers(b, shape);
  const numbers = first.map((value, index) => {
    const result = operation.numbers(value, second[index] ?? 0, a.type);
    return type === 'float' ? Math.fround(result) : result;
  });
  return numbersValue(numbers, shape, type);
}

/** The numbers of a value as those of a larger shape. */
export function broadcastNumbers({ numbers = [], shape: own }: Value, shape: readonly number[]): number[] {
  const count = product(shape);
  const offset = shape.length - own.length;
  return Array.from({ length: count }, (_, index) => {
    let rest = index;
    let at = 0;
    let stride = 1;
    for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
      const size = shape[dimension] ?? 1;
      const ownSize = own[dimension - offset] ?? 1;
      if (ownSize !== 1) at += (rest % size) * stride;
      stride *= ownSize;
      rest = Math.floor(rest / size);
    }
    return numbers[at] ?? 0;
  });
}

interface Unary {
  readonly numbers?: (value: number) => number;
  readonly tensor: (value: tf.Tensor) => tf.Tensor;
}

const UNARY: Readonly<Record<string, Unary>> = {
  Sqrt: { numbers: Math.sqrt, tensor: tf.sqrt },
  Exp: { numbers: Math.exp, tensor: tf.exp },
  Log: { numbers: Math.log, tensor: tf.log },
  Abs: { numbers: Math.abs, tensor: tf.abs },
  Neg: { numbers: (value) => -value, tensor: tf.neg },
  Reciprocal: { numbers: (value) => 1 / value, tensor: tf.reciprocal },
  Floor: { numbers: Math.floor, tensor: tf.floor },
  Ceil: { numbers: Math.ceil, tensor: tf.ceil },
  Sign: { numbers: Math.sign, tensor: tf.sign },
  Sin: { numbers: Math.sin, tensor: tf.sin },
  Cos: { numbers: Math.cos, tensor: tf.cos },
  Not: { numbers: (value) => Number(value === 0), tensor: tf.logicalNot },
  Erf: { tensor: tf.erf },
};

/** Applies what works on each number by itself, in whichever layout it lies. */
export function each(value: Value, apply: (tensor: tf.Tensor) => tf.Tensor): Value {
  if (value.channelsLast === true && value.tensor !== undefined) return channelsLastValue(apply(value.tensor));
  return tensorValue(apply(plain(value)));
}

function unary(call: OperatorCall, { numbers: ofNumber, tensor }: Unary): Value {
  const value = call.input(0);
  const { numbers, shape, type } = value;
  if (numbers === undefined || value.tensor !== undefined || ofNumber === undefined) return each(value, tensor);
  const results = numbers.map((number) => (type === 'float' ? Math.fround(ofNumber(number)) : ofNumber(number)));
  return numbersValue(results, shape, type);
}

/** Where there is no number; a small change of a value changes nothing about it. */
const isNotANumber = tf.customGrad((x) => ({
  value: tf.isNaN(x as tf.Tensor),
  gradFunc: () => tf.zerosLike(x as tf.Tensor),
}));

function isNaN(call: OperatorCall): Value {
  const value = call.input(0);
  const { numbers, shape } = value;
  if (numbers === undefined || value.tensor !== undefined) return each(value, isNotANumber);
  return numbersValue(
    numbers.map((number) => Number(Number.isNaN(number))),
    shape,
    'bool',
  );
}

/** Two operands, or any number of them for Min, Max and Sum. */
function folded(call: OperatorCall, operation: Binary): Value {
  call.ignore('fmod');
  let result = call.input(0);
  for (let index = 1; index < call.inputs.length; index++) result = binary(call, operation, result, call.input(index));
  return result;
}

/** base^exponent; small whole exponents as products, whose derivatives are exact at 0 and for negative bases. */
function pow(call: OperatorCall): Value {
  const base = call.input(0);
  const by = call.input(1);
  const { numbers } = by;
  const [exponent] = numbers ?? [];
  if (base.tensor === undefined && numbers !== undefined && base.numbers !== undefined) {
    return binary(call, { numbers: Math.pow, tensors: tf.pow }, base, by);
  }
  if (numbers?.length === 1 && by.shape.length <= base.shape.length && base.type === 'float') {
    if (exponent === 1) return base;
    if (exponent === 2) return each(base, tf.square);
    if (exponent === 3) return each(base, (x) => tf.mul(tf.square(x), x));
    if (exponent === 0.5) return each(base, tf.sqrt);
    if (exponent === -1) return each(base, tf.reciprocal);
  }
  return binary(
    call,
    { numbers: Math.pow, tensors: (a, b) => tf.pow(a, tf.cast(b, 'float32')), floatsOnly: true },
    base,
    by,
  );
}

function mod(call: OperatorCall): Value {
  const a = call.input(0);
  const b = call.input(1);
  const shape = call.broadcast(a.shape, b.shape);
  if (!areNumbers([a, b], shape) || call.integer('fmod', 0) !== 0) {
    throw call.refusal(l10n.t('it divides whole numbers that depend on the values of the sample'));
  }
  return numbersOfBoth(
    // The remainder has the sign of the divisor.
    { numbers: (x, y) => x - Math.floor(x / y) * y, tensors: tf.mod },
    a,
    b,
    shape,
    a.type,
  );
}

function where(call: OperatorCall): Value {
  const condition = call.input(0);
  const yes = call.input(1);
  const no = call.input(2);
  const shape = call.broadcast(call.broadcast(condition.shape, yes.shape), no.shape);
  if (areNumbers([condition, yes, no], shape)) {
    const first = broadcastNumbers(yes, shape);
    const second = broadcastNumbers(no, shape);
    const chosen = broadcastNumbers(condition, shape).map((is, at) => (is !== 0 ? first[at] : second[at]) ?? 0);
    return numbersValue(chosen, shape, yes.type);
  }
  return tensorValue(
    tf.where(
      tf.broadcastTo(tf.cast(plain(condition), 'bool'), shape),
      tf.broadcastTo(plain(yes), shape),
      tf.broadcastTo(plain(no), shape),
    ),
  );
}

/** Arithmetic and comparisons, element by element. */
export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(
    Object.entries(BINARY).map(([name, operation]): [string, Operator] => [name, (call) => folded(call, operation)]),
  ),
  Sum: (call) => folded(call, { numbers: (a, b) => a + b, tensors: tf.add }),
  ...Object.fromEntries(
    Object.entries(UNARY).map(([name, operation]): [string, Operator] => [name, (call) => unary(call, operation)]),
  ),
  IsNaN: isNaN,
  Pow: pow,
  Mod: mod,
  Where: where,
};
