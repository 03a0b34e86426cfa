/**
 * VS Code's explorer with 2,000 models in one folder: `npm run bench:explorer`. The peer, in turns in the same run, is the
 * same window with the decorations switched off. Writes its section of bench/RESULTS.md.
 */
/* global document, requestAnimationFrame, window */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { useVSCode } from '../test/host/ui-session.mjs';
import { enginePids } from '../test/host/ui/engine-process.mjs';
import { ModelsView } from '../test/host/ui/models-view.mjs';
import { tensorsNamed } from '../test/host/ui/safetensors-files.mjs';
import { waitFor } from '../test/host/wait.mjs';
import { median } from './measure.mjs';
import { writeResults } from './results.mjs';

const MODELS = 2_000;
const FOLDER = 'models';
const ROUNDS = 3;
/** Of the wheel, in pixels, as often as the window takes it. */
const WHEEL_DELTA = 100;
const TURNS_AT_ONCE = 20;
const MOST_TURNS = 200;
/** What VS Code itself starts with is over by then. */
const SETTLING_MS = 4_000;
/** Linux counts the time of processes in these. */
const TICK_MS = 10;
/** Letters only, in no order: digits would make epochs of a run of them. */
const NAMES = Array.from({ length: MODELS }, (_, i) => {
  const digest = createHash('sha256').update(String(i)).digest('hex').slice(0, 12);
  const letters = [...digest].map((digit) => String.fromCharCode('a'.charCodeAt(0) + Number.parseInt(digit, 16)));
  return `${letters.join('')}.safetensors`;
});
const VARIANTS = /** @type {const} */ (['off', 'badge']);

const run = promisify(execFile);

/** @typedef {import('../test/host/workbench.mjs').Workbench} Workbench */
/** @typedef {{ shown: number, first: number, all: number }} Rows milliseconds from the click on the folder until its rows are there, the first of them is decorated, all in view are */
/** @typedef {{ rows: Rows, frames: number[], after: number, host: number, engineBytes: number | undefined }} Round */

describe(`the explorer with ${MODELS} models`, function () {
  this.timeout(600_000);
  const vscode = useVSCode({
    prepare: async (folder) => {
      for (const name of await readdir(folder)) {
        await rm(join(folder, name), { recursive: true });
      }
      await mkdir(join(folder, FOLDER));
      for (const [i, name] of NAMES.entries()) {
        await writeFile(join(folder, FOLDER, name), tensorsNamed([`layers.${i}.weight`, `layers.${i}.bias`]));
      }
    },
  });
  /** @type {Record<(typeof VARIANTS)[number], Round[]>} */
  const rounds = { off: [], badge: [] };
  /** @type {{ list: number, engineBytes: number | undefined }[]} */
  const lists = [];

  it('is scrolled through, with and without decorations', async () => {
    const { workbench, server } = vscode;
    for (let round = 0; round < ROUNDS; round++) {
      for (const variant of VARIANTS) {
        await workbench.updateSettings({ 'prunability.explorer.decorations': variant });
        await workbench.reload();
        // Runs in the extension, which is active afterwards.
        await workbench.runCommand('Prunability: Cancel Analysis');
        await delay(SETTLING_MS);
        const begun = await hostTime(server.pid);
        const rows = await expand(workbench, variant === 'badge');
        const { frames, after } = await scrollThrough(workbench, variant === 'badge');
        const host = (await hostTime(server.pid)) - begun;
        const measured = { rows, frames, after, host, engineBytes: await engineMemory(server.pid) };
        console.log(`      ${variant}: ${JSON.stringify({ ...measured, frames: frameFigures([measured]) })}`);
        rounds[variant].push(measured);
        await collapse(workbench);
      }
    }
  });

  it('is listed in the Models view', async () => {
    const { workbench, server } = vscode;
    const view = new ModelsView(workbench);
    await workbench.runCommand('Prunability: Show Models as a List');
    await view.open();
    await view.rows.first().waitFor();
    for (let round = 0; round < ROUNDS; round++) {
      await (await workbench.explorer.reveal(FOLDER)).waitFor();
      await workbench.reload();
      await workbench.runCommand('Prunability: Cancel Analysis');
      await delay(SETTLING_MS);
      const list = await untilListed(workbench);
      lists.push({ list, engineBytes: await engineMemory(server.pid) });
      console.log(`      ${JSON.stringify(lists.at(-1))}`);
    }
  });

  it('and the figures are written down', async () => {
    assert.ok([rounds.off, rounds.badge, lists].every((all) => all.length === ROUNDS));
    const text = report(rounds, lists);
    console.log(text);
    await writeResults('Explorer', text);
  });
});

