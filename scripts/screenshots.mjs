/**
 * Makes the pictures of the README and of the walkthrough from the real extension in a real VS Code: `npm run screenshots`
 * writes media/. Takes the package named by PRUNABILITY_VSIX, else builds one.
 * To look at some of them in another theme: `npm run screenshots -- --out DIR --theme 'Default High Contrast' [name…]`.
 */

import { cp, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../test/host/browser.mjs';
import { startServer } from '../test/host/server.mjs';
import { removeDirectory } from '../test/host/temporary.mjs';
import { openWorkbench, THEMES } from '../test/host/workbench.mjs';
import { packageExtension } from './package.mjs';
import { runMain } from './run-program.mjs';
import { addModels, analyzeModels } from './screenshots/models.mjs';
import { MEASURED_PICTURES } from './screenshots/measured-pictures.mjs';
import { PANEL_PICTURES } from './screenshots/panel-pictures.mjs';
import { Stage } from './screenshots/stage.mjs';
import { SURFACE_PICTURES } from './screenshots/surface-pictures.mjs';
import { WALKTHROUGH_PICTURES } from './screenshots/walkthrough-pictures.mjs';

const root = join(import.meta.dirname, '..');

await runMain(async () => {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string', default: join(root, 'media') }, theme: { type: 'string' } },
    allowPositionals: true,
  });
  const theme = values.theme === undefined ? undefined : themeNamed(values.theme);
  const all = [...PANEL_PICTURES, ...SURFACE_PICTURES, ...WALKTHROUGH_PICTURES, ...MEASURED_PICTURES];
  const pictures = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const named = process.env['PRUNABILITY_VSIX'];
  const vsix = named === undefined || named === '' ? await packageExtension(root) : named;
  // Its path is in a picture: the same on each machine. An Error if someone else has it.
  const workspace = join(tmpdir(), 'models');
  await mkdir(workspace);
  const parts = [];
  try {
    await cp(join(root, 'samples'), workspace, { recursive: true });
    await addModels(workspace);
    const server = await startServer({ workspace, vsix });
    parts.push(() => server.dispose());
    const browser = await launchBrowser();
    parts.push(() => browser.close());
    const workbench = await openWorkbench(server, workspace, {
      browser,
      deviceScaleFactor: 2,
      reducedMotion: 'reduce',
    });
    const stage = new Stage(workbench, resolve(values.out));
    await analyzeModels(workbench);
    for (const picture of pictures) {
      const file = await stage.take(theme === undefined ? picture : { ...picture, theme });
      console.log(`${file} (${Math.round((await stat(file)).size / 1000)} KB)`);
    }
  } finally {
    for (const dispose of parts.reverse()) {
      await dispose();
    }
    await removeDirectory(workspace);
  }
});

/** @param {string} name @returns {import('../test/host/workbench.mjs').ThemeName} */
function themeNamed(name) {
  const theme = /** @type {import('../test/host/workbench.mjs').ThemeName[]} */ (Object.keys(THEMES)).find(
    (known) => known === name,
  );
  if (theme === undefined) throw new Error(`No theme ${name}: ${Object.keys(THEMES).join(', ')}`);
  return theme;
}
