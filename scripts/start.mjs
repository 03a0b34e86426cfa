/**
 * `npm start`: a VS Code with this extension, on the samples. A desktop VS Code when there is one, else one from
 * npm in the browser. `--browser` asks for the browser, `--no-open` leaves opening the page to the reader,
 * `--port=N` fixes the port.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies } from './bootstrap.mjs';
import { findDesktopCode, openInDesktopCode } from './desktop-code.mjs';
import { runMain, runProgram } from './run-program.mjs';

const root = join(import.meta.dirname, '..');
const samples = join(root, 'samples');

await runMain(async () => {
  const options = new Set(process.argv.slice(2));
  await ensureDependencies(root);
  if (!options.has('--browser')) {
    const { code, reason } = await findDesktopCode(root);
    if (code !== undefined) {
      console.log('Building the extension');
      await runProgram(process.execPath, ['esbuild.mjs'], { cwd: root });
      console.log('Opening VS Code with the extension, on the samples.');
      return openInDesktopCode(code, root, samples);
    }
    console.log(`${reason} Using VS Code in the browser.`);
  }
  return serveInBrowser(!options.has('--no-open'), portArgument());
});

/**
 * Packs the extension and installs it, instead of loading it from here: the switch that a browser-hosted VS Code
 * needs to load a folder also suppresses its notifications.
 * @param {boolean} open
 * @param {number | undefined} port
 * @returns {Promise<number>} exit code, when the server has ended
 */
async function serveInBrowser(open, port) {
  // Only now: these need the dependencies.
  const [{ packageExtension }, { startServer }] = await Promise.all([
    import('./package.mjs'),
    import('../test/host/server.mjs'),
  ]);
  console.log('Building and packing the extension');
  const vsix = await packageExtension(root);
  const server = await startServer({
    workspace: samples,
    vsix,
    ownHome: false,
    port,
    // A person's window: VS Code's own theme, light or dark as the system is.
    settings: { 'workbench.colorTheme': undefined, 'window.autoDetectColorScheme': true, 'git.enabled': undefined },
    log: console.log,
  });
  console.log('VS Code is running, with the extension installed:\n');
  console.log(server.url);
  console.log('\nOpen a model file and run "Prunability: Analyze Prunability" (F1). Ctrl-C ends it.');
  if (open) {
    await openPage(server.url);
  }
  const signal = await Promise.race([untilSignal(), server.ended.then(() => undefined)]);
  await server.dispose();
  if (signal === undefined) {
    throw new Error(`VS Code's server has ended by itself:\n${server.output.slice(-2000)}`);
  }
  return 0;
}

/**
 * Opens the page in a window of its own, else in the default browser; on a machine without a screen, not at all.
 * @param {string} url
 * @returns {Promise<void>}
 */
async function openPage(url) {
  if (process.platform === 'darwin') {
    startDetached('open', [url]);
    return;
  }
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return;
  }
  const { findChromium } = await import('../test/host/chromium.mjs');
  const chromium = findChromium();
  if (chromium === undefined) {
    startDetached('xdg-open', [url]);
  } else {
    startDetached(chromium, [`--app=${url}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]);
  }
}

/** @param {string} command @param {string[]} args */
function startDetached(command, args) {
  const child = spawn(command, args, { detached: true, stdio: 'ignore' });
  // The address has been printed: a browser that does not start is no reason to end.
  child.once('error', () => {});
  child.unref();
}

/** @returns {Promise<NodeJS.Signals>} */
function untilSignal() {
  return new Promise((done) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.once(signal, () => done(signal));
    }
  });
}

/** @returns {number | undefined} */
function portArgument() {
  const argument = process.argv.find((text) => text.startsWith('--port='));
  const port = argument === undefined ? undefined : Number(argument.slice('--port='.length));
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new Error(`${argument} names no port.`);
  }
  return port;
}
