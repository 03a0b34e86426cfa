/**
 * Figures in a translated sentence stand out, wherever the translation puts them: they are given to `l10n.t` between two
 * control characters that no text contains, and the sentence is cut at these afterwards.
 */
const BEGIN = '\u0002';
const END = '\u0003';

/** Marks a figure that goes into a sentence. */
export function figure(text: string): string {
  return `${BEGIN}${text}${END}`;
}

export interface SentencePart {
  readonly text: string;
  readonly isFigure: boolean;
}

/** The sentence's words and figures, in order. */
export function emphasisedParts(sentence: string): readonly SentencePart[] {
  return sentence
    .split(BEGIN)
    .flatMap((piece, i): readonly SentencePart[] => {
      if (i === 0) return [{ text: piece, isFigure: false }];
      const [marked = '', rest = ''] = piece.split(END);
      return [
        { text: marked, isFigure: true },
        { text: rest, isFigure: false },
      ];
    })
    .filter(({ text }) => text !== '');
}

/** The sentence without marks: for labels. */
export function plainSentence(sentence: string): string {
  return emphasisedParts(sentence)
    .map(({ text }) => text)
    .join('');
}
