import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LastMeasurements, type LastMeasurement } from '../../../src/editor/measurement/last-measurements';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'prunability-last-'));
});
afterEach(() => rm(folder, { recursive: true }));

const LAST: LastMeasurement = {
  version: 'file:///model.onnx|1|2',
  request: { data: { data: '/digits.npz' }, backend: 'auto' },
  measurement: {
    schema: 'prunability-measurement/1',
    complete: false,
    model: '/model.onnx',
    data: { path: '/digits.npz', count: 1400 },
    backend: { name: 'wasm', reason: 'wasm: started', selfTestError: 1e-7 },
    loss: 'softmax-cross-entropy',
    parameterCount: 12,
    prunableCount: 9,
    dense: { loss: 0.1, epsilon: Number.NaN, batchSize: 128 },
    radii: { prunedFractions: Float64Array.of(0, 0.5, 1), radii: Float64Array.of(0, 0.25, Infinity) },
    smallFraction: 0.25,
    directTest: [{ prunedFraction: 0.5, linear: -0, quadratic: Infinity }],
    sweeps: [],
    sensitivity: [],
    notes: ['a note'],
    seconds: 3,
  },
  status: { state: 'cancelled' },
};

test('what was measured comes back to the bit, by the model, for the same program', async () => {
  await new LastMeasurements(folder, '1').write('file:///model.onnx', LAST);
  const { measurement, ...rest } = (await new LastMeasurements(folder, '1').read('file:///model.onnx')) ?? {};
  const { measurement: written, ...others } = LAST;
  expect(rest).toEqual(others);
  expect(measurement).toStrictEqual(written);
  expect(await new LastMeasurements(folder, '1').read('file:///other.onnx')).toBeUndefined();
  expect(await new LastMeasurements(folder, '2').read('file:///model.onnx')).toBeUndefined();
});

test('a later one takes the place of the former', async () => {
  const all = new LastMeasurements(folder, '1');
  await all.write('model', LAST);
  await all.write('model', { ...LAST, status: { state: 'complete' } });
  expect((await all.read('model'))?.status).toEqual({ state: 'complete' });
  expect(await readdir(folder)).toHaveLength(1);
});

test('what is damaged is none', async () => {
  const all = new LastMeasurements(folder, '1');
  await all.write('model', LAST);
  const [name = ''] = await readdir(folder);
  const file = path.join(folder, name);
  const content = await readFile(file);
  for (const damaged of [
    Buffer.alloc(0),
    content.subarray(0, 31),
    content.subarray(0, -1),
    Buffer.from(content.map((byte, at) => (at === 100 ? byte ^ 1 : byte))),
  ]) {
    await writeFile(file, damaged);
    expect(await all.read('model')).toBeUndefined();
  }
  await writeFile(file, content);
  expect(await all.read('model')).toBeDefined();
});

test('the oldest go when there are too many', async () => {
  const first = new LastMeasurements(folder, '1');
  await first.write('a', LAST);
  const [name = ''] = await readdir(folder);
  const { length } = await readFile(path.join(folder, name));
  await utimes(path.join(folder, name), 1, 1);
  const all = new LastMeasurements(folder, '1', 2.5 * length);
  await all.write('b', LAST);
  expect(await all.read('a')).toBeDefined();
  await all.write('c', LAST);
  expect(await all.read('a')).toBeUndefined();
  expect(await all.read('b')).toBeDefined();
  expect(await all.read('c')).toBeDefined();
});
