import { closingMark } from './path-literal';

/** A string literal of a programming language. */
export interface StringToken {
  readonly kind: 'string';
  /** Undefined if it is not known before the program runs. */
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** A piece of a line of code; a `mark` is one character that is no part of a word. */
export type Token =
  StringToken | { readonly kind: 'word' | 'mark'; readonly text: string; readonly start: number; readonly end: number };

/** What a language's strings and comments look like. */
export interface TokenRules {
  /**
   * Opening marks of a string at a place, after the prefix (lower case, mostly empty); the longest is first. Undefined
   * if no string begins there.
   */
  readonly mark: (line: string, at: number, prefix: string) => string | undefined;
  /** The text of a literal from what stands between its marks. */
  readonly text: (body: string, prefix: string, mark: string) => string | undefined;
  /** Where the comment that begins at a place ends; undefined if none does. */
  readonly comment: (line: string, at: number) => number | undefined;
}

const WORD = /[\p{L}\p{N}_$]/u;

/**
 * Splits a line of code. What a string of several lines leaves open is taken for a mark: the line may begin inside of
 * it, and an apostrophe may stand in a text.
 */
export function tokensOf(line: string, rules: TokenRules): readonly Token[] {
  const tokens: Token[] = [];
  // Without this, a line of nothing but opening marks would be searched to its end for each of them.
  const unclosed = new Set<string>();
  let at = 0;
  while (at < line.length) {
    const afterComment = rules.comment(line, at);
    if (afterComment !== undefined) {
      at = afterComment;
      continue;
    }
    const start = at;
    while (at < line.length && WORD.test(line.charAt(at))) at++;
    const word = line.slice(start, at);
    const mark = rules.mark(line, at, word.toLowerCase());
    if (mark !== undefined && !unclosed.has(mark)) {
      const body = at + mark.length;
      const close = closingMark(line, body, mark, true);
      if (close >= 0) {
        const text = rules.text(line.slice(body, close), word.toLowerCase(), mark);
        at = close + mark.length;
        tokens.push({ kind: 'string', text, start, end: at });
        continue;
      }
      unclosed.add(mark);
    }
    if (word !== '') tokens.push({ kind: 'word', text: word, start, end: at });
    else {
      const length = mark?.length ?? 1;
      const text = line.slice(at, at + length);
      if (text.trim() !== '') tokens.push({ kind: 'mark', text, start, end: at + length });
      at += length;
    }
  }
  return tokens;
}
