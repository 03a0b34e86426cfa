import './language';
import { join } from 'node:path';
import type { EngineMethods } from '../protocol/analysis';
import { RpcPeer, type NoMethods, type Port } from '../protocol/rpc';
import { analyzeWeights } from './analyze-weights';
import { errorCodec } from '../protocol/error-codec';
import { describeModel } from './describe-model';
import { JobQueue } from './job-queue';
import { threadCount, WorkerPool } from './worker-pool';

/** The engine's process: started by the extension host with an IPC channel, answers until that channel closes. */
const port: Port = {
  post: (message) => {
    process.send?.(message);
  },
  onMessage: (listener) => {
    process.on('message', listener);
    return () => process.off('message', listener);
  },
};

const pool = new WorkerPool(join(__dirname, 'worker.js'), threadCount());
const queue = new JobQueue();

const peer = new RpcPeer<EngineMethods, NoMethods>(
  port,
  {
    analyze: (request, { signal, report }) => queue.run(() => analyzeWeights(request, pool, report, signal), signal),
    describe: (request, { signal }) => describeModel(request, signal),
  },
  errorCodec,
);

process.on('disconnect', () => {
  peer.dispose();
  process.exit(0);
});
