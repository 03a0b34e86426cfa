import * as l10n from '@vscode/l10n';

/**
 * Characters that do not show, or that change the order in which others show: control characters, zero-width ones,
 * directional marks, embeddings, overrides and isolates, line separators.
 */
const HIDDEN = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/**
 * A tensor's name as it is shown. Names come from files of strangers: what would be invisible, or make a name look like
 * another one, is written as its code point, and a name with blanks at its ends is put into quotes.
 */
export function nameText(name: string): string {
  const visible = visibleText(name);
  return visible === visible.trim() && visible !== '' ? visible : l10n.t('“{0}”', visible);
}

/** A text in which every character shows, in its place: the others are written as their code points. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `‹U+${code}›`;
  });
}
