/** What a person waits for: the activation as VS Code reports it, and the first layer after the command. */

import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { before, describe, it } from 'mocha';
import { useVSCode } from '../test/host/ui-session.mjs';
import { waitFor } from '../test/host/wait.mjs';
import { writeLongFile } from '../test/host/ui/safetensors-files.mjs';
import { analyze, chooseModelFile, openPanel } from '../test/host/ui/panel.mjs';

const ACTIVATION_MS = 20;
const FIRST_LAYER_MS = 1_000;
const CANCEL_MS = 200;
/**
 * The figures are a wall clock's: on a machine that does other work they say how long a process had to wait for its turn.
 * The least of a few tries, each in a new window with a new extension host, is what the thing itself takes.
 */
const TRIES = 3;
const FOUR_GB = 'four-gigabytes.safetensors';
/** Long enough to be stopped on every machine. */
const ENDLESS = 'sixty-four-gigabytes.safetensors';
const SAMPLES = ['fashion-mnist/epoch3.pt', 'language-detection/model.json'];

describe('budgets', () => {
  const vscode = useVSCode({
    prepare: async (folder) => {
      await writeLongFile(join(folder, FOUR_GB), 4);
      await writeLongFile(join(folder, ENDLESS), 64);
    },
    window: { beforeOpening: (page) => page.addInitScript(clock) },
  });

  before('warms up webviews', async () => {
    const { workbench } = vscode;
    // In a browser, VS Code's first webview installs a service worker, and its second one waits seconds for an update of
    // it, whatever they show: two previews of its own take that upon them.
    for (let i = 0; i < 2; i++) {
      await workbench.explorer.open('README.md');
      await workbench.runCommand('Markdown: Open Preview');
      await workbench.panelFrame('h1');
      await workbench.closeEditors();
    }
  });

  it(`shows the first layer of a file of 4 GB in less than ${FIRST_LAYER_MS} ms, in a window where the extension has not run`, async () => {
    await assertLeast(vscode.workbench, FIRST_LAYER_MS, () => firstLayer(vscode.workbench, FOUR_GB));
  });

  for (const file of [FOUR_GB, ...SAMPLES]) {
    it(`shows the first layer of ${file} in less than ${FIRST_LAYER_MS} ms once the extension has run`, async () => {
      await assertLeast(vscode.workbench, FIRST_LAYER_MS, () => firstLayer(vscode.workbench, file));
    });
  }

  it(`stops reading in less than ${CANCEL_MS} ms`, async () => {
    await assertLeast(vscode.workbench, CANCEL_MS, () => cancellation(vscode.workbench, ENDLESS));
  });

  it(`is activated in less than ${ACTIVATION_MS} ms`, async () => {
    const { workbench } = vscode;
    await workbench.reload();
    await assertLeast(workbench, ACTIVATION_MS, async () => {
      await whenOthersAreActive(workbench);
      const panel = await analyze(workbench, 'fashion-mnist/epoch1.pt');
      await panel.whenComplete();
      return reportedActivation(workbench);
    });
  });
});

/**
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @param {number} budget in milliseconds
 * @param {() => Promise<number>} measure
 * @returns {Promise<void>} if one try stays under the budget
 */
async function assertLeast(workbench, budget, measure) {
  const measured = [];
  while (measured.length < TRIES && !(Math.min(...measured) < budget)) {
    if (measured.length > 0) {
      await workbench.reload();
    }
    measured.push(await measure());
    await workbench.closeEditors();
  }
  const figures = `${measured.join(' ms, then ')} ms`;
  console.log(`      ${figures}`);
  assert.ok(Math.min(...measured) < budget, figures);
}

/**
 * Runs in every frame of the window: notes when Enter was pressed, and when a row of the layer table had a number that
 * only the file's values can give.
 */
