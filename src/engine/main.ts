import './language';
import { join } from 'node:path';
import { parseRoleSettings } from '../formats/role-settings';
import type { EngineMethods } from '../protocol/engine';
import { errorCodec } from '../protocol/error-codec';
import { RpcPeer, type NoMethods } from '../protocol/rpc';
import { cachedAnalysis } from './cached-analysis';
import { compareModels } from './compare-models';
import { compareRun } from './compare-run';
import { describeModel } from './describe-model';
import { useRoles } from './open-model';
import { JobQueue } from './job-queue';
import { processPort } from './process-port';
import type { Analyze } from './read-model';
import { ResultCache, resultVersion } from './result-cache';
import { threadCount, WorkerPool } from './worker-pool';

/** The engine's process: started by the extension host with an IPC channel, answers until that channel closes. */
const [, program = '', cacheFolder] = process.argv;
if (cacheFolder === undefined) throw new Error('The engine needs a folder for its results');

const workerScript = join(__dirname, 'worker.js');
const pool = new WorkerPool(workerScript, threadCount());
const queue = new JobQueue();
const cache = new ResultCache(cacheFolder, resultVersion([program, workerScript], process.env.PRUNABILITY_L10N ?? ''));

const analyze: Analyze = (path, onEvent, signal) => cachedAnalysis({ path, hash: false }, cache, pool, onEvent, signal);

const peer = new RpcPeer<EngineMethods, NoMethods>(
  processPort,
  {
    analyze: (request, { signal, report }) =>
      queue.run(() => cachedAnalysis(request, cache, pool, report, signal), signal),
    compare: (request, { signal, report }) =>
      queue.run(() => compareModels(request, pool, analyze, report, signal), signal),
    compareRun: (request, { signal, report }) =>
      compareRun(request, pool, analyze, (read) => queue.run(read, signal), report, signal),
    configure: ({ tensorRoles }) => {
      useRoles(parseRoleSettings(tensorRoles).settings);
      return Promise.resolve(null);
    },
    describe: (request, { signal }) => describeModel(request, cache, signal),
  },
  errorCodec,
);

process.on('disconnect', () => {
  peer.dispose();
  process.exit(0);
});
