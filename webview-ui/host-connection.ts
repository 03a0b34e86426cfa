import * as l10n from '@vscode/l10n';
import type { PanelHostMethods, PanelViewMethods } from '../src/protocol/panel';
import { errorCodec } from '../src/protocol/error-codec';
import { unpackArrays, type PackedMessage } from '../src/protocol/packed-arrays';
import { RpcPeer, type Port } from '../src/protocol/rpc';
import type { PageSurroundings } from './comparison/comparison-page';
import type { PanelModel, Surroundings } from './model/panel-model';

/** What VS Code gives to a webview, once a page. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** How long the state waits for the next change: dragging changes it with every frame. */
const SAVE_DELAY_MS = 200;

/** The calls that the panel makes. */
export type PanelHost = RpcPeer<PanelViewMethods, PanelHostMethods>;

/** The editor around this page: messages, stored state, frames. */
export class Editor implements Surroundings, PageSurroundings, Port {
  private readonly api = acquireVsCodeApi();
  private unsaved: object | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const flush = (): void => {
      this.flush();
    };
    window.addEventListener('pagehide', flush);
    document.addEventListener('visibilitychange', flush);
  }

  load(): unknown {
    return this.api.getState();
  }

  /** The first change is stored at once, since a webview that is hidden has no time for last words; those that follow closely, together. */
  save(state: object): void {
    this.unsaved = state;
    if (this.timer !== undefined) return;
    this.flush();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, SAVE_DELAY_MS);
  }

  nextFrame(callback: () => void): void {
    requestAnimationFrame(callback);
  }

  now(): number {
    return performance.now();
  }

  post(message: unknown): void {
    this.api.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    const receive = (event: MessageEvent): void => {
      // Anything else that is posted here (browser extensions do) is not for us.
      if (isPacked(event.data)) listener(unpackArrays(event.data));
    };
    window.addEventListener('message', receive);
    return () => {
      window.removeEventListener('message', receive);
    };
  }

  private flush(): void {
    if (this.unsaved !== undefined) this.api.setState(this.unsaved);
    this.unsaved = undefined;
  }
}

function isPacked(data: unknown): data is PackedMessage {
  return typeof data === 'object' && data !== null && 'packed' in data && 'buffer' in data;
}

/** Feeds the model from the extension host, and asks it for what there is. */
export function connectHost(port: Port, model: PanelModel): PanelHost {
  const host: PanelHost = new RpcPeer<PanelViewMethods, PanelHostMethods>(
    port,
    {
      event: (event) => {
        model.apply(event);
        return null;
      },
      status: (status) => {
        model.setStatus(status);
        return null;
      },
      measurement: (state) => {
        model.setMeasurement(state);
        return null;
      },
      reset: (snapshot) => {
        model.load(snapshot);
        return null;
      },
    },
    errorCodec,
  );
  host.call('ready', null).then(
    (snapshot) => {
      model.load(snapshot);
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      model.setStatus({ state: 'failed', message: l10n.t('The panel cannot reach the extension: {0}.', message) });
    },
  );
  return host;
}
