import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** First arguments of all calls of `l10n.t` in a source. */
function translated(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'l10n.t') {
      const [message] = node.arguments;
      if (message === undefined || !ts.isStringLiteral(message)) throw new Error(`${path}: l10n.t needs a literal`);
      found.push(message.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true));
  return found;
}

describe('translations', () => {
  it('the bundle lists every string of the extension host, and no other', () => {
    const sources = ['src/extension.ts', ...readdirSync(join(root, 'src/editor')).map((name) => `src/editor/${name}`)];
    const expected = [...new Set(sources.flatMap(translated))].sort();
    const bundle = JSON.parse(read('l10n/bundle.l10n.json')) as Record<string, string>;
    expect(Object.keys(bundle).sort()).toEqual(expected);
  });

  it('the manifest names no string that package.nls.json lacks, and that has none to spare', () => {
    const used = [...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    expect([...new Set(used)].sort()).toEqual(Object.keys(JSON.parse(read('package.nls.json')) as object).sort());
  });
});
