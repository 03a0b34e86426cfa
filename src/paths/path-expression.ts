import type { StringToken, Token } from './code-tokens';
import type { PathLiteral } from './path-literal';

/** How a language makes one path of several strings. */
export interface JoinRules {
  /** Functions that join their arguments; true if an absolute argument makes those before it void. */
  readonly calls: Readonly<Record<string, boolean>>;
  /** Whether `/` joins. */
  readonly slash: boolean;
  /** Whether strings that follow each other are one. */
  readonly adjacent: boolean;
}

/** A string, or a join of strings, by the tokens it is made of: `first` to `last`, both included. */
interface Operand {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/**
 * The path expression that a literal is part of: a call that joins, a chain of `/`, a sum. Where only the end of it is
 * of literals (`join(ROOT, "runs", "best.pt")`), that end. Undefined if there is none, or its text is not fixed.
 */
export function expressionAround(tokens: readonly Token[], index: number, rules: JoinRules): PathLiteral | undefined {
  // From the left, so that the outermost is found first.
  for (let first = 0; first <= index; first++) {
    const operand = expressionAt(tokens, first, rules);
    if (operand === undefined || operand.first > index || operand.last < index) continue;
    const [start, end] = [tokens[operand.first]?.start, tokens[operand.last]?.end];
    if (start !== undefined && end !== undefined) return { text: operand.text, start, end };
  }
  return undefined;
}

function expressionAt(tokens: readonly Token[], at: number, rules: JoinRules): Operand | undefined {
  let operand = callAt(tokens, at, rules) ?? sumAt(tokens, at, rules);
  if (!rules.slash || !(isCall(tokens, at, rules) || isMark(tokens, at - 1, '/'))) return operand;
  while (operand !== undefined) {
    const next: number = operand.last + 1;
    const part: Operand | undefined = isMark(tokens, next, '/')
      ? sumAt(tokens, next + 1, rules)
      : isMark(tokens, next, '.')
        ? callAt(tokens, next + 1, rules)
        : undefined;
    if (part === undefined) break;
    operand = { text: joined([operand.text, part.text], true), first: operand.first, last: part.last };
  }
  return operand;
}

function isCall(tokens: readonly Token[], at: number, rules: JoinRules): boolean {
  const name = tokens[at];
  return name?.kind === 'word' && Object.hasOwn(rules.calls, name.text) && isMark(tokens, at + 1, '(');
}

function isMark(tokens: readonly Token[], at: number, text: string): boolean {
  return tokens[at]?.kind === 'mark' && tokens[at].text === text;
}

/** `join("a", "b")`: the literals after the last argument that is none. */
function callAt(tokens: readonly Token[], at: number, rules: JoinRules): Operand | undefined {
  const name = tokens[at]?.text;
  if (name === undefined || !isCall(tokens, at, rules)) return undefined;
  let parts: Operand[] = [];
  let first = at;
  let next = at + 2;
  for (;;) {
    const part = sumAt(tokens, next, rules);
    const end = part === undefined ? argumentEnd(tokens, next) : part.last + 1;
    const isLast = isMark(tokens, end, ')');
    if (!isLast && !isMark(tokens, end, ',')) return undefined;
    if (part !== undefined) {
      if (parts.length === 0 && first !== at) first = part.first;
      parts.push(part);
    } else if (end > next) {
      parts = [];
      // no longer the whole call
      first = end;
    }
    if (isLast) {
      const last = first === at ? end : (parts.at(-1)?.last ?? end);
      const text = joined(
        parts.map((operand) => operand.text),
        rules.calls[name] === true,
      );
      return parts.length === 0 ? undefined : { text, first, last };
    }
    next = end + 1;
  }
}

/** Index of the comma or parenthesis after an argument of any kind. */
function argumentEnd(tokens: readonly Token[], from: number): number {
  let depth = 0;
  let at = from;
  for (; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind !== 'mark') continue;
    if (depth === 0 && (token.text === ',' || token.text === ')')) break;
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
  }
  return at;
}

/** `"a" + "b"`, or one literal. Undefined if something else is added to it. */
function sumAt(tokens: readonly Token[], at: number, rules: JoinRules): Operand | undefined {
  let token = stringAt(tokens, at);
  if (token?.text === undefined || isMark(tokens, at - 1, '+')) return undefined;
  let { text } = token;
  let last = at;
  for (;;) {
    const next = isMark(tokens, last + 1, '+') ? last + 2 : rules.adjacent ? last + 1 : undefined;
    token = next === undefined ? undefined : stringAt(tokens, next);
    if (token === undefined || next === undefined) break;
    if (token.text === undefined) return undefined;
    text += token.text;
    last = next;
  }
  return isMark(tokens, last + 1, '+') ? undefined : { text, first: at, last };
}

function stringAt(tokens: readonly Token[], at: number): StringToken | undefined {
  const token = tokens[at];
  return token?.kind === 'string' ? token : undefined;
}

function joined(parts: readonly string[], absoluteWins: boolean): string {
  return parts.reduce((path, part) => {
    if (path === '' || (absoluteWins && /^([/\\]|[a-z]:)/i.test(part))) return part;
    return /[/\\]$/.test(path) ? path + part.replace(/^[/\\]+/, '') : `${path}/${part.replace(/^[/\\]+/, '')}`;
  }, '');
}
