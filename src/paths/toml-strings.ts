import { unescape, type EscapeRules } from './escapes';
import { closingMark, covers, type LiteralFinder } from './path-literal';

const ESCAPES: EscapeRules = {
  characters: { '"': '"', '\\': '\\', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t' },
  codes: { x: 2, u: 4, U: 8 },
  unknown: 'mistake',
};

/** Basic and literal strings of TOML; keys in quotes are strings too. */
export const tomlLiterals: LiteralFinder = (line, character) => {
  let at = 0;
  while (at < line.length) {
    const quote = line.charAt(at);
    if (quote === '#') return [];
    if (quote !== '"' && quote !== "'") {
      at++;
      continue;
    }
    const triple = quote.repeat(3);
    const mark = line.startsWith(triple, at) ? triple : quote;
    const start = at;
    const body = start + mark.length;
    const close = closingMark(line, body, mark, quote === '"');
    // It ends on another line.
    if (close < 0) return [];
    at = close + mark.length;
    if (!covers({ start, end: at }, character)) continue;
    const raw = line.slice(body, close);
    const text = quote === '"' ? unescape(raw, ESCAPES) : raw;
    return text === undefined ? [] : [{ text, start, end: at }];
  }
  return [];
};
