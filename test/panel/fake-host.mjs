// Runs in the page before the panel's script: stands in for VS Code and the extension host.
// the texts of limits and warnings are in the page's language, as the engine's are in VS Code's
import '../../webview-ui/texts';
import { RpcPeer } from '../../src/protocol/rpc';
import { errorCodec } from '../../src/protocol/error-codec';
import { packArrays } from '../../src/protocol/packed-arrays';
import { makeScenario } from './scenarios';

const STATE = 'fake-host-state';
const parameters = new URL(window.location.href).searchParams;
const scenario = makeScenario(parameters.get('scenario') ?? 'complete');

/** What the panel has asked for, in order. @type {{ method: string, params: unknown }[]} */
const calls = [];
const listeners = new Set();

const port = {
  // both ways as structured clones, as between a webview and the extension host; from there with packed arrays
  post: (message) => window.postMessage(packArrays(message), window.location.origin),
  onMessage: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** @param {string} method */
const note = (method) => (params) => {
  calls.push({ method, params });
  return null;
};

const peer = new RpcPeer(
  port,
  {
    ready: () => {
      setTimeout(sendLater, 50);
      return scenario.snapshot;
    },
    cancel: note('cancel'),
    restart: note('restart'),
    export: note('export'),
    showLog: note('showLog'),
  },
  errorCodec,
);

async function sendLater() {
  const pause = Number(parameters.get('pause') ?? 30);
  for (const event of scenario.later) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await peer.call('event', event);
  }
  if (scenario.end !== undefined) await peer.call('status', scenario.end);
}

window.acquireVsCodeApi = () => ({
  postMessage: (message) => {
    const copy = window.structuredClone(message);
    setTimeout(() => {
      for (const listener of listeners) listener(copy);
    });
  },
  getState: () => JSON.parse(window.sessionStorage.getItem(STATE) ?? 'null') ?? undefined,
  setState: (state) => window.sessionStorage.setItem(STATE, JSON.stringify(state)),
});
window.fakeHost = { calls, call: (method, params) => peer.call(method, params), scenario };