/**
 * Clicks on the folder.
 * @param {Workbench} workbench
 * @param {boolean} decorated whether its rows will be
 * @returns {Promise<Rows>}
 */
async function expand({ page, explorer }, decorated) {
  const row = await explorer.reveal(FOLDER);
  assert.equal(await row.getAttribute('aria-expanded'), 'false');
  await page.evaluate(() => {
    const clock = { clicked: 0, shown: 0, first: 0, all: 0 };
    Object.assign(window, { clock });
    window.addEventListener('mousedown', () => (clock.clicked ||= Date.now()), { capture: true, once: true });
    const look = () => {
      const labels = [
        ...document.querySelectorAll('.explorer-folders-view .monaco-icon-label[aria-label*=".safetensors"]'),
      ].map((label) => label.getAttribute('aria-label') ?? '');
      const decorations = labels.filter((label) => label.includes(' • ')).length;
      if (labels.length > 1) clock.shown ||= Date.now();
      if (decorations > 0) clock.first ||= Date.now();
      if (labels.length > 1 && decorations === labels.length) clock.all ||= Date.now();
      if (clock.all === 0) requestAnimationFrame(look);
    };
    look();
  });
  await row.click();
  const clock = await waitFor('the rows', async () => {
    const clock = await page.evaluate(() => /** @type {any} */ (window).clock);
    return (decorated ? clock.all : clock.shown) > 0 ? clock : undefined;
  });
  if (!decorated) {
    // Ends the watch, which would take its part of every frame.
    await page.evaluate(() => /** @type {any} */ (window.clock.all = 1));
  }
  const since = (/** @type {number} */ time) => (time > 1 ? time - clock.clicked : Number.NaN);
  return { shown: since(clock.shown), first: since(clock.first), all: since(clock.all) };
}

/** Closes the folder, which would otherwise come back open. @param {Workbench} workbench @returns {Promise<void>} */
async function collapse({ page, explorer, quickInput }) {
  await quickInput.runCommand('workbench.files.action.collapseExplorerFolders');
  const rows = page.locator('.explorer-folders-view .monaco-list-row');
  await waitFor('the folder to close', async () => (await rows.count()) === 1);
  assert.equal(await (await explorer.reveal(FOLDER)).getAttribute('aria-expanded'), 'false');
}

/**
 * Turns the wheel, from the first row to the last.
 * @param {Workbench} workbench
 * @param {boolean} decorated
 * @returns {Promise<{ frames: number[], after: number }>} milliseconds between frames; and from the end until all rows in view are decorated
 */
