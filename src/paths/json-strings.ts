import { codeLiterals } from './code-literals';
import type { TokenRules } from './code-tokens';
import { unescape, type EscapeRules } from './escapes';
import { slashComment } from './javascript-strings';
import type { LiteralFinder } from './path-literal';

const ESCAPES: EscapeRules = {
  characters: { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
  codes: { u: 4 },
  unknown: 'mistake',
};

const RULES: TokenRules = {
  mark: (line, at, prefix) => (prefix === '' && line[at] === '"' ? '"' : undefined),
  text: (body) => unescape(body, ESCAPES),
  comment: slashComment,
};

/** Strings of JSON, also with comments. */
export const jsonLiterals: LiteralFinder = (line, character) => codeLiterals(line, character, RULES);
