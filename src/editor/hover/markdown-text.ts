import { visibleText } from '../../report/name-text';

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
  return visibleText(cut).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}
