import * as l10n from '@vscode/l10n';
import type { ComparisonHostMethods, ComparisonViewMethods } from '../../src/protocol/comparison';
import { errorCodec } from '../../src/protocol/error-codec';
import { RpcPeer, type Port } from '../../src/protocol/rpc';
import type { ComparisonPage } from './comparison-page';

/** The calls that the webview of a comparison makes. */
export type ComparisonHost = RpcPeer<ComparisonViewMethods, ComparisonHostMethods>;

/** Feeds the page from the extension host, and asks it for what there is. */
export function connectComparison(port: Port, page: ComparisonPage): ComparisonHost {
  const host: ComparisonHost = new RpcPeer<ComparisonViewMethods, ComparisonHostMethods>(
    port,
    {
      event: (event) => {
        page.apply(event);
        return null;
      },
      finished: ({ status, report }) => {
        page.setStatus(status, report);
        return null;
      },
      reset: (snapshot) => {
        page.load(snapshot);
        return null;
      },
    },
    errorCodec,
  );
  host.call('ready', null).then(
    (snapshot) => {
      page.load(snapshot);
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      page.setStatus({ state: 'failed', message: l10n.t('This view cannot reach the extension: {0}.', reason) }, null);
    },
  );
  return host;
}
