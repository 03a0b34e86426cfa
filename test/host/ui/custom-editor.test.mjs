/** Model files opened with Prunability the ways that VS Code has for it, and what outlives a reload of the window. */

import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { enginePids } from './engine-process.mjs';
import { analyze, openPanel } from './panel.mjs';
import { writeLongFile } from './safetensors-files.mjs';

const EDITOR = 'prunability.checkpoint';
/** One of each kind that the editor offers itself for. */
const OFFERED = [
  'fashion-mnist/epoch3.safetensors',
  'fashion-mnist/epoch3.pt',
  'fashion-mnist/epoch3.npz',
  'weights.bin',
  'language-detection/model.json',
];
/** Large enough that reading it again shows in what the engine has read. */
const LARGE = 'large.safetensors';
const LARGE_GIGABYTES = 1;
/** Of a file whose analysis is known: its header and what was kept, the programs of the engine included. */
const KNOWN_BUDGET_BYTES = 16_000_000;

describe('the custom editor', () => {
  const vscode = useVSCode({
    window: { viewport: { width: 1600, height: 1000 } },
    settings: { 'workbench.editorAssociations': { '*.pth': EDITOR } },
    prepare: async (folder) => {
      for (const name of ['found.pth', 'dropped.pth']) {
        await copyFile(join(folder, 'fashion-mnist', 'epoch2.pt'), join(folder, name));
      }
      await copyFile(join(folder, 'fashion-mnist', 'epoch3.safetensors'), join(folder, 'weights.bin'));
      await writeLongFile(join(folder, LARGE), LARGE_GIGABYTES);
    },
  });

  for (const file of OFFERED) {
    it(`is offered for ${file}`, async () => {
      const { workbench } = vscode;
      await workbench.explorer.open(file);
      await workbench.runCommand('View: Reopen Editor With...');
      await waitFor('the editors that are offered', async () =>
        (await workbench.quickInput.labels()).includes('Prunability'),
      );
      await workbench.quickInput.dismiss();
      await workbench.closeEditors();
    });
  }

  it('replaces the editor of a file when it is chosen', async () => {
    const { workbench } = vscode;
    await workbench.explorer.open('fashion-mnist/epoch3.safetensors');
    await workbench.runCommand('View: Reopen Editor With...');
    await workbench.quickInput.pick('Prunability');
    const panel = await openPanel(workbench, 'epoch3.safetensors');
    await panel.whenComplete();
    assert.deepEqual(await workbench.editorTitles(), ['epoch3.safetensors']);
    await workbench.closeEditors();
  });

  it('shows one analysis on both sides of a split', async () => {
    const { workbench } = vscode;
    const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
    await panel.whenComplete();
    await workbench.runCommand('View: Split Editor Right');
    const frames = await waitFor('two editors', async () => {
      const shown = [];
      for (const frame of workbench.webviewFrames()) {
        if (await frame.locator('answer-section .sentence').isVisible()) shown.push(frame);
      }
      return shown.length === 2 ? shown : undefined;
    });
    const [left, right] = await Promise.all(
      frames.map((frame) => frame.locator('answer-section .sentence').innerText()),
    );
    assert.equal(left, right);
    assert.deepEqual(await workbench.editorTitles(), ['epoch3.pt', 'epoch3.pt']);
    await workbench.closeEditors();
  });

  it('opens files that are found by name or dropped, where it is the default', async () => {
    const { workbench } = vscode;
    const { page, quickInput } = workbench;
    await page.keyboard.press('F1');
    // Without the ">" of commands: a file.
    await quickInput.type('found.pth');
    await quickInput.rows.filter({ hasText: 'found.pth' }).first().click();
    await (await openPanel(workbench, 'found.pth')).whenComplete();

    await workbench.dragToEditors(() => workbench.explorer.reveal('dropped.pth'), 'dropped.pth');
    await (await openPanel(workbench, 'dropped.pth')).whenComplete();
    assert.deepEqual(await workbench.editorTitles(), ['found.pth', 'dropped.pth']);
    await workbench.closeEditors();
  });

  it('comes back after a reload of the window with the chosen layer, and reads nothing again', async () => {
    const { workbench, server } = vscode;
    let panel = await analyze(workbench, LARGE);
    await panel.whenComplete();
    await panel.select('layers.2.weight');
    await panel.stored();
    const facts = await panel.facts();
    const sentence = await panel.sentence();
    const read = await bytesRead(server.pid);
    assert.ok(read > LARGE_GIGABYTES * 2 ** 30, `the engine has read ${read} bytes`);

    await workbench.reload();
    panel = await openPanel(workbench, LARGE);
    await panel.whenComplete();
    assert.equal(await panel.detailName(), 'layers.2.weight');
    assert.equal(await panel.facts(), facts);
    assert.equal(await panel.sentence(), sentence);
    const readSince = await bytesRead(server.pid);
    assert.ok(readSince < KNOWN_BUDGET_BYTES, `the engine has read ${readSince} bytes`);
  });

  it('keeps to the policy of its content', () => {
    vscode.workbench.assertNoPolicyViolations();
    assert.deepEqual(
      vscode.workbench.record.pageErrors.map((error) => error.message),
      [],
    );
  });
});

/**
 * What the engine has read since it was started. The one of a window that was reloaded ends a moment after.
 * @param {number} serverPid
 * @returns {Promise<number>} in bytes
 */
async function bytesRead(serverPid) {
  const pid = await waitFor('one engine', async () => {
    const pids = await enginePids(serverPid);
    return pids.length === 1 ? pids[0] : undefined;
  });
  return Number(/^rchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
