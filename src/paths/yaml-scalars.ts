import { unescape, type EscapeRules } from './escapes';
import { closingMark, covers, type LiteralFinder } from './path-literal';
import { shellWords } from './shell-words';

const ESCAPES: EscapeRules = {
  characters: {
    '"': '"',
    '/': '/',
    '\\': '\\',
    ' ': ' ',
    '\t': '\t',
    '0': '\0',
    a: '\x07',
    b: '\b',
    t: '\t',
    n: '\n',
    v: '\v',
    f: '\f',
    r: '\r',
    e: '\x1b',
    N: '\x85',
    _: '\xa0',
    L: '\u2028',
    P: '\u2029',
  },
  codes: { x: 2, u: 4, U: 8 },
  unknown: 'mistake',
};

/** Characters that part the entries of `[a, b]` and `{a: b}`. */
const FLOW_MARKS = ',[]{}';

/**
 * Scalars of YAML: in quotes, or plain after `key:`, `- ` or inside `[…]`. Of a scalar with blanks also the word, as a
 * shell takes it: pipelines write command lines into YAML.
 */
export const yamlLiterals: LiteralFinder = (line, character) => {
  const scalar = scalarAt(line, character);
  if (scalar?.text === undefined) return [];
  const { text, start, end, raw } = scalar;
  const whole = { text, start, end };
  if (text !== raw || !/\s/.test(text)) return [whole];
  const offset = start + (end - start - raw.length) / 2;
  const words = shellWords(raw, character - offset);
  return [whole, ...words.map((word) => ({ ...word, start: word.start + offset, end: word.end + offset }))];
};

interface Scalar {
  /** Undefined where an escape is a mistake. */
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
  /** As written, without the quotes. */
  readonly raw: string;
}

/** The scalar at a place of the line. */
function scalarAt(line: string, character: number): Scalar | undefined {
  let at = line.startsWith('---') ? 3 : 0;
  let depth = 0;
  while (at < line.length && at <= character) {
    const first = line.charAt(at);
    if (isBlank(first)) at++;
    else if (first === '#' && (at === 0 || isBlank(line[at - 1]))) return undefined;
    else if (isIndicator(line, at, depth > 0)) at++;
    else if (FLOW_MARKS.includes(first)) {
      if (first === '[' || first === '{') depth++;
      else if (first !== ',') depth = Math.max(0, depth - 1);
      at++;
    } else if (first === '|' || first === '>') return undefined;
    else if (first === '&' || first === '!' || first === '*') {
      while (at < line.length && !isBlank(line[at]) && !(depth > 0 && FLOW_MARKS.includes(line.charAt(at)))) at++;
    } else {
      const scalar = first === '"' || first === "'" ? quoted(line, at, first) : plain(line, at, depth > 0);
      if (scalar === undefined || covers(scalar, character)) return scalar;
      at = scalar.end;
    }
  }
  return undefined;
}

/** `- `, `? ` and `: ` say what the next scalar is. */
function isIndicator(line: string, at: number, inFlow: boolean): boolean {
  const [mark, next] = [line.charAt(at), line[at + 1]];
  if (!'-?:'.includes(mark)) return false;
  return isBlank(next) || (mark === ':' && (inFlow || '"\''.includes(line[at - 1] ?? ' ')));
}

function quoted(line: string, start: number, quote: string): Scalar | undefined {
  let close = closingMark(line, start + 1, quote, quote === '"');
  // A single quote is written twice inside of single quotes.
  while (quote === "'" && line[close + 1] === "'") close = closingMark(line, close + 2, quote, false);
  // It ends on another line.
  if (close < 0) return undefined;
  const raw = line.slice(start + 1, close);
  const text = quote === '"' ? unescape(raw, ESCAPES) : raw.replaceAll("''", "'");
  return { text, start, end: close + 1, raw };
}

function plain(line: string, start: number, inFlow: boolean): Scalar {
  let at = start;
  let end = start;
  for (; at < line.length; at++) {
    const character = line.charAt(at);
    const next = line[at + 1];
    if (isBlank(character)) {
      if (next === '#') break;
      continue;
    }
    if (character === ':' && (isBlank(next) || (inFlow && FLOW_MARKS.includes(next ?? ' ')))) break;
    if (inFlow && FLOW_MARKS.includes(character)) break;
    end = at + 1;
  }
  const raw = line.slice(start, end);
  return { text: raw, start, end: Math.max(end, start + 1), raw };
}

/** The end of the line counts as a blank. */
function isBlank(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t';
}
