import type { Port } from './rpc';

/** What is used of a `ChildProcess` with a channel: what the webview shares imports nothing of Node. */
interface Child {
  readonly connected: boolean;
  send(message: object): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

/** The channel to a process that this one has forked. */
export function childPort(child: Child): Port {
  return {
    post: (message) => {
      // A process that is just dying has closed its channel; its exit ends the open calls.
      if (child.connected) child.send(message as object);
    },
    onMessage: (listener) => {
      child.on('message', listener);
      return () => child.off('message', listener);
    },
  };
}
