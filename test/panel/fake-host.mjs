// Runs in the page before the webview's script: stands in for VS Code and the extension host.
// the texts of limits and warnings are in the page's language, as the engine's are in VS Code's
import '../../webview-ui/texts';
import { RpcPeer } from '../../src/protocol/rpc';
import { errorCodec } from '../../src/protocol/error-codec';
import { packArrays } from '../../src/protocol/packed-arrays';
import { makeComparison } from './comparison-scenarios';
import { makeScenario } from './scenarios';
import { makeSummary } from './summary-scenarios';

const STATE = 'fake-host-state';
const parameters = new URL(window.location.href).searchParams;
const element = parameters.get('element') ?? 'prunability-panel';
const name = parameters.get('scenario') ?? 'complete';
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

/** The answers of the host that stands behind each element, and what it sends by itself. */
const HOSTS = {
  'prunability-panel': () => {
    const scenario = makeScenario(name);
    return {
      scenario,
      methods: ['cancel', 'restart', 'export', 'showLog', 'measure', 'continueMeasurement', 'cancelMeasurement'],
      ready: scenario.snapshot,
      finish: async () => {
        if (scenario.end !== undefined) await peer.call('status', scenario.end);
      },
    };
  },
  'prunability-comparison': () => {
    const scenario = makeComparison(name);
    return {
      scenario,
      methods: ['cancel', 'restart', 'swap', 'open', 'compare', 'export', 'showLog'],
      ready: scenario.snapshot,
      finish: async () => {
        if (scenario.end !== undefined) await peer.call('finished', scenario.end);
      },
    };
  },
  'prunability-summary': () => ({
    scenario: { later: [] },
    methods: ['analyze', 'cancel', 'open', 'compare'],
    ready: makeSummary(name),
    finish: async () => undefined,
  }),
};

const { scenario, methods, ready, finish } = HOSTS[element]();

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
  for (const event of scenario.later) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await peer.call('event', event);
  }
  await finish();
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
