import './language';
import { readSettings, settingsPath } from '../data/settings-file';
import { errorCodec } from '../protocol/error-codec';
import type { MeasurerMethods } from '../protocol/measurement';
import { RpcPeer, type NoMethods } from '../protocol/rpc';
import { JobQueue } from './job-queue';
import { measureModel } from './measure-model';
import { previewData } from './preview-data';
import { processPort } from './process-port';
import { resultVersion } from './result-cache';
import { RunningBackend } from './running-backend';

/** The process that runs networks: TensorFlow.js has one backend and one memory a process, so there is one job at a time. */
const queue = new JobQueue();
const backend = new RunningBackend(__dirname);
/** Results hold no sentences: the language does not matter. */
const program = resultVersion([__filename], '');

const peer = new RpcPeer<MeasurerMethods, NoMethods>(
  processPort,
  {
    measure: (request, { signal, report }) =>
      queue.run(() => measureModel(request, backend, report, signal, program), signal),
    preview: (request, { signal }) => queue.run(() => previewData(request, backend, signal), signal),
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
