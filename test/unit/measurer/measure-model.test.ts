import { utimesSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureModel } from '../../../src/measurer/measure-model';
import { previewData } from '../../../src/measurer/preview-data';
import { RunningBackend } from '../../../src/measurer/running-backend';
import { CancelledError, FormatError } from '../../../src/formats/errors';
import { landscapeWarnings } from '../../../src/limits/landscape-warnings';
import { lossLandscapeLimit } from '../../../src/limits/loss-landscape';
import { directTestLimit, lastWithinLoss, lastWithinOnePoint } from '../../../src/limits/sweep-thresholds';
import type { MeasurementEvent } from '../../../src/protocol/measurement';
import type { Measurement } from '../../../src/report/measurement';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
const DATA = path.join(FIXTURES, 'data/digits.npz');
const WASM = path.resolve(import.meta.dirname, '../../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out');
const NEVER = new AbortController().signal;

/** The limits that the panel and the command line show. */
function limits({ spectrum, radii, dense, sweeps, directTest }: Measurement) {
  const points = sweeps.find(({ criterion }) => criterion === 'magnitude')!.points;
  return {
    predicted: lossLandscapeLimit(spectrum!.nodes, radii, dense.epsilon)!.prunedFraction,
    withinLoss: lastWithinLoss(points, dense.loss, dense.epsilon)!.prunedFraction,
    withinOnePoint: lastWithinOnePoint(points, dense.accuracy!)!.prunedFraction,
    direct: directTestLimit(directTest, dense.epsilon)!.prunedFraction,
  };
}

