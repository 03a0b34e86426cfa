import { codeLiterals } from './code-literals';
import type { TokenRules } from './code-tokens';
import { unescape, type EscapeRules } from './escapes';
import type { JoinRules } from './path-expression';
import type { LiteralFinder } from './path-literal';

const ESCAPES: EscapeRules = {
  characters: { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '0': '\0' },
  codes: { x: 2, u: 4 },
  braces: true,
  unknown: 'character',
};

/** `// …` to the end of the line, and what of a block comment is on it. */
export function slashComment(line: string, at: number): number | undefined {
  if (line.startsWith('//', at)) return line.length;
  if (!line.startsWith('/*', at)) return undefined;
  const close = line.indexOf('*/', at + 2);
  return close < 0 ? line.length : close + 2;
}

const RULES: TokenRules = {
  mark: (line, at, prefix) => {
    const quote = line[at];
    return prefix === '' && quote !== undefined && '"\'`'.includes(quote) ? quote : undefined;
  },
  text: (body, _prefix, mark) => (mark === '`' && body.includes('${') ? undefined : unescape(body, ESCAPES)),
  comment: slashComment,
};

const JOINS: JoinRules = { calls: { join: false, resolve: true }, slash: false, adjacent: false };

/** String literals of JavaScript and TypeScript, with `path.join`, `path.resolve` and sums of literals. */
export const javascriptLiterals: LiteralFinder = (line, character) => codeLiterals(line, character, RULES, JOINS);