function clock() {
  Object.assign(window, { enterAt: undefined, firstLayerAt: undefined });
  window.addEventListener(
    'keydown',
    ({ key }) => {
      if (key === 'Enter') {
        Object.assign(window, { enterAt: Date.now() });
      }
    },
    { capture: true },
  );
  const look = () => {
    const table = document.querySelector('prunability-panel')?.shadowRoot?.querySelector('layer-table')?.shadowRoot;
    const heads = [...(table?.querySelectorAll('[role=columnheader]') ?? [])];
    const kurtosis = heads.findIndex((head) => /Kurtosis/.test(head.textContent ?? ''));
    const rows = [...(table?.querySelectorAll('.body [role=row]') ?? [])];
    if (rows.some((row) => /\d/.test(row.children[kurtosis]?.textContent ?? ''))) {
      Object.assign(window, { firstLayerAt: Date.now() });
    } else if (table) {
      requestAnimationFrame(look);
    } else {
      // VS Code writes the panel into a document that is there already, which ends its frames' callbacks but not its timers.
      setTimeout(look, 4);
    }
  };
  look();
}

/**
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @param {string} file
 * @returns {Promise<number>} milliseconds from Enter on the file to the first frame that shows a layer's numbers
 */
async function firstLayer(workbench, file) {
  await chooseModelFile(workbench, file);
  await workbench.page.keyboard.press('Enter');
  const panel = await openPanel(workbench, basename(file));
  /** @returns {Promise<number | undefined>} */
  const shown = () => panel.frame.evaluate(() => /** @type {any} */ (window).firstLayerAt);
  const shownAt = await waitFor('the first layer', shown);
  const pressedAt = await workbench.page.evaluate(() => /** @type {any} */ (window).enterAt);
  assert.ok(typeof pressedAt === 'number');
  return shownAt - pressedAt;
}

/**
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @param {string} file
 * @returns {Promise<number>} milliseconds from a click on Cancel to the frame that no longer offers it
 */
async function cancellation(workbench, file) {
  const panel = await analyze(workbench, file);
  await waitFor('a layer', async () => (await panel.readRows()) > 0);
  return panel.button('Cancel').evaluate((/** @type {HTMLElement} */ button) => {
    const clickedAt = performance.now();
    button.click();
    return new Promise((resolve) => {
      const look = () =>
        button.isConnected ? requestAnimationFrame(look) : resolve(Math.round(performance.now() - clickedAt));
      look();
    });
  });
}

/**
 * The extensions that VS Code lists as running, each with what it says of its activation.
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @param {(extensions: Map<string, string>) => string | undefined} read the answer, or undefined to look again
 * @returns {Promise<string>}
 */
async function runningExtensions(workbench, read) {
  await workbench.runCommand('Developer: Show Running Extensions');
  const rows = workbench.page.locator('.runtime-extensions-editor .monaco-list-row');
  const answer = await waitFor('the list of running extensions', async () => {
    const pairs = await rows.evaluateAll((all) =>
      all.map(
        (row) =>
          /** @type {const} */ ([
            row.querySelector('.name')?.textContent ?? '',
            row.querySelector('.activation-time')?.textContent ?? '',
          ]),
      ),
    );
    return pairs.length === 0 ? undefined : read(new Map(pairs));
  });
  // The list opens as a dialog over the window.
  await workbench.page.keyboard.press('Escape');
  await rows.first().waitFor({ state: 'hidden', timeout: 5_000 });
  return answer;
}

/**
 * VS Code's own extensions start a moment after the window, a dozen in the one thread that ours is to start in.
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @returns {Promise<void>} once they have
 */
async function whenOthersAreActive(workbench) {
  let last = '';
  let looks = 0;
  await runningExtensions(workbench, (extensions) => {
    const now = [...extensions].join('\n');
    looks = now === last && !/Activating/.test(now) ? looks + 1 : 0;
    last = now;
    return looks >= 10 ? now : undefined;
  });
}

/**
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @returns {Promise<number>} milliseconds of our activation, as VS Code lists it
 */
async function reportedActivation(workbench) {
  const text = await runningExtensions(workbench, (extensions) => extensions.get('Prunability'));
  const milliseconds = /Activation: ([\d.]+) ?ms/.exec(text)?.[1];
  assert.ok(milliseconds !== undefined, text);
  return Number(milliseconds);
}
