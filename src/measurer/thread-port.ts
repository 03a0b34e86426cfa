import type { MessagePort, Worker } from 'node:worker_threads';
import type { Port } from '../protocol/rpc';

/** The channel to a thread that this one has started, or to the one that has started this. */
export function threadPort(thread: Worker | MessagePort): Port {
  return {
    post: (message) => {
      thread.postMessage(message);
    },
    onMessage: (listener) => {
      thread.on('message', listener);
      return () => thread.off('message', listener);
    },
  };
}
