import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../../src/formats/errors';
import { childPort } from '../../../src/protocol/child-port';
import { errorCodec } from '../../../src/protocol/error-codec';
import type { MeasurerMethods } from '../../../src/protocol/measurement';
import { DisconnectedError, RpcPeer, type NoMethods } from '../../../src/protocol/rpc';
import type { Measurement } from '../../../src/report/measurement';
import { modelOf } from '../network/onnx/onnx-models';

const root = join(import.meta.dirname, '../../..');

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunability-memory-'));
  model = join(folder, 'wide.onnx');
  const nodes = [
    { operator: 'MatMul', inputs: ['x', 'a'], outputs: ['h'] },
    { operator: 'Tanh', inputs: ['h'], outputs: ['t'] },
    { operator: 'MatMul', inputs: ['t', 'b'] },
  ];
  const constants = { a: { shape: [64, 1000] }, b: { shape: [1000, 10] } };
  await writeFile(model, modelOf({ input: ['n', 64], nodes, constants }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly measurement: Measurement | undefined;
  readonly error: unknown;
}

/** Runs `work` with a process that measures, started with these options of Node.js. */
async function withProcess(
  options: readonly string[],
  work: (measure: (batch: number) => Promise<Ended>) => Promise<void>,
): Promise<void> {
  const child = fork(join(root, 'dist/measurer.js'), [], {
    serialization: 'advanced',
    execArgv: [...options],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const peer = new RpcPeer<NoMethods, MeasurerMethods>(childPort(child), {}, errorCodec);
  child.on('exit', (code, signal) => {
    peer.dispose(new DisconnectedError(`ended: ${signal ?? String(code)}`));
  });
  try {
    await work(async (batch) => {
      let measurement: Measurement | undefined;
      const data = { data: join(root, 'test/fixtures/data/digits.npz'), samples: 1400, batch };
      const controller = new AbortController();
      const error: unknown = await peer
        .call(
          'measure',
          { model, data, backend: 'wasm', places: [], remember: false },
          {
            signal: controller.signal,
            onProgress: (event) => {
              if (event.type === 'measurement') measurement = event.measurement;
            },
          },
        )
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      return { measurement, error };
    });
  } finally {
    peer.dispose();
    child.kill();
  }
}

describe('a measurement for which the memory is not enough', () => {
  it('ends, says what to do, and leaves what it had found', async () => {
    // 32 MB for WebAssembly
    await withProcess(['--wasm-max-mem-pages=512'], async (measure) => {
      const { error, measurement } = await measure(1400);
      expect(error).toBeInstanceOf(OutOfMemoryError);
      expect((error as Error).message).toMatch(/not enough for 1400 samples at a time.*"batch" in \.prunability\.json/);
      expect(measurement).toMatchObject({ complete: false, notes: [expect.stringContaining('Values')] });
      expect(measurement!.sweeps[0]!.points.length).toBeGreaterThan(10);
      expect(measurement!.dense.loss).toBeGreaterThan(0);
    });
  }, 60_000);
});
