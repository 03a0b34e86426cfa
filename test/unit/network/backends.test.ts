import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

import { SELF_TEST_BOUND } from '../../../src/network/tensorflow/self-test';
import { startTestBackend, TEST_BACKENDS } from './test-backends';

test.each(TEST_BACKENDS)('%s starts, its second derivatives are right, and no tensor is left', async (name) => {
  const facts = await startTestBackend(name);
  expect(facts.name).toBe(name);
  expect(tf.getBackend()).toBe(name);
  expect(facts.selfTestError).toBeLessThan(SELF_TEST_BOUND);
  expect(tf.memory().numTensors).toBe(0);
});
