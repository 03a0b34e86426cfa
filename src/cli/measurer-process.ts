import { fork } from 'node:child_process';
import { childPort } from '../protocol/child-port';
import { errorCodec } from '../protocol/error-codec';
import type { MeasurerMethods } from '../protocol/measurement';
import { DisconnectedError, RpcPeer, type NoMethods } from '../protocol/rpc';

/** Programs of networks; samples, weights and Lanczos' vectors are outside of the heap. */
const HEAP_MB = 4096;

/** Runs networks in a process of its own, as the extension does, for as long as `work` takes. */
export async function withMeasurer<T>(
  script: string,
  work: (measurer: RpcPeer<NoMethods, MeasurerMethods>) => Promise<T>,
): Promise<T> {
  const child = fork(script, [], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const measurer = new RpcPeer<NoMethods, MeasurerMethods>(childPort(child), {}, errorCodec);
  child.on('error', (error) => {
    measurer.dispose(new DisconnectedError(`The process that runs networks could not be started: ${error.message}`));
  });
  child.on('exit', (code, signal) => {
    measurer.dispose(
      new DisconnectedError(
        `The process that runs networks ended unexpectedly (${signal ?? `exit code ${code ?? '?'}`})`,
      ),
    );
  });
  try {
    return await work(measurer);
  } finally {
    measurer.dispose();
    child.kill();
  }
}
