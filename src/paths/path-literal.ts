/** A piece of a line that may be a path. */
export interface PathLiteral {
  /** What it says once quotes, escapes and joins are gone. */
  readonly text: string;
  /** Where it stands in the line, with its quotes: UTF-16 units, `end` exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Finds what may be a path at a place of a line, the best reading first; nothing if there is no literal or its text is not fixed. */
export type LiteralFinder = (line: string, character: number) => readonly PathLiteral[];

/** Whether a place of the line is inside the range. */
export function covers({ start, end }: { readonly start: number; readonly end: number }, character: number): boolean {
  return start <= character && character < end;
}

/**
 * Where a quoted text ends: index of the closing mark, or -1 if the line has none.
 * @param from First index after the opening mark.
 * @param escapes Whether a backslash takes the meaning from the character after it.
 */
export function closingMark(line: string, from: number, mark: string, escapes: boolean): number {
  for (let at = from; at < line.length; at++) {
    if (escapes && line[at] === '\\') at++;
    else if (line.startsWith(mark, at)) return at;
  }
  return -1;
}
