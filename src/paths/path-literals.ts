import { javascriptLiterals } from './javascript-strings';
import { jsonLiterals } from './json-strings';
import type { LiteralFinder, PathLiteral } from './path-literal';
import { pythonLiterals } from './python-strings';
import { shellWords } from './shell-words';
import { tomlLiterals } from './toml-strings';
import { yamlLiterals } from './yaml-scalars';

/** Longer lines are generated, and are not looked at: nobody reads the paths in them. */
const MAX_LINE_LENGTH = 10_000;

const FINDERS: Readonly<Record<string, LiteralFinder>> = {
  python: pythonLiterals,
  javascript: javascriptLiterals,
  javascriptreact: javascriptLiterals,
  typescript: javascriptLiterals,
  typescriptreact: javascriptLiterals,
  json: jsonLiterals,
  jsonc: jsonLiterals,
  yaml: yamlLiterals,
  toml: tomlLiterals,
  shellscript: shellWords,
};

/** Identifiers of the languages in which paths are found. */
export const PATH_LANGUAGES: readonly string[] = Object.keys(FINDERS);

/**
 * What may be a path at a place of a line, the best reading first: a join of literals before the literal alone. Only
 * literals that begin and end on this line are found.
 * @param character Index into the line, in UTF-16 units.
 */
export function pathLiteralsAt(line: string, character: number, language: string): readonly PathLiteral[] {
  if (line.length > MAX_LINE_LENGTH || !Object.hasOwn(FINDERS, language)) return [];
  return FINDERS[language]?.(line, character) ?? [];
}
