import '../engine/language';
import { isMainThread, parentPort } from 'node:worker_threads';
import type { DataSettings } from '../data/settings';
import { readSettings, settingsPath } from '../data/settings-file';
import { OutOfMemoryError } from '../formats/errors';
import { isOutOfMemory, outOfMemory } from '../network/out-of-memory';
import { errorCodec } from '../protocol/error-codec';
import type { MeasurerMethods } from '../protocol/measurement';
import { RpcPeer, type NoMethods } from '../protocol/rpc';
import { JobQueue } from '../engine/job-queue';
import { measureModel } from './measure-model';
import { TRIAL, tryPackage } from './package-trial';
import { USUAL_BATCH } from './open-data';
import { previewData } from './preview-data';
import { serveObjectives } from './objective-server';
import { processPort } from '../engine/process-port';
import { resultVersion } from '../engine/result-cache';
import { RunningBackend } from './running-backend';
import { threadPort } from './thread-port';

/** The process that runs networks: TensorFlow.js has one backend and one memory a thread, so there is one job at a time. */
function serveMeasurements(): void {
  const queue = new JobQueue();
  const backend = new RunningBackend(__dirname, __filename);
  /** Results hold no sentences: the language does not matter. */
  const program = resultVersion([__filename], '');

  const peer = new RpcPeer<MeasurerMethods, NoMethods>(
    processPort,
    {
      measure: (request, { signal, report }) =>
        queue.run(() => inMemory(request, () => measureModel(request, backend, report, signal, program)), signal),
      preview: (request, { signal }) =>
        queue.run(() => inMemory(request, () => previewData(request, backend, signal)), signal),
      remembered: async ({ model }) => {
        const settings = await readSettings(settingsPath(model));
        return settings.data === undefined ? undefined : settings;
      },
    },
    errorCodec,
  );

  // Ctrl+C goes to all processes of a terminal: the one that started this one cancels what runs, so that it is kept.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => {
    peer.dispose();
    process.exit(0);
  });
}

/** Wherever the memory was not enough, it is told in the same way: this process cannot go on then. */
async function inMemory<T>({ data }: { readonly data: DataSettings }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutOfMemoryError || !isOutOfMemory(error)) throw error;
    throw outOfMemory(data.batch ?? USUAL_BATCH);
  }
}

/** The bundle is a process, the threads that it starts for their share of the samples, and the process that tries native code for it. */
const [, , task, ...rest] = process.argv;
if (!isMainThread && parentPort !== null) serveObjectives(threadPort(parentPort), __dirname);
else if (task === TRIAL) void tryPackage(...(rest as [backend: string, folder: string]));
else serveMeasurements();
