import * as l10n from '@vscode/l10n';

/** Why a network is refused that does not give one thing. @param names of its outputs */
export function severalOutputs(names: readonly string[]): string {
  return l10n.t('has the outputs {0}; networks with one can be run', names.slice(0, 4).join(', ').slice(0, 200));
}
