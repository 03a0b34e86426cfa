import * as l10n from '@vscode/l10n';
import { errorCodec } from '../../src/protocol/error-codec';
import { RpcPeer, type Port } from '../../src/protocol/rpc';
import type { SummaryHostMethods, SummaryState, SummaryViewMethods } from '../../src/protocol/summary';

/** The calls that the compact view makes. */
export type SummaryHost = RpcPeer<SummaryViewMethods, SummaryHostMethods>;

/** What the element takes: the host that it asks, what it shows, or why there is nothing. */
export interface SummaryView {
  host: SummaryHost | undefined;
  shown: SummaryState | undefined;
  failure: string | undefined;
}

/** Lets the extension host say what is shown. */
export function connectSummary(port: Port, view: SummaryView): void {
  const host: SummaryHost = new RpcPeer<SummaryViewMethods, SummaryHostMethods>(
    port,
    {
      show: (state) => {
        view.shown = state;
        return null;
      },
    },
    errorCodec,
  );
  view.host = host;
  host.call('ready', null).then(
    (state) => {
      view.shown = state;
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      view.failure = l10n.t('This view cannot reach the extension: {0}.', reason);
    },
  );
}
