import { pathLiteralsAt } from '../../../src/paths/path-literals';

/** The literals under `¦`, each as its text and the piece of the line that it covers. */
export function literalsIn(language: string, marked: string): { texts: string[]; covered: string[] } {
  const character = marked.indexOf('¦');
  if (character < 0) throw new Error(`No place is marked in ${marked}`);
  const line = marked.replace('¦', '');
  const literals = pathLiteralsAt(line, character, language);
  return {
    texts: literals.map(({ text }) => text),
    covered: literals.map(({ start, end }) => line.slice(start, end)),
  };
}
