import { covers, type LiteralFinder, type PathLiteral } from './path-literal';

const BLANK = /\s/;
const OPERATORS = ';|&<>()';
/** Before the equals sign of an option or an assignment. */
const OPTION_NAME = /^-{0,2}[A-Za-z_][\w.-]*$/;
/** The one variable whose value is known here; `~` means the same. */
const HOME = /^\$(HOME(?!\w)|\{HOME\})/;
const EXPANSION = /^\$[\w({'"@*#?$!-]/;

/** Words of a shell's command line; of `--model=path` and `MODEL=path`, what follows the equals sign. */
export const shellWords: LiteralFinder = (line, character) => {
  let at = 0;
  while (at < line.length) {
    const first = line.charAt(at);
    if (first === '#') return [];
    if (BLANK.test(first) || OPERATORS.includes(first)) {
      at++;
      continue;
    }
    const word = wordAt(line, at);
    if (covers(word, character)) return word.text === undefined ? [] : [word as PathLiteral];
    at = word.end;
    if (at > character) return [];
  }
  return [];
};

interface Word {
  /** Undefined if a variable or a command decides it. */
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
}

function wordAt(line: string, from: number): Word {
  let start = from;
  let text = '';
  // What a parenthesis ends is the output of a command: the word goes on after it.
  let fixed = line[from - 1] !== ')';
  let hasEquals = false;
  let quote: '"' | "'" | undefined;
  let at = from;
  while (at < line.length) {
    const character = line.charAt(at);
    if (quote === undefined && (BLANK.test(character) || OPERATORS.includes(character))) break;
    if (quote === "'" && character !== "'") text += character;
    else if (character === '\\' && at + 1 < line.length) {
      at++;
      const escaped = line.charAt(at);
      text += quote === undefined || '$`"\\'.includes(escaped) ? escaped : `\\${escaped}`;
    } else if (character === '"' || character === "'") {
      if (quote === undefined) quote = character;
      else if (quote === character) quote = undefined;
      else text += character;
    } else if (character === '`') fixed = false;
    else if (character === '$') {
      const home = HOME.exec(line.slice(at, at + 8))?.[0];
      if (home !== undefined && text === '') {
        text = '~';
        at += home.length - 1;
      } else if (EXPANSION.test(line.slice(at, at + 2))) fixed = false;
      else text += character;
    } else if (character === '=' && quote === undefined && !hasEquals) {
      hasEquals = true;
      const isOption = OPTION_NAME.test(line.slice(from, at));
      if (isOption) start = at + 1;
      text = isOption ? '' : `${text}=`;
    } else text += character;
    at++;
  }
  return { text: fixed && quote === undefined ? text : undefined, start, end: at };
}
