import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ComputationError } from '../../../src/formats/errors';
import { chooseLoss, lossesOfSamples, targetRows } from '../../../src/network/loss';
import { startTestBackend } from './test-backends';

beforeAll(async () => {
  await startTestBackend('cpu');
});

const classes = { kind: 'classes', classes: 3, labels: Int32Array.of(0, 2) } as const;
const two = { kind: 'classes', classes: 2, labels: Int32Array.of(0, 1) } as const;
const shares = { kind: 'values', size: 2, values: Float32Array.of(0.25, 0.75, 1, 0) } as const;
const values = { kind: 'values', size: 2, values: Float32Array.of(0.25, 0.5, 3, 0) } as const;

test.each([
  ['softmax', 3, classes, 'softmax-cross-entropy', 'none'],
  ['sigmoid', 3, classes, 'sigmoid-cross-entropy', 'none'],
  ['none', 3, classes, 'softmax-cross-entropy', 'none'],
  ['none', 1, two, 'sigmoid-cross-entropy', 'none'],
  ['sigmoid', 1, two, 'sigmoid-cross-entropy', 'none'],
  ['none', 2, two, 'softmax-cross-entropy', 'none'],
  ['none', 2, values, 'mean-squared-error', 'none'],
  ['softmax', 2, shares, 'softmax-cross-entropy', 'none'],
  ['softmax', 2, values, 'mean-squared-error', 'softmax'],
  ['sigmoid', 2, shares, 'sigmoid-cross-entropy', 'none'],
  ['sigmoid', 2, values, 'mean-squared-error', 'sigmoid'],
] as const)('link %s, %d outputs: %#', (link, outputs, targets, kind, applied) => {
  const loss = chooseLoss(link, outputs, targets);
  expect([loss.kind, loss.link, loss.width]).toEqual([kind, applied, outputs]);
  expect(loss.reason).not.toBe('');
});

test('targets that do not fit are told', () => {
  expect(() => chooseLoss('softmax', 2, classes)).toThrow(ComputationError);
  expect(() => chooseLoss('none', 3, values)).toThrow(ComputationError);
});

test('losses are exact where exp would overflow', async () => {
  const logits = tf.tensor2d([1000, 0, -1000, 500, 500, -500], [2, 3]);
  const loss = chooseLoss('softmax', 3, classes);
  const losses = lossesOfSamples(loss, logits, tf.tensor2d(targetRows(loss, classes, 0, 2), [2, 3]));
  expect([...(await losses.data())]).toEqual([0, Math.fround(1000 + Math.log(2))]);
});

test('cross-entropy of sigmoids keeps small losses', async () => {
  const loss = chooseLoss('sigmoid', 1, two);
  const rows = tf.tensor2d(targetRows(loss, two, 0, 2), [2, 1]);
  const [first, second] = await lossesOfSamples(loss, tf.tensor2d([-12, 200], [2, 1]), rows).data();
  expect(first! / Math.log1p(Math.exp(-12))).toBeCloseTo(1, 4);
  expect(second).toBeLessThan(1e-30);
});