describe('a network measured on data', () => {
  let folder: string;
  const backend = new RunningBackend(WASM);
  const model = (name: string): string => path.join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'prunability-measure-'));
    for (const name of ['digits.onnx', 'digits-l1-1e-3.onnx', 'only.weights.h5']) {
      await cp(path.join(FIXTURES, 'network', name), model(name));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (name: string, tell: (event: MeasurementEvent) => void = () => undefined): Promise<Measurement> => {
    const request = { model: model(name), data: { data: DATA }, backend: 'auto', places: [], remember: false } as const;
    return measureModel(request, backend, tell, NEVER);
  };

  /** What a measurement that is to be remembered has written when it begins to tell; it is stopped then. */
  const remembered = async (): Promise<Record<string, unknown>> => {
    const controller = new AbortController();
    const request = {
      model: model('digits.onnx'),
      data: { data: DATA },
      backend: 'auto',
      places: [],
      remember: true,
    } as const;
    const ended = measureModel(
      request,
      backend,
      (event) => {
        if (event.type === 'measurement') controller.abort();
      },
      controller.signal,
    );
    await expect(ended).rejects.toBeInstanceOf(CancelledError);
    return JSON.parse(await readFile(model('.prunability.json'), 'utf8')) as Record<string, unknown>;
  };

  it('that L1 has made sparse loses what the prediction says, to a point and a half', async () => {
    const told: MeasurementEvent[] = [];
    const measurement = await run('digits-l1-1e-3.onnx', (event) => told.push(event));
    expect(measurement).toMatchObject({
      complete: true,
      parameterCount: 6570,
      prunableCount: 6464,
      loss: 'softmax-cross-entropy',
      backend: { name: 'wasm' },
      data: { path: DATA, count: 1400 },
      test: { path: DATA, count: 397 },
    });
    expect(measurement.backend.selfTestError).toBeLessThan(1e-5);
    expect(measurement.dense.accuracy).toBeGreaterThan(0.95);
    const { predicted, withinLoss, withinOnePoint, direct } = limits(measurement);
    expect(Math.abs(predicted - withinLoss)).toBeLessThan(0.015);
    expect(Math.abs(predicted - withinOnePoint)).toBeLessThan(0.015);
    expect(Math.abs(direct - withinLoss)).toBeLessThan(0.015);
    expect(landscapeWarnings(measurement, measurement.dense.epsilon)).toEqual([]);
    // All 6,570 eigenvalues in float64 give this limit at this ε (test/fixtures/network/full-hessian.py).
    const exact = lossLandscapeLimit(measurement.spectrum!.nodes, measurement.radii, 0.004272621008828778)!;
    expect(Math.abs(exact.prunedFraction - 0.9572710977175658)).toBeLessThan(0.002);
    expect(measurement.sweeps.map(({ criterion }) => criterion)).toHaveLength(8);
    expect(measurement.sensitivity.map(({ count }) => count)).toEqual([4096, 2048, 320]);

    const parts = told.flatMap((event) => (event.type === 'measurement' ? [event.measurement] : []));
    expect(parts.at(-1)).toEqual(measurement);
    expect(parts[0]).toMatchObject({ complete: false, sweeps: [], directTest: [] });
    expect(parts.length).toBeGreaterThan(20);
  });

  it('without L1 falls short of the prediction, which is said', async () => {
    const measurement = await run('digits.onnx');
    const { predicted, withinLoss } = limits(measurement);
    expect(predicted - withinLoss).toBeGreaterThan(0.2);
    expect(landscapeWarnings(measurement, measurement.dense.epsilon)[0]).toContain('go by the measured curve');
  });

  it('is shown with what was guessed of the data', async () => {
    const preview = await previewData({ model: model('digits.onnx'), data: { data: DATA } }, backend, NEVER);
    expect(preview.facts.map(({ title }) => title)).toEqual([
      '1,400 samples',
      'Shape 8 × 8',
      'Values from 0 to 16',
      '10 classes',
      '397 samples for the accuracy',
    ]);
    expect(preview.samples).toHaveLength(5);
    expect(preview.samples[0]!.picture).toMatchObject({ width: 8, height: 8, channels: 1 });
  });

  it('is remembered with its data, and needs no further saying', async () => {
    const written = await remembered();
    expect(path.resolve(folder, String(written.data))).toBe(DATA);
    expect(written.normalization).toBeDefined();
    const preview = await previewData({ model: model('digits.onnx'), data: {} }, backend, NEVER);
    expect(preview.normalisations).toHaveLength(1);
    await rm(model('.prunability.json'));
  });

  it('with other data forgets what was said of the former, and keeps what is said of the network', async () => {
    const former = {
      data: 'former.npz',
      test: 'former-test.npz',
      normalization: { scale: 5, mean: [0], std: [1] },
      batch: 64,
      mine: 'kept',
    };
    await writeFile(model('.prunability.json'), JSON.stringify(former));
    const written = await remembered();
    expect(Object.keys(written).sort()).toEqual(['batch', 'data', 'mine', 'normalization']);
    expect(path.resolve(folder, String(written.data))).toBe(DATA);
    expect(written).toMatchObject({ batch: 64, mine: 'kept', normalization: { scale: 1 / 16 } });
    await rm(model('.prunability.json'));
  });

  it('says which files have changed since they were read, and is of what they were', async () => {
    const data = model('changing.npz');
    await cp(DATA, data);
    let changed: Promise<void> | undefined;
    const measured = await measureModel(
      { model: model('digits.onnx'), data: { data, samples: 20 }, backend: 'auto', places: [], remember: false },
      backend,
      (event) => {
        if (event.type === 'measurement') changed ??= writeFile(data, 'something else');
      },
      NEVER,
    );
    await changed;
    expect(measured.complete).toBe(true);
    expect(measured.notes.at(-1)).toBe(`${data} has changed since it was read: what was measured is as it was before.`);
  });

  it('is refused if the model is written while it is read', async () => {
    const file = model('written.onnx');
    await cp(model('digits.onnx'), file);
    let time = 1;
    const writing = setInterval(() => {
      utimesSync(file, time, time++);
    }, 1);
    const request = { model: file, data: { data: DATA }, backend: 'auto', places: [], remember: false } as const;
    try {
      await expect(measureModel(request, backend, () => undefined, NEVER)).rejects.toThrow('changed while it was read');
    } finally {
      clearInterval(writing);
    }
  });

  it.each([
    ['no data', 'digits.onnx', {}, 'comes with no data'],
    ['weights alone', 'only.weights.h5', { data: DATA }, 'not the layers'],
    ['other data', 'digits.onnx', { data: 'iris.csv' }, 'the network takes'],
  ])('is refused with %s', async (_, name, data: { data?: string }, reason) => {
    await writeFile(model('iris.csv'), `a,b,c,d,species\n${'5.1,3.5,1.4,0.2,setosa\n4.9,3,1.4,0.2,other\n'.repeat(5)}`);
    const given = data.data === 'iris.csv' ? { data: model('iris.csv') } : data;
    const request = { model: model(name), data: given, backend: 'auto', places: [], remember: true } as const;
    const error: unknown = await measureModel(request, backend, () => undefined, NEVER).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).detail.reason).toContain(reason);
  });
});
