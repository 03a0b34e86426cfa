import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { startBackend } from '../../../src/network/tensorflow/backends';

test('without its files wasm is refused with a reason, and the next one is taken', async () => {
  const facts = await startBackend({ wasmFolder: tmpdir() });
  expect(facts.name).toBe('cpu');
  expect(facts.reason).toMatch(/^wasm: .+; cpu: /);
  expect(tf.getBackend()).toBe('cpu');
});
