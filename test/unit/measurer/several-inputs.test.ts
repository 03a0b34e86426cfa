import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import { measureModel } from '../../../src/measurer/measure-model';
import { previewData } from '../../../src/measurer/preview-data';
import { RunningBackend } from '../../../src/measurer/running-backend';
import type { Measurement } from '../../../src/report/measurement';
import { bytesOf, npyBytes, zipBytes } from '../data/files';
import { WASM_FOLDER } from '../network/wasm-folder';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/network/inputs');
const LABELS = [2, 0, 1];

/** What PyTorch computes: test/fixtures/network/inputs/make-onnx.py. */
interface Expected {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: readonly number[];
  }[];
  readonly output: readonly number[];
}

const EXPECTED = JSON.parse(readFileSync(path.join(FIXTURES, 'onnx.json'), 'utf8')) as Record<string, Expected>;

/** The samples of the fixtures, as a person would save them. */
function npz({ inputs }: Expected, whole: boolean): Uint8Array {
  const arrays = inputs.map(({ name, shape, values }) => {
    const bytes = whole ? bytesOf(BigInt64Array.from(values, BigInt)) : bytesOf(Float32Array.from(values));
    return [`${name}.npy`, npyBytes(whole ? '<i8' : '<f4', shape, bytes)] as const;
  });
  const labels = npyBytes('<i8', [LABELS.length], bytesOf(BigInt64Array.from(LABELS, BigInt)));
  return zipBytes({ ...Object.fromEntries(arrays.toReversed()), 'labels.npy': labels });
}

/** Mean cross-entropy of the softmax of rows of logits. */
function crossEntropy(logits: readonly number[]): number {
  const losses = LABELS.map((label, row) => {
    const own = logits.slice(3 * row, 3 * row + 3);
    return Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0)) - own[label]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

describe('networks with several inputs, measured on data', () => {
  let folder: string;
  const backend = new RunningBackend(WASM_FOLDER);
  const place = (name: string): string => path.join(folder, name);
  const signal = new AbortController().signal;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'prunability-inputs-'));
    for (const name of ['joined-script.onnx', 'bert-script.onnx']) await cp(path.join(FIXTURES, name), place(name));
    await writeFile(place('joined.npz'), npz(EXPECTED.joined!, false));
    await writeFile(place('bert.npz'), npz(EXPECTED.bert!, true));
    await writeFile(place('table.csv'), 'a,b,label\n1,2,0\n3,4,1\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are measured to the end', async () => {
    const measurement = await measureModel(
      {
        model: place('joined-script.onnx'),
        data: { data: place('joined.npz') },
        backend: 'auto',
        places: [],
        remember: false,
      },
      backend,
      () => undefined,
      signal,
    );
    expect(measurement).toMatchObject({ complete: true, data: { count: 3 }, loss: 'softmax-cross-entropy' });
    // The outputs of this one are probabilities.
    expect(measurement.dense.loss).toBeCloseTo(crossEntropy(EXPECTED.joined!.output.map(Math.log)), 5);
    expect(measurement.sweeps).toHaveLength(8);
    expect(measurement.notes.join()).toContain('The values of all inputs are taken as they are');
  });

  it('have the loss that PyTorch has, and are remembered', async () => {
    const controller = new AbortController();
    let told: Measurement | undefined;
    const ended = measureModel(
      {
        model: place('bert-script.onnx'),
        data: { data: place('bert.npz') },
        backend: 'auto',
        places: [],
        remember: true,
      },
      backend,
      (event) => {
        if (event.type !== 'measurement') return;
        told = event.measurement;
        controller.abort();
      },
      controller.signal,
    );
    await expect(ended).rejects.toBeInstanceOf(CancelledError);
    expect(told!.dense.loss).toBeCloseTo(crossEntropy(EXPECTED.bert!.output), 5);
    expect(told!.notes).toContain('Values of the samples: as they are.');
    const settings = JSON.parse(await readFile(place('.prunability.json'), 'utf8')) as Record<string, unknown>;
    expect(settings).toMatchObject({ data: 'bert.npz', normalization: { scale: 1, mean: [0], std: [1] } });
    const preview = await previewData({ model: place('bert-script.onnx'), data: {} }, backend, signal);
    expect(preview.facts.map(({ title }) => title)[0]).toBe('3 samples');
    await rm(place('.prunability.json'));
  });

  it('are shown with what was guessed of each', async () => {
    const bert = await previewData(
      { model: place('bert-script.onnx'), data: { data: place('bert.npz') } },
      backend,
      signal,
    );
    expect(bert.facts.slice(0, 4)).toEqual([
      { title: '3 samples', detail: 'bert.npz' },
      { title: 'input_ids: 7', detail: 'Values from 0 to 28; the network takes 7 whole numbers' },
      { title: 'attention_mask: 7', detail: 'Values from 0 to 1; the network takes 7 whole numbers' },
      { title: 'token_type_ids: 7', detail: 'Values from 0 to 1; the network takes 7 whole numbers' },
    ]);
    expect(bert.normalisations.map(({ label }) => label)).toEqual(['as they are']);
    expect(bert.samples[0]).toMatchObject({ label: '2' });
    expect(bert.samples[0]!.text).toBeDefined();
    const joined = await previewData(
      { model: place('joined-script.onnx'), data: { data: place('joined.npz') } },
      backend,
      signal,
    );
    expect(joined.facts[1]!.title).toBe('image: 1 × 6 × 6');
    expect(joined.samples[0]!.picture).toMatchObject({ width: 6, height: 6, channels: 1 });
  });

  it('say which data they take', async () => {
    const refused = previewData(
      { model: place('bert-script.onnx'), data: { data: place('table.csv') } },
      backend,
      signal,
    );
    const error: unknown = await refused.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain(
      'holds one array of samples, but the network takes 3 inputs: "input_ids" (7 whole numbers)',
    );
  });
});
