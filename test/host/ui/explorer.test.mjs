/** Model files in VS Code's explorer: what their tooltips and badges say, and what that costs. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { useVSCode } from '../ui-session.mjs';
import { waitFor } from '../wait.mjs';
import { proofFile, writeBadFiles } from './bad-files.mjs';
import { enginePids } from './engine-process.mjs';
import { analyze } from './panel.mjs';

/** Of a large file: all that hovering may read, the programs of the engine included. */
const HEADER_BUDGET_BYTES = 4_000_000;

describe('models in the explorer', () => {
  const vscode = useVSCode({
    prepare: async (folder) => {
      await writeBadFiles(folder);
      await writeHugeModel(join(folder, 'huge.safetensors'));
      await mkdir(join(folder, 'other'));
      await writeFile(join(folder, 'other', 'settings.json'), '{"weights": [1, 2, 3], "model": "none"}');
      await writeFile(join(folder, 'other', 'noise.bin'), Buffer.alloc(10_000, 7));
      const model = await readFile(join(folder, 'fashion-mnist', 'epoch3.safetensors'));
      await writeFile(join(folder, 'other', 'weights.bin'), model);
    },
  });

  /** @param {string} path @param {RegExp} expected @returns {Promise<{ badge: string, tooltip: string, color: string }>} */
  const decorated = (path, expected) =>
    waitFor(
      `${path} to be decorated with ${expected}`,
      async () => {
        const decoration = await vscode.workbench.explorer.decoration(path);
        return expected.test(decoration.tooltip) ? decoration : undefined;
      },
      { describe: async () => JSON.stringify(await vscode.workbench.explorer.decoration(path)) },
    );

  it('tells by the header what a model is, in a tooltip of two lines', async () => {
    const { tooltip, badge } = await decorated('fashion-mnist/epoch3-bfloat16.safetensors', /parameters/);
    assert.equal(tooltip, 'safetensors · 20.5\u202fK parameters · bfloat16 · 41.1 KB\nNot analyzed yet');
    assert.equal(badge, '');
    assert.match(
      await vscode.workbench.explorer.hover('fashion-mnist/epoch3-bfloat16.safetensors'),
      /20\.5\u202fK parameters/,
    );
  });

  it('adds the predicted limit, in the tooltip and as a badge, once the model has been analyzed', async () => {
    const panel = await analyze(vscode.workbench, 'fashion-mnist/epoch3.pt');
    await panel.whenComplete();
    const [, limit = ''] = /About (\d+)(?:\.\d)? %/.exec(await panel.sentence()) ?? [];
    const { badge, tooltip } = await decorated('fashion-mnist/epoch3.pt', /Predicted limit/);
    assert.equal(badge, limit);
    assert.match(tooltip, new RegExp(`\\nPredicted limit ${limit} % · kurtosis \\d+\\.\\d · analyzed just now$`));
  });

  it('shows no limit of a network that looks untrained', async () => {
    const panel = await analyze(vscode.workbench, 'fashion-mnist/untrained.pt');
    await panel.whenComplete();
    const { badge } = await decorated('fashion-mnist/untrained.pt', /Looks untrained: no limit can be predicted/);
    assert.equal(badge, '');
  });

  it('says why a file from a stranger is not readable', async () => {
    for (const [file, reason] of [
      ['truncated.safetensors', /^Not readable: should end at byte 80336, but the file has 20000 bytes \(byte \d+\)$/],
      ['endless-header.safetensors', /^Not readable: claims a header of 1152921504606846976 bytes/],
      ['pointer.safetensors', /^Not readable: is a Git LFS pointer/],
      ['runs-code.pt', /^Not readable: holds no weights/],
      ['empty.safetensors', /^Not readable: is empty/],
    ]) {
      await decorated(String(file), /** @type {RegExp} */ (reason));
    }
    assert.ok(!existsSync(proofFile(vscode.folder)));
    const log = await vscode.server.logTail(400);
    assert.doesNotMatch(log, /unhandled|TypeError|RangeError/i);
  });

  it('claims nothing of files that only share an extension with models', async () => {
    await decorated('other/weights.bin', /^safetensors · 20\.5\u202fK parameters/);
    for (const file of ['other/settings.json', 'other/noise.bin']) {
      assert.deepEqual((await vscode.workbench.explorer.decoration(file)).tooltip, '', file);
    }
  });

  it('reads of a file of 64 GB no more than its header', async () => {
    await decorated('huge.safetensors', /^safetensors · 17\.2\u202fB parameters · float32 · 64\.0 GB/);
    const [pid] = await enginePids(vscode.server.pid);
    const [, read = ''] = /^rchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8')) ?? [];
    assert.ok(Number(read) < HEADER_BUDGET_BYTES, `the engine has read ${read} bytes`);
  });

  it('can be switched off, and to the tooltip alone', async () => {
    const { workbench } = vscode;
    await workbench.updateSettings({ 'prunability.explorer.decorations': 'header' });
    await waitFor('the badge to go', async () => {
      const { badge, tooltip } = await workbench.explorer.decoration('fashion-mnist/epoch3.pt');
      return badge === '' && /Predicted limit/.test(tooltip);
    });
    await workbench.updateSettings({ 'prunability.explorer.decorations': 'off' });
    await waitFor('the tooltip to go', async () => {
      const { tooltip } = await workbench.explorer.decoration('fashion-mnist/epoch3.pt');
      return tooltip === '';
    });
    await workbench.updateSettings({ 'prunability.explorer.decorations': undefined });
    await decorated('fashion-mnist/epoch3.pt', /Predicted limit/);
  });
});

/** A well-formed model whose values are a hole in the file. @param {string} path @returns {Promise<void>} */
async function writeHugeModel(path) {
  const bytes = 2 ** 36;
  const header = Buffer.from(
    JSON.stringify({ weight: { dtype: 'F32', shape: [2 ** 17, 2 ** 17], data_offsets: [0, bytes] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  try {
    await file.writeFile(Buffer.concat([length, header]));
    await file.truncate(8 + header.length + bytes);
  } finally {
    await file.close();
  }
}
