import * as l10n from '@vscode/l10n';

/** A value of the header of an npy file: the literals that `repr` of a NumPy dtype and shape can give. */
export type PythonLiteral =
  string | number | boolean | null | readonly PythonLiteral[] | ReadonlyMap<string, PythonLiteral>;

/** Brackets in brackets: a dict that holds a list of fields of tuples of shapes has 4 levels. */
const MAX_DEPTH = 16;

/** What is wrong with a literal and where, counted in characters from its start. */
export class LiteralError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/**
 * Reads one Python literal: dict with string keys, tuple or list, string, whole number, True, False, None. It is
 * parsed, never evaluated.
 * @throws {LiteralError}
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class LiteralParser {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): PythonLiteral {
    if (depth > MAX_DEPTH) throw this.error(l10n.t('brackets nest too deep'));
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.dict(depth);
      case '(':
        return this.sequence(')', depth);
      case '[':
        return this.sequence(']', depth);
      case "'":
      case '"':
        return this.string();
      default:
        return this.word();
    }
  }

  end(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.error(l10n.t('text after the end'));
  }

  private dict(depth: number): ReadonlyMap<string, PythonLiteral> {
    this.at++;
    const map = new Map<string, PythonLiteral>();
    while (!this.take('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw this.error(l10n.t('a key that is not a string'));
      if (map.has(key)) throw this.error(l10n.t("the key '{0}' twice", key));
      if (!this.take(':')) throw this.error(l10n.t('a key without a colon'));
      map.set(key, this.value(depth + 1));
      if (!this.take(',') && this.peek() !== '}') throw this.error(l10n.t('no comma between entries'));
    }
    return map;
  }

  private sequence(close: string, depth: number): PythonLiteral {
    this.at++;
    const items: PythonLiteral[] = [];
    let commas = 0;
    while (!this.take(close)) {
      items.push(this.value(depth + 1));
      if (this.take(',')) commas++;
      else if (this.peek() !== close) throw this.error(l10n.t('no comma between items'));
    }
    // Python's (3) is the number 3, not a tuple.
    const [only] = items;
    return close === ')' && items.length === 1 && commas === 0 && only !== undefined ? only : items;
  }

  private string(): string {
    const quote = this.text[this.at] ?? '';
    let value = '';
    for (let at = this.at + 1; at < this.text.length; at++) {
      const character = this.text[at] ?? '';
      if (character === quote) {
        this.at = at + 1;
        return value;
      }
      // Field names with escapes occur in structured types only, which are refused: the exact text does not matter.
      if (character === '\\') at++;
      value += this.text[at] ?? '';
    }
    throw this.error(l10n.t('a string without an end'));
  }

  private word(): PythonLiteral {
    // Python 2 wrote long integers with an L.
    const match = /^(?:(-?\d+)L?|True|False|None)(?![\w.])/.exec(this.text.slice(this.at, this.at + 40));
    if (match === null) throw this.error(l10n.t('something that is no literal'));
    this.at += match[0].length;
    if (match[1] !== undefined) return Number(match[1]);
    return match[0] === 'None' ? null : match[0] === 'True';
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private peek(): string | undefined {
    this.skipSpace();
    return this.text[this.at];
  }

  private skipSpace(): void {
    while (/^[ \t\r\n]$/.test(this.text[this.at] ?? '')) this.at++;
  }

  private error(what: string): LiteralError {
    return new LiteralError(what, this.at);
  }
}
