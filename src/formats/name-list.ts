import * as l10n from '@vscode/l10n';

/** `a, b, c and 12 more`: the names that are shown of `count`. */
export function listed(shown: readonly string[], count: number): string {
  const names = shown.join(', ');
  return count > shown.length ? l10n.t('{0} and {1} more', names, count - shown.length) : names;
}