async function scrollThrough({ page, explorer }, decorated) {
  await explorer.tree.hover({ position: { x: 100, y: 300 } });
  await page.evaluate(
    (last) => {
      /** @type {{ frames: number[], ended: number, decorated: number }} */
      const scrolling = { frames: [], ended: 0, decorated: 0 };
      Object.assign(window, { scrolling });
      let before = Number.NaN;
      const step = (/** @type {number} */ time) => {
        const labels = [
          ...document.querySelectorAll('.explorer-folders-view .monaco-icon-label[aria-label*=".safetensors"]'),
        ].map((label) => label.getAttribute('aria-label') ?? '');
        if (scrolling.ended === 0 && !Number.isNaN(before)) scrolling.frames.push(time - before);
        before = time;
        if (labels.some((label) => label.includes(last))) {
          scrolling.ended ||= Date.now();
          if (labels.every((label) => label.includes(' • '))) scrolling.decorated ||= Date.now();
        }
        if (scrolling.decorated === 0) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    },
    NAMES.toSorted().at(-1) ?? '',
  );
  const state = () => page.evaluate(() => /** @type {any} */ (window).scrolling);
  for (let turn = 0; turn < MOST_TURNS && (await state()).ended === 0; turn++) {
    for (let i = 0; i < TURNS_AT_ONCE; i++) {
      await page.mouse.wheel(0, WHEEL_DELTA);
    }
  }
  const {
    frames,
    ended,
    decorated: at,
  } = await waitFor('the last row', async () => {
    const now = await state();
    return (decorated ? now.decorated : now.ended) > 0 ? now : undefined;
  });
  if (!decorated) {
    // Ends the watch.
    await page.evaluate(() => /** @type {any} */ (window.scrolling.decorated = 1));
  }
  assert.ok(frames.length > 100, `${frames.length} frames`);
  return { frames, after: decorated ? at - ended : Number.NaN };
}

/**
 * Clicks on the icon of the view, which lists all models one below the other.
 * @param {Workbench} workbench
 * @returns {Promise<number>} milliseconds until the list has them all
 */
async function untilListed(workbench) {
  const { page } = workbench;
  await page.evaluate((models) => {
    const clock = { clicked: 0, all: 0 };
    Object.assign(window, { clock });
    window.addEventListener('mousedown', () => (clock.clicked ||= Date.now()), { capture: true, once: true });
    const look = () => {
      const row = document.querySelector(`.customview-tree .monaco-list-row[aria-setsize="${models}"]`);
      if (clock.clicked > 0 && row !== null) clock.all = Date.now();
      else requestAnimationFrame(look);
    };
    look();
  }, MODELS);
  await new ModelsView(workbench).open();
  const clock = await waitFor('the whole list', async () => {
    const clock = await page.evaluate(() => /** @type {any} */ (window).clock);
    return clock.all > 0 ? clock : undefined;
  });
  return clock.all - clock.clicked;
}

/**
 * @param {number} serverPid
 * @returns {Promise<number>} milliseconds of processor time that the window's extension host has taken since its start
 */
async function hostTime(serverPid) {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,pgid=,args=']);
  const hosts = stdout
    .split('\n')
    .filter((line) => line.includes('--type=extensionHost'))
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, group]) => group === serverPid)
    .map(([pid]) => Number(pid));
  // The one of the window before the reload lives on for a moment: the newest is it.
  const fields = (await readFile(`/proc/${Math.max(...hosts)}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return TICK_MS * (Number(fields[11]) + Number(fields[12]));
}

/** @param {number} serverPid @returns {Promise<number | undefined>} the most that the engine has taken, in bytes; undefined if there is none */
async function engineMemory(serverPid) {
  const pids = await enginePids(serverPid);
  if (pids.length === 0) return undefined;
  const status = await readFile(`/proc/${Math.max(...pids)}/status`, 'utf8');
  return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
}

/** @param {readonly Pick<Round, 'frames'>[]} rounds @returns {{ median: number, p95: number, max: number, slow: number }} of all frames, in milliseconds; `slow`: the share beyond two frames of 60 Hz */
function frameFigures(rounds) {
  const gaps = rounds.flatMap(({ frames }) => frames).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => gaps[Math.floor((gaps.length - 1) * share)] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), max: at(1), slow: gaps.filter((gap) => gap > 34).length / gaps.length };
}

/**
 * @param {Record<(typeof VARIANTS)[number], Round[]>} rounds
 * @param {readonly { list: number, engineBytes: number | undefined }[]} lists
 * @returns {string} Markdown
 */
function report(rounds, lists) {
  const ms = (/** @type {number} */ value, digits = 0) => (Number.isNaN(value) ? '–' : `${value.toFixed(digits)} ms`);
  const mb = (/** @type {readonly (number | undefined)[]} */ values) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? 'not started' : `${(Math.max(...known) / 1e6).toFixed(0)} MB`;
  };
  /** @param {string} what @param {(all: Round[]) => string} of */
  const line = (what, of) => `| ${what} | ${VARIANTS.map((variant) => of(rounds[variant])).join(' | ')} |`;
  return [
    `${MODELS.toLocaleString('en-US')} safetensors files in one folder of the workspace, VS Code in Chromium with software rendering, on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.`,
    `${ROUNDS} rounds in turns, each in a reloaded window; medians of the rounds, frames of all rounds together. Made by \`npm run bench:explorer\`.`,
    '',
    '| The explorer | Decorations off | Decorations on |',
    '| --- | ---: | ---: |',
    line('Click on the folder → rows', (all) => ms(median(all.map(({ rows }) => rows.shown)))),
    line('→ first row decorated (the engine starts)', (all) => ms(median(all.map(({ rows }) => rows.first)))),
    line('→ all rows in view decorated', (all) => ms(median(all.map(({ rows }) => rows.all)))),
    line('Frame while scrolling through all, median', (all) => ms(frameFigures(all).median, 1)),
    line('95th percentile', (all) => ms(frameFigures(all).p95, 1)),
    line('longest', (all) => ms(frameFigures(all).max, 1)),
    line('longer than two frames at 60 Hz', (all) => `${(100 * frameFigures(all).slow).toFixed(1)} %`),
    line('End of scrolling → all rows in view decorated', (all) => ms(median(all.map(({ after }) => after)))),
    line('Processor time of the extension host meanwhile', (all) => ms(median(all.map(({ host }) => host)))),
    line('Peak memory of the engine', (all) => mb(all.map(({ engineBytes }) => engineBytes))),
    '',
    `The Models view lists all of them ${ms(median(lists.map(({ list }) => list)))} after the click on its icon; peak memory of the engine ${mb(lists.map(({ engineBytes }) => engineBytes))}.`,
  ].join('\n');
}
