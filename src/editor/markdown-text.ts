/**
 * Characters that do not show, or that change the order in which others show: control characters, zero-width ones,
 * directional marks, embeddings, overrides and isolates, line separators.
 */
const HIDDEN = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** Longer texts are cut: a card has little room, and VS Code cuts Markdown at 100,000 characters, links and all. */
const MAX_LENGTH = 400;

/**
 * A text of a stranger (a file's name, a tensor's, a message that quotes one) for Markdown, where it stays the text that
 * it is: each ASCII character that is no letter, digit or space becomes a reference, of which nothing is made, neither
 * markup nor a link, an icon or HTML; what would not show is written as its code point.
 */
export function markdownText(value: string): string {
  const characters = Array.from(value.slice(0, 2 * (MAX_LENGTH + 1)));
  const cut = characters.length > MAX_LENGTH ? `${characters.slice(0, MAX_LENGTH - 1).join('')}…` : characters.join('');
  return cut
    .replace(
      HIDDEN,
      (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
    )
    .replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}
