import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { ComputationError } from '../formats/errors';
import type { Targets } from '../data/dataset';
import type { LossKind } from '../report/measurement';
import type { OutputLink } from './network';

/** The loss of a network on targets. */
export interface Loss {
  readonly kind: LossKind;
  /** What the loss applies to the network's outputs before it compares them; the cross-entropies take logits. */
  readonly link: OutputLink;
  /** For people: why this one. */
  readonly reason: string;
  /** Numbers a sample that the targets are made of; as many as the network has outputs. */
  readonly width: number;
}

/** How far from 1 the sum of a target may be that counts as probabilities: float32 values written as text. */
const PROBABILITY_TOLERANCE = 1e-3;

/**
 * The loss that fits a network and its targets: what it was most likely trained with.
 * @param link what the model does to its logits at its end
 * @param outputs numbers a sample that the network gives
 * @throws {@link ComputationError} if the targets do not fit the outputs
 */
export function chooseLoss(link: OutputLink, outputs: number, targets: Targets): Loss {
  if (targets.kind === 'classes') {
    if (outputs === 1 && targets.classes <= 2) {
      const reason = l10n.t('one output and two classes: cross-entropy of the sigmoid');
      return { kind: 'sigmoid-cross-entropy', link: 'none', reason, width: 1 };
    }
    checkLabels(targets.labels, outputs);
    if (link === 'sigmoid') {
      const reason = l10n.t('the network ends in a sigmoid: cross-entropy of each output');
      return { kind: 'sigmoid-cross-entropy', link: 'none', reason, width: outputs };
    }
    const reason =
      link === 'softmax'
        ? l10n.t('the network ends in a softmax: cross-entropy of its classes')
        : l10n.t('the targets are classes: cross-entropy of the softmax of the outputs');
    return { kind: 'softmax-cross-entropy', link: 'none', reason, width: outputs };
  }
  const { size, values } = targets;
  if (size !== outputs) {
    throw new ComputationError(
      l10n.t('The network gives {0} numbers a sample, the data set has {1} to compare them with.', outputs, size),
    );
  }
  if (link === 'softmax' && areProbabilities(values, size)) {
    const reason = l10n.t('the network ends in a softmax, the targets are probabilities: cross-entropy');
    return { kind: 'softmax-cross-entropy', link: 'none', reason, width: size };
  }
  if (link === 'sigmoid' && values.every((value) => value >= 0 && value <= 1)) {
    const reason = l10n.t('the network ends in a sigmoid, the targets are from 0 to 1: cross-entropy of each output');
    return { kind: 'sigmoid-cross-entropy', link: 'none', reason, width: size };
  }
  const reason = l10n.t('the targets are numbers: mean squared error');
  return { kind: 'mean-squared-error', link, reason, width: size };
}

function checkLabels(labels: Int32Array, outputs: number): void {
  for (const label of labels) {
    if (label < 0 || label >= outputs) {
      throw new ComputationError(
        l10n.t(
          'The data set has a class {0}; the network tells {1} classes apart (0 to {2}).',
          label,
          outputs,
          outputs - 1,
        ),
      );
    }
  }
}

function areProbabilities(values: Float32Array, size: number): boolean {
  for (let start = 0; start < values.length; start += size) {
    let sum = 0;
    for (const value of values.subarray(start, start + size)) {
      if (!(value >= 0)) return false;
      sum += value;
    }
    if (Math.abs(sum - 1) > PROBABILITY_TOLERANCE) return false;
  }
  return true;
}

/** The targets of the samples from `first` to before `end` as the losses take them: rows of `width` numbers, classes one-hot. */
export function targetRows({ width }: Loss, targets: Targets, first: number, end: number): Float32Array {
  if (targets.kind === 'values') return targets.values.slice(first * width, end * width);
  const labels = targets.labels.subarray(first, end);
  if (width === 1) return Float32Array.from(labels);
  const rows = new Float32Array(labels.length * width);
  labels.forEach((label, row) => {
    rows[row * width + label] = 1;
  });
  return rows;
}

/** The greatest number of each row as a constant: what the logits are shifted by has no influence on the loss. */
const greatestOfRows = tf.customGrad((logits) => {
  const { shape } = logits as Tensor;
  return { value: tf.max(logits as Tensor, -1, true), gradFunc: () => tf.zeros(shape) };
});

/** −log softmax of rows, by log-sum-exp of the shifted logits. Twice differentiable. */
function surprisals(logits: Tensor2D): Tensor2D {
  const shifted = tf.sub<Tensor2D>(logits, greatestOfRows(logits));
  return tf.sub(tf.log(tf.sum(tf.exp(shifted), -1, true)), shifted);
}

/** The mean square of the differences of each row: [batch]. */
function squaredErrors(output: Tensor2D, targets: Tensor2D, link: OutputLink): Tensor1D {
  const given =
    link === 'softmax'
      ? tf.exp<Tensor2D>(tf.neg(surprisals(output)))
      : link === 'sigmoid'
        ? tf.sigmoid(output)
        : output;
  return tf.mean(tf.square(tf.sub(given, targets)), -1);
}

/**
 * The loss of each sample, float32 [batch]; differentiable by the output, twice, too.
 * - softmax cross-entropy: −Σ t log softmax(z)
 * - sigmoid cross-entropy: mean over the outputs of t·softplus(−z) + (1 − t)·softplus(z), which is −t log σ(z) − (1 − t) log(1 − σ(z))
 * - mean squared error: mean over the outputs of (link(z) − t)²
 * @param output [batch, …] with {@link Loss.width} numbers a sample
 * @param targets of {@link targetRows}, [batch, width]
 */
export function lossesOfSamples(loss: Loss, output: Tensor, targets: Tensor2D): Tensor1D {
  const rows = tf.reshape<tf.Rank.R2>(output, targets.shape);
  switch (loss.kind) {
    case 'softmax-cross-entropy':
      return tf.sum(tf.mul(targets, surprisals(rows)), -1);
    case 'sigmoid-cross-entropy': {
      const whereTrue = tf.mul(targets, tf.softplus(tf.neg(rows)));
      const whereFalse = tf.mul(tf.sub(1, targets), tf.softplus(rows));
      return tf.mean(tf.add(whereTrue, whereFalse), -1);
    }
    case 'mean-squared-error':
      return squaredErrors(rows, targets, loss.link);
  }
}
