import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
  };
}

const TESTS = ['test/host/suite', 'test/host/ui'];

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const texts = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;
const sources = TESTS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.test\.(ts|mjs)$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8')),
);

/** What a test calls a command by: its identifier, or what the palette shows. */
function names(command: Manifest['contributes']['commands'][number]): readonly string[] {
  const title = texts[command.title.replaceAll('%', '')] ?? '';
  return [`'${command.command}'`, `'${command.category}: ${title}'`];
}

describe('every command has a test in a real VS Code', () => {
  it.each(manifest.contributes.commands)('$command', (command) => {
    const found = names(command).some((name) => sources.some((source) => source.includes(name)));
    expect(found, `${names(command).join(' or ')} in ${TESTS.join(' or ')}`).toBe(true);
  });
});
