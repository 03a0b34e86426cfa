/**
 * Makes the README's pictures from the real extension in a real VS Code: `npm run screenshots` writes media/screenshots/.
 * Takes the package named by PRUNABILITY_VSIX, else builds one.
 */

import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { launchBrowser } from '../test/host/browser.mjs';
import { startServer } from '../test/host/server.mjs';
import { removeDirectory } from '../test/host/temporary.mjs';
import { analyze } from '../test/host/ui/panel.mjs';
import { openWorkbench } from '../test/host/workbench.mjs';
import { packageExtension } from './package.mjs';
import { runMain } from './run-program.mjs';

const root = join(import.meta.dirname, '..');
const pictures = join(root, 'media', 'screenshots');
/** Wide enough for the layer's detail beside the table. */
const WINDOW = { width: 1280, height: 900 };
/** Cut off while it was downloaded. */
const BROKEN = 'downloaded.safetensors';
const WHOLE = 'fashion-mnist/epoch3.safetensors';

/** Only what belongs to the panel, besides the title bar and the tabs. */
const SETTINGS = {
  'workbench.activityBar.location': 'hidden',
  'workbench.statusBar.visible': false,
  'workbench.layoutControl.enabled': false,
};

/**
 * @typedef {object} Picture
 * @property {string} name
 * @property {string} model relative to the samples
 * @property {keyof typeof import('../test/host/workbench.mjs').THEMES} theme
 * @property {number} [height] of the window
 * @property {boolean} [small] one pixel for each of CSS's: for a picture that is shown at half its width or less
 * @property {(panel: import('../test/host/ui/panel.mjs').Panel) => Promise<void>} prepare
 */

/** @type {Picture[]} */
const PICTURES = [
  {
    name: 'panel-dark',
    model: 'fashion-mnist/epoch3.pt',
    theme: 'Default Dark Modern',
    prepare: async (panel) => {
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.select('fc1.weight');
    },
  },
  {
    name: 'panel-light',
    model: 'language-detection/model.json',
    theme: 'Default Light Modern',
    height: 925,
    prepare: async (panel) => {
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.select('linear/linear_model/content/weights');
      await panel.switchTo('Scale of the shares', 'log');
    },
  },
  {
    name: 'panel-high-contrast',
    model: 'fashion-mnist/epoch3.pt',
    theme: 'Default High Contrast',
    height: 940,
    small: true,
    prepare: async (panel) => {
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.frame.getByRole('tab', { name: 'All layers' }).click();
      await panel.locator('layer-charts vega-chart').nth(1).waitFor();
    },
  },
  {
    name: 'untrained',
    model: 'fashion-mnist/untrained.pt',
    theme: 'Default Dark Modern',
    height: 940,
    small: true,
    prepare: async (panel) => {
      await panel.whenComplete();
      await panel.select('fc1.weight');
    },
  },
  {
    name: 'failure',
    model: BROKEN,
    theme: 'Default Dark Modern',
    height: 300,
    prepare: (panel) => panel.notice.waitFor(),
  },
];

await runMain(async () => {
  const named = process.env['PRUNABILITY_VSIX'];
  const vsix = named === undefined || named === '' ? await packageExtension(root) : named;
  // Its path is in a picture: the same on each machine. An Error if someone else has it.
  const workspace = join(tmpdir(), 'models');
  await mkdir(workspace);
  const parts = [];
  try {
    await cp(join(root, 'samples'), workspace, { recursive: true });
    await writeFile(join(workspace, BROKEN), (await readFile(join(workspace, WHOLE))).subarray(0, 20_000));
    const server = await startServer({ workspace, vsix });
    parts.push(() => server.dispose());
    const browser = await launchBrowser();
    parts.push(() => browser.close());
    const workbench = await openWorkbench(server, workspace, {
      browser,
      viewport: WINDOW,
      deviceScaleFactor: 2,
      reducedMotion: 'reduce',
    });
    await workbench.updateSettings(SETTINGS);
    await workbench.page.locator('.part.statusbar').waitFor({ state: 'hidden' });
    await workbench.runCommand('View: Close Primary Side Bar');
    for (const picture of PICTURES) {
      const file = await take(workbench, picture);
      console.log(`${file} (${Math.round((await stat(file)).size / 1000)} KB)`);
    }
  } finally {
    for (const dispose of parts.reverse()) {
      await dispose();
    }
    await removeDirectory(workspace);
  }
});

/**
 * @param {import('../test/host/workbench.mjs').Workbench} workbench
 * @param {Picture} picture
 * @returns {Promise<string>} the file
 */
async function take(workbench, { name, model, theme, height, small, prepare }) {
  const { page } = workbench;
  await page.setViewportSize({ ...WINDOW, height: height ?? WINDOW.height });
  await workbench.setTheme(theme);
  const panel = await analyze(workbench, model);
  await prepare(panel);
  // Nothing under the pointer: hovered elements look different.
  await page.mouse.move(WINDOW.width / 2, 1);
  await settled(page, `${basename(model)} to stand still`);
  const file = await workbench.screenshot(join(pictures, `${name}.png`), { scale: small === true ? 'css' : 'device' });
  await workbench.closeEditors();
  return file;
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} what
 * @returns {Promise<void>} once two pictures in a row are the same: charts draw a frame later than their data arrive
 */
async function settled(page, what) {
  let last = Buffer.alloc(0);
  for (let tries = 0; tries < 50; tries++) {
    const now = await page.screenshot({ animations: 'disabled', caret: 'hide' });
    if (now.equals(last)) {
      return;
    }
    last = now;
  }
  throw new Error(`Waited in vain for ${what}`);
}
