import * as l10n from '@vscode/l10n';

/**
 * Gives `l10n.t` the translations that the page carries. Imported before everything else, so that texts of constants are
 * translated too.
 */
const data = document.getElementById('texts')?.textContent ?? '{}';
l10n.config({ contents: JSON.parse(data) as Record<string, string> });
