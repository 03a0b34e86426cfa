// Pictures of the webviews in their states and themes, to look at:
// node test/panel/screenshots.mjs [--assets dist] [--out out/panel] [--language de] [scenario or element …]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMPARISON_SCENARIOS, Harness, SCENARIOS, SUMMARY_SCENARIOS } from './harness.mjs';
import { THEMES } from './themes.mjs';

const root = join(import.meta.dirname, '..', '..');
const { values, positionals } = parseArgs({
  options: {
    assets: { type: 'string', default: join(root, 'dist') },
    out: { type: 'string', default: join(root, 'out', 'panel') },
    language: { type: 'string', default: 'en' },
  },
  allowPositionals: true,
});

const themes = Object.keys(THEMES);

/** @type {(import('./harness.mjs').OpenOptions & { element: string, scenario: string })[]} */
const shots = [
  ...themes.flatMap((theme) => [1280, 900, 520].map((width) => shot('prunability-panel', 'complete', theme, width))),
  ...themes.flatMap((theme) => [1280, 300].map((width) => shot('prunability-panel', 'measured', theme, width))),
  ...SCENARIOS.filter((scenario) => !['complete', 'measured'].includes(scenario)).map((scenario) =>
    shot('prunability-panel', scenario),
  ),
  ...themes.flatMap((theme) =>
    ['tuned', 'pruned', 'run'].flatMap((scenario) =>
      [1280, 520].map((width) => shot('prunability-comparison', scenario, theme, width)),
    ),
  ),
  ...COMPARISON_SCENARIOS.filter((scenario) => !['tuned', 'pruned', 'run'].includes(scenario)).map((scenario) =>
    shot('prunability-comparison', scenario),
  ),
  ...themes.flatMap((theme) => [300, 200].map((width) => shot('prunability-summary', 'analyzed', theme, width))),
  ...SUMMARY_SCENARIOS.filter((scenario) => scenario !== 'analyzed').map((scenario) =>
    shot('prunability-summary', scenario, 'dark', 300),
  ),
];

/** @param {import('../../src/protocol/page-html').PageElement} element @param {string} scenario */
function shot(element, scenario, theme = 'dark', width = 1280) {
  // the side bar is narrow and high, and runs and measurements are long
  return {
    element,
    scenario,
    theme,
    width,
    height:
      (element === 'prunability-comparison' && scenario.startsWith('run')) || scenario.startsWith('measur')
        ? 1700
        : 900,
  };
}

await mkdir(values.out, { recursive: true });
const harness = await Harness.start(values.assets);
try {
  for (const options of shots) {
    const { element, scenario, theme, width } = options;
    if (positionals.length > 0 && !positionals.includes(scenario) && !positionals.includes(element)) continue;
    const page = await harness.open({ ...options, language: values.language });
    await page.waitForTimeout(400);
    await page.screenshot({
      path: join(values.out, `${element.replace('prunability-', '')}-${scenario}-${theme}-${width}.png`),
    });
    await page.close();
  }
  for (const { page, text } of harness.complaints) console.error(`${page}: ${text}`);
  if (harness.complaints.length > 0) process.exitCode = 1;
} finally {
  await harness.close();
}
