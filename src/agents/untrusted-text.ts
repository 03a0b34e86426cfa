/**
 * Characters that a reader of the text does not see, or that change how it reads the rest: control and format characters
 * (directional marks, zero-width ones, the tags in which invisible instructions can be written), private ones, lone
 * surrogates, line separators and variation selectors.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Variation_Selector}\u2028\u2029]/gu;

/** Tensors' names: those of real networks have up to some 110 characters. */
export const MAX_NAME_LENGTH = 120;

/** Paths, and sentences that quote names. */
export const MAX_TEXT_LENGTH = 600;

/**
 * Text that came with a file, as it may be given to a language model: on one line, nothing hidden, not long. What is
 * replaced or left out stays visible as `\uFFFD` or `…`. The words remain a stranger's words: the tools' descriptions say so.
 */
export function untrustedText(text: string, maxLength: number): string {
  // Cut before replacing: a name may be as long as a header.
  const shown = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  return shown.replace(HIDDEN, '\uFFFD');
}
