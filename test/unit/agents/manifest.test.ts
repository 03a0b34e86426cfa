import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ANALYZE_PRUNABILITY, COMPARE_CHECKPOINTS, DESCRIBE_MODEL } from '../../../src/agents/tool-definitions';

interface ContributedTool {
  readonly name: string;
  readonly modelDescription: string;
  readonly inputSchema: object;
}

it('the manifest contributes the tools as they are defined', () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    readonly contributes: { readonly languageModelTools: readonly ContributedTool[] };
  };
  const contributed = manifest.contributes.languageModelTools.map(({ name, modelDescription, inputSchema }) => ({
    name,
    description: modelDescription,
    inputSchema,
  }));
  const defined = [ANALYZE_PRUNABILITY, COMPARE_CHECKPOINTS, DESCRIBE_MODEL].map(
    ({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema,
    }),
  );
  expect(contributed).toEqual(defined);
});
