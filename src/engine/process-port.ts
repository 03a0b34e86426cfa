import type { Port } from '../protocol/rpc';

/** The channel to the process that has forked this one. */
export const processPort: Port = {
  post: (message) => {
    process.send?.(message);
  },
  onMessage: (listener) => {
    process.on('message', listener);
    return () => process.off('message', listener);
  },
};
