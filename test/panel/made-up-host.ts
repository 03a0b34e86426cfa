import * as l10n from '@vscode/l10n';
import type { PageElement } from '../../src/protocol/page-html';
import type { ComparisonScenario } from './comparison-scenarios';
import { messageText } from './message-text';
import type { Scenario } from './scenarios';

/** What the host behind a page says: its answer to `ready`, the events that it sends by itself, and what ends them. */
interface MadeUpHost {
  readonly ready: unknown;
  readonly later: readonly unknown[];
  readonly end?: unknown;
}

/** Makes the hosts of a language's pages, as texts that the page reads with `messageFrom`. */
export type HostMaker = (element: PageElement, scenario: string) => string;

/**
 * Once per copy of this module: the texts of limits and warnings are in the page's language, as the engine's are in VS Code's,
 * and some of them are made when their modules are loaded.
 * @param texts translations by English text
 */
export async function hostMaker(texts: Record<string, string>): Promise<HostMaker> {
  l10n.config({ contents: texts });
  const { makeScenario } = await import('./scenarios');
  const { makeComparison } = await import('./comparison-scenarios');
  const { makeSummary } = await import('./summary-scenarios');
  const makers: Readonly<Record<PageElement, (scenario: string) => MadeUpHost>> = {
    'prunability-panel': (name) => told(makeScenario(name)),
    'prunability-comparison': (name) => told(makeComparison(name)),
    'prunability-summary': (name) => ({ ready: makeSummary(name), later: [] }),
  };
  return (element, scenario) => messageText(makers[element](scenario));
}

function told({ snapshot, ...rest }: Scenario | ComparisonScenario): MadeUpHost {
  return { ready: snapshot, ...rest };
}
