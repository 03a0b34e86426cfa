import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { startBackend } from '../../../src/network/tensorflow/backends';
import { SELF_TEST_BOUND } from '../../../src/network/tensorflow/self-test';
import { WASM_FOLDER } from './wasm-folder';

test.each(['wasm', 'cpu'] as const)(
  '%s starts, its second derivatives are right, and no tensor is left',
  async (name) => {
    const facts = await startBackend({ wasmFolder: WASM_FOLDER, backends: [name] });
    expect(facts.name).toBe(name);
    expect(tf.getBackend()).toBe(name);
    expect(facts.selfTestError).toBeLessThan(SELF_TEST_BOUND);
    expect(tf.memory().numTensors).toBe(0);
  },
);
