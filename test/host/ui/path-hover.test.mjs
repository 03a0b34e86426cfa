/** The card over a path in source code: what it links to, and that a file's name stays a text. */

import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { hoverLine } from './source-hover.mjs';

/** Everything that Markdown, HTML, icons, links and bidirectional text could be made of. */
const HOSTILE = [
  'a](command:evil) ![x](data:evil) <img src=x onerror=alert(1)> **b** _c_ | $(zap)',
  '&lt; www.evil.com e@evil.com `d` ~~e~~ # \u202etp.pt',
].join(' ');

/** As Python, and without characters that VS Code warns of. */
const PROGRAM = [
  'plain = "fashion-mnist/epoch1.pt"',
  `hostile = ${JSON.stringify(HOSTILE).replace('\u202e', '\\u202e')}`,
  '',
].join('\n');

describe('the hover over a path', () => {
  const vscode = useVSCode({
    prepare: async (folder) => {
      await writeFile(join(folder, 'load.py'), PROGRAM);
      await copyFile(join(folder, 'fashion-mnist', 'epoch1.pt'), join(folder, HOSTILE));
    },
  });

  it('shows the name of a stranger as it is, and links to nothing but our commands', async () => {
    const { workbench } = vscode;
    await workbench.explorer.open('load.py');
    const card = await hoverLine(workbench, 'hostile');
    assert.equal(await card.locator('strong').first().innerText(), HOSTILE.replace('\u202e', '‹U+202E›'));
    const links = await card.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('data-href') ?? ''));
    assert.deepEqual(
      links.map((link) => link.split('?')[0]),
      ['command:prunability.analyze', 'command:prunability.compareWith', 'command:revealInExplorer'],
    );
    assert.equal(await card.locator('img').count(), 0);
    assert.equal(await card.locator('em, code, del, h1, table, .codicon-zap').count(), 0);
  });

  it('leads to the analysis', async () => {
    const { workbench } = vscode;
    await workbench.explorer.open('load.py');
    const card = await hoverLine(workbench, 'plain');
    await card.getByText('Analyze', { exact: true }).click();
    await waitFor('the panel', async () => (await workbench.editorTitles()).includes('epoch1.pt'));
  });
});
