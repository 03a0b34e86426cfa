import { readFileSync } from 'node:fs';
import * as l10n from '@vscode/l10n';

/**
 * Gives `l10n.t` the translations of the display language, whose file the extension host names in the environment, which
 * threads inherit. Imported before everything else, so that texts of constants are translated too.
 */
const path = process.env.PRUNABILITY_L10N ?? '';
if (path !== '') l10n.config({ contents: translations(path) });

/** Without a bundle, or with a damaged one, texts are English: no reason to fail. */
function translations(bundle: string): Record<string, string> {
  try {
    const texts: unknown = JSON.parse(readFileSync(bundle, 'utf8'));
    if (typeof texts !== 'object' || texts === null) return {};
    return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === 'string'));
  } catch {
    return {};
  }
}
