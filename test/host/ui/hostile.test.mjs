/** Files from strangers: each gets a readable answer at once, nothing of them is executed, and the next file works. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { HTML_NAMES, proofFile, writeBadFiles } from './bad-files.mjs';
import { analyze } from './panel.mjs';

/** From the panel being there to the message. */
const MESSAGE_MS = 1_000;

/** What the panel says, where the fault is (byte offset or tensor, where there is such a place), and what to do. */
const REFUSED = [
  {
    file: 'truncated.safetensors',
    message: 'truncated.safetensors should end at byte 80336, but the file has 20000 bytes.',
    place: /truncated\.safetensors · tensor fc1\.weight · byte \d+$/,
    remedy: /copy or download it again/,
  },
  {
    file: 'endless-header.safetensors',
    message: 'endless-header.safetensors claims a header of 1152921504606846976 bytes; at most 32000000 are read.',
    place: /endless-header\.safetensors · byte 0$/,
    remedy: /copy or download it again/,
  },
  {
    file: 'pointer.safetensors',
    message: 'pointer.safetensors is a Git LFS pointer, not the file itself, which has 548105171 bytes.',
    place: /pointer\.safetensors · byte 0$/,
    remedy: /git lfs pull/,
  },
  {
    file: 'runs-code.pt',
    message: 'runs-code.pt holds no weights.',
    place: /runs-code\.pt$/,
    remedy: /torch\.save\(model\.state_dict\(\)/,
  },
  {
    file: 'empty.safetensors',
    message: 'empty.safetensors is empty.',
    place: /empty\.safetensors · byte 0$/,
    remedy: /Copy or download the file again/,
  },
];

describe('files from strangers', () => {
  const vscode = useVSCode({ prepare: writeBadFiles });

  for (const { file, message, place, remedy } of REFUSED) {
    it(`says what is wrong with ${file}, where, and what to do`, async () => {
      const panel = await analyze(vscode.workbench, file);
      await panel.notice.waitFor({ timeout: MESSAGE_MS });
      assert.equal(await panel.notice.getAttribute('role'), 'alert');
      const [what, where = '', remedyShown = ''] = await panel.locator('run-notice p').allInnerTexts();
      assert.equal(what, message);
      assert.match(where, place);
      assert.match(remedyShown, remedy);
      assert.ok(await panel.button('Try again').isVisible());
    });
  }

  it('says that a file without weights holds nothing to prune', async () => {
    const panel = await analyze(vscode.workbench, 'no-weights.safetensors');
    await panel.locator('answer-section .sentence').waitFor({ timeout: MESSAGE_MS });
    assert.equal(await panel.sentence(), 'This file holds nothing to prune: it has no floating-point weights.');
  });

  it('has run nothing of the pickle', () => {
    assert.ok(!existsSync(proofFile(vscode.folder)));
  });

  it('shows names that look like HTML as text, and makes no element of them', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'html-names.safetensors');
    await panel.whenComplete();
    assert.deepEqual(await panel.rowNames(), HTML_NAMES);
    for (const name of HTML_NAMES) {
      await panel.select(name);
      await waitFor(`the detail of ${name}`, async () => (await panel.detailName()) === name, { timeout: 5_000 });
    }
    await panel.frame.getByRole('tab', { name: 'All layers' }).click();
    await panel.button('Data of Kurtosis by layer').click();
    const table = await panel.dataTable('Kurtosis by layer');
    assert.deepEqual(
      table.map(([name]) => name),
      HTML_NAMES,
    );

    const made = await panel.frame.evaluate(() => {
      /** @param {Element} element @returns {Element[]} in the element and in all shadow trees below it */
      const within = (element) => {
        const trees = [element, ...(element.shadowRoot === null ? [] : [element.shadowRoot])];
        return trees.flatMap((tree) => [...tree.children]).flatMap((child) => [child, ...within(child)]);
      };
      const panel = document.querySelector('prunability-panel');
      const all = panel === null ? [] : within(panel);
      return {
        all: all.length,
        foreign: all.filter((each) => each.matches('img, script, #injected, [onerror]')).length,
      };
    });
    assert.ok(made.all > 100, 'the elements of the panel were looked at');
    assert.equal(made.foreign, 0);
    assert.notEqual(await panel.frame.title(), '1');
    workbench.assertNoPolicyViolations();
  });

  it('goes on with the next file', async () => {
    const panel = await analyze(vscode.workbench, join('fashion-mnist', 'epoch3.pt'));
    await panel.whenComplete();
    assert.match(await panel.sentence(), /^About /);
    // Nothing of the strangers' has reached the editor itself.
    assert.deepEqual(await vscode.workbench.notifications.all(), []);
    assert.deepEqual(
      vscode.workbench.record.pageErrors.map((error) => error.message),
      [],
    );
  });
});
