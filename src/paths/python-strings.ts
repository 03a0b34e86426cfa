import { codeLiterals } from './code-literals';
import type { TokenRules } from './code-tokens';
import { unescape, type EscapeRules } from './escapes';
import type { JoinRules } from './path-expression';
import type { LiteralFinder } from './path-literal';
import { shellWords } from './shell-words';

/** Bytes, formatted, raw, template and Unicode strings, and what can be combined of these. */
const PREFIXES = new Set(['', 'r', 'u', 'b', 'f', 't', 'br', 'rb', 'fr', 'rf', 'tr', 'rt']);

const BYTES: EscapeRules = {
  characters: { '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  codes: { x: 2 },
  octal: true,
  unknown: 'both',
};
const TEXT: EscapeRules = { ...BYTES, codes: { x: 2, u: 4, U: 8 } };

const RULES: TokenRules = {
  mark: (line, at, prefix) => {
    const quote = line[at];
    if ((quote !== '"' && quote !== "'") || !PREFIXES.has(prefix)) return undefined;
    const triple = quote.repeat(3);
    return line.startsWith(triple, at) ? triple : quote;
  },
  text: (body, prefix) => {
    const text = prefix.includes('r') ? body : unescape(body, prefix.includes('b') ? BYTES : TEXT);
    if (!/[ft]/.test(prefix)) return text;
    // A brace that is not doubled begins or ends an expression.
    const outside = body.replaceAll('{{', '').replaceAll('}}', '');
    return /[{}]/.test(outside) ? undefined : text?.replaceAll('{{', '{').replaceAll('}}', '}');
  },
  comment: (line, at) => (line[at] === '#' ? line.length : undefined),
};

const JOINS: JoinRules = {
  calls: {
    join: true,
    joinpath: true,
    Path: true,
    PurePath: true,
    PosixPath: true,
    PurePosixPath: true,
    WindowsPath: true,
    PureWindowsPath: true,
  },
  slash: true,
  adjacent: true,
};

/** String literals of Python, with `os.path.join`, `pathlib` and sums of literals; in notebooks, the words of `!` and `%` lines. */
export const pythonLiterals: LiteralFinder = (line, character) =>
  /^\s*[!%]/.test(line) ? shellWords(line, character) : codeLiterals(line, character, RULES, JOINS);
