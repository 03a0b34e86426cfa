import path from 'node:path';
import { expect, it } from 'vitest';
import type { PreparedSamples } from '../../../src/data/dataset';
import { prepareData } from '../../../src/data/guess';
import { openData } from '../../../src/measurer/open-data';
import { RunningBackend } from '../../../src/measurer/running-backend';
import { trainingLosses } from '../../../src/measurer/training-losses';
import { createNetworkObjective, weightsOf } from '../../../src/network/network-objective';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
const WASM = path.resolve(import.meta.dirname, '../../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out');
const NEVER = new AbortController().signal;

it('losses of samples for training are those of the network, whatever the pieces', async () => {
  await new RunningBackend(WASM).start('auto');
  const model = path.join(FIXTURES, 'network/digits-l1-1e-3.onnx');
  const opened = await openData(model, { data: path.join(FIXTURES, 'data/digits.npz') }, NEVER);
  const { network, guessed } = opened;
  const { normalisation } = opened.normalisations[0]!;
  const lossesOf = async (samples: PreparedSamples): Promise<Float32Array> =>
    (await createNetworkObjective(network, samples, 100).evaluate(weightsOf(network), NEVER)).losses;
  const request = { lossesOf, guessed, normalisation, seed: 5, batch: 100, bytes: 300 * 64 * 4 };
  for (const samples of [60_000, 750]) {
    const losses = await trainingLosses({ ...request, samples }, NEVER);
    const { train } = await prepareData(guessed, normalisation, { count: samples, seed: 5 });
    const whole = await createNetworkObjective(network, train, 1400).evaluate(weightsOf(network), NEVER);
    expect(losses).toHaveLength(Math.min(1400, samples));
    for (const [at, loss] of losses.entries()) expect(loss).toBeCloseTo(whole.losses[at]!, 5);
  }
  network.dispose();
});
