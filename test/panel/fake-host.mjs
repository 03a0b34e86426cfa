// Runs in the page before the webview's script, after one that says what the host knows (`madeUpHost`): stands in for VS Code
// and the extension host.
import { RpcPeer } from '../../src/protocol/rpc';
import { errorCodec } from '../../src/protocol/error-codec';
import { packArrays } from '../../src/protocol/packed-arrays';
import { messageFrom } from './message-text';

const STATE = 'fake-host-state';
const parameters = new URL(window.location.href).searchParams;
const element = parameters.get('element') ?? 'prunability-panel';
const pause = Number(parameters.get('pause') ?? 30);

/** What the page has asked for, in order. @type {{ method: string, params: unknown }[]} */
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

/** @param {readonly string[]} methods */
const notes = (methods) => Object.fromEntries(methods.map((method) => [method, note(method)]));

/** What the host behind each element can be asked for, and how it tells of the end. */
const HOSTS = {
  'prunability-panel': {
    methods: ['cancel', 'restart', 'export', 'showLog', 'measure', 'continueMeasurement', 'cancelMeasurement'],
    ended: 'status',
  },
  'prunability-comparison': {
    methods: ['cancel', 'restart', 'swap', 'open', 'compare', 'export', 'showLog'],
    ended: 'finished',
  },
  'prunability-summary': { methods: ['analyze', 'cancel', 'open', 'compare'], ended: undefined },
};

const { methods, ended } = HOSTS[element];
const { ready, later, end } = messageFrom(window.madeUpHost);

const peer = new RpcPeer(
  port,
  {
    ...notes(methods),
    ready: () => {
      setTimeout(sendLater, 50);
      return ready;
    },
  },
  errorCodec,
);

async function sendLater() {
  for (const event of later) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await peer.call('event', event);
  }
  if (end !== undefined) await peer.call(ended, end);
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
window.fakeHost = { calls, call: (method, params) => peer.call(method, params), ready };
