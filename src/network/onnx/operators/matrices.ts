import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import { plain, tensorValue, type Value } from '../onnx-value';
import { product } from '../../../formats/shape';

/** alpha · A B + beta · C, A and B transposed if their attributes say so. */
function gemm(call: OperatorCall): Value {
  const first = call.input(0);
  const second = call.input(1);
  if (first.shape.length !== 2 || second.shape.length !== 2) {
    const shapes = [first.shape.join(', '), second.shape.join(', ')] as const;
    throw call.refusal(l10n.t('its inputs [{0}] and [{1}] do not fit one another', ...shapes));
  }
  const a = call.integer('transA', 0) === 0 ? plain(first) : tf.transpose(plain(first));
  const b = call.integer('transB', 0) === 0 ? plain(second) : tf.transpose(plain(second));
  checkInner(call, a, b);
  call.observe(second, () => a);
  call.observe(first, () => tf.transpose(b));
  const alpha = call.float('alpha', 1);
  const beta = call.float('beta', 1);
  const product = tf.matMul(a, b);
  const scaled = alpha === 1 ? product : tf.mul(product, alpha);
  const bias = call.inputs[2];
  if (bias === undefined || beta === 0) return tensorValue(scaled);
  return tensorValue(tf.add(scaled, beta === 1 ? plain(bias) : tf.mul(plain(bias), beta)));
}

/** The product of matrices, or of stacks of them that are broadcast against one another, as NumPy's matmul. */
function matMul(call: OperatorCall): Value {
  const first = call.input(0);
  const second = call.input(1);
  if (first.shape.length === 0 || second.shape.length === 0) {
    throw call.refusal(l10n.t('its input has the shape [{0}]', ''));
  }
  const left = first.shape.length === 1 ? tf.expandDims(plain(first), 0) : plain(first);
  const right = second.shape.length === 1 ? tf.expandDims(plain(second), 1) : plain(second);
  checkInner(call, left, right);
  call.observe(second, () => left);
  call.observe(first, () => swapped(right));
  const product = stackProduct(call, left, right);
  const shape = [...product.shape];
  if (second.shape.length === 1) shape.splice(-1, 1);
  if (first.shape.length === 1) shape.splice(second.shape.length === 1 ? -1 : -2, 1);
  return tensorValue(shape.length === product.shape.length ? product : tf.reshape(product, shape));
}

function stackProduct(call: OperatorCall, left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  const rows = left.shape.at(-2) ?? 1;
  const inner = left.shape.at(-1) ?? 1;
  const columns = right.shape.at(-1) ?? 1;
  if (right.shape.length === 2) {
    // One matrix for all of them: a single product.
    const outer = left.shape.slice(0, -1);
    call.checkShape([...outer, columns]);
    const flat = tf.matMul(tf.reshape(left, [product(outer), inner]), right);
    return tf.reshape(flat, [...outer, columns]);
  }
  const stack = call.broadcast(left.shape.slice(0, -2), right.shape.slice(0, -2));
  call.checkShape([...stack, rows, columns]);
  call.checkShape([...stack, rows, inner]);
  call.checkShape([...stack, inner, columns]);
  // The gradient of matMul does not add up over what it broadcasts; that of broadcastTo does.
  const a = spread(left, stack, rows, inner);
  const b = spread(right, stack, inner, columns);
  return tf.reshape(tf.matMul(a, b), [...stack, rows, columns]);
}

function spread(tensor: tf.Tensor, stack: readonly number[], rows: number, columns: number): tf.Tensor3D {
  const shape = [...stack, rows, columns];
  const same = tensor.shape.length === shape.length && tensor.shape.every((size, index) => size === shape[index]);
  return tf.reshape(same ? tensor : tf.broadcastTo(tensor, shape), [product(stack), rows, columns]);
}

/** The last two dimensions exchanged. */
function swapped(tensor: tf.Tensor): tf.Tensor {
  const order = tensor.shape.map((_, index) => index);
  const last = order.length - 1;
  return tf.transpose(tensor, [...order.slice(0, -2), last, last - 1]);
}

function checkInner(call: OperatorCall, a: tf.Tensor, b: tf.Tensor): void {
  if (a.shape.at(-1) === b.shape.at(-2)) return;
  throw call.refusal(
    l10n.t('its inputs [{0}] and [{1}] do not fit one another', a.shape.join(', '), b.shape.join(', ')),
  );
}

/** Products of matrices. */
export const MATRICES: Readonly<Record<string, Operator>> = {
  Gemm: gemm,
  MatMul: matMul,
};
