/** What follows a backslash in the strings of a language. */
export interface EscapeRules {
  /** Characters that stand for another one. */
  readonly characters: Readonly<Record<string, string>>;
  /** Letters that a code point follows, with the number of its hexadecimal digits. */
  readonly codes: Readonly<Record<string, number>>;
  /** Whether one to three octal digits are a code point. */
  readonly octal?: boolean;
  /** Whether `\u{…}` holds a code point of any length. */
  readonly braces?: boolean;
  /** What an escape is that the language does not know: both characters, the second one, or a mistake. */
  readonly unknown: 'both' | 'character' | 'mistake';
}

const MAX_CODE_POINT = 0x10ffff;

/** The text of a string's body; undefined where an escape is a mistake. */
export function unescape(body: string, rules: EscapeRules): string | undefined {
  let text = '';
  let at = 0;
  for (;;) {
    const backslash = body.indexOf('\\', at);
    if (backslash < 0) return text + body.slice(at);
    const escape = escapeAt(body, backslash + 1, rules);
    if (escape === undefined) return undefined;
    text += body.slice(at, backslash) + escape.text;
    at = escape.end;
  }
}

interface Escape {
  readonly text: string;
  readonly end: number;
}

/** @param at Index of the character after the backslash. */
function escapeAt(body: string, at: number, rules: EscapeRules): Escape | undefined {
  const letter = body[at];
  if (letter === undefined) return undefined;
  const character = rules.characters[letter];
  if (character !== undefined) return { text: character, end: at + 1 };
  const digits = digitsAt(body, at, letter, rules);
  if (digits !== undefined) {
    const code = Number.parseInt(digits.text, digits.base);
    return code > MAX_CODE_POINT ? undefined : { text: String.fromCodePoint(code), end: digits.end };
  }
  if (rules.unknown === 'mistake' || rules.codes[letter] !== undefined) return undefined;
  return { text: rules.unknown === 'both' ? `\\${letter}` : letter, end: at + 1 };
}

function digitsAt(
  body: string,
  at: number,
  letter: string,
  rules: EscapeRules,
): (Escape & { readonly base: 8 | 16 }) | undefined {
  if (rules.octal === true) {
    const octal = /^[0-7]{1,3}/.exec(body.slice(at, at + 3))?.[0];
    if (octal !== undefined) return { text: octal, base: 8, end: at + octal.length };
  }
  if (rules.braces === true && letter === 'u' && body[at + 1] === '{') {
    const code = /^[\da-f]{1,6}(?=\})/i.exec(body.slice(at + 2, at + 9))?.[0];
    return code === undefined ? undefined : { text: code, base: 16, end: at + code.length + 3 };
  }
  const length = rules.codes[letter];
  if (length === undefined) return undefined;
  const code = body.slice(at + 1, at + 1 + length);
  return code.length === length && /^[\da-f]+$/i.test(code)
    ? { text: code, base: 16, end: at + 1 + length }
    : undefined;
}
