// Pictures of the panel in its states and themes, to look at:
// node test/panel/screenshots.mjs [--assets dist] [--out out/panel] [--language de] [scenario …]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Harness, SCENARIOS } from './harness.mjs';
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

const shots = [
  ...Object.keys(THEMES).flatMap((theme) => [1280, 900, 520].map((width) => ({ scenario: 'complete', theme, width }))),
  ...SCENARIOS.filter((scenario) => scenario !== 'complete').map((scenario) => ({
    scenario,
    theme: 'dark',
    width: 1280,
  })),
];

await mkdir(values.out, { recursive: true });
const harness = await Harness.start(values.assets);
try {
  for (const { scenario, theme, width } of shots) {
    if (positionals.length > 0 && !positionals.includes(scenario)) continue;
    const page = await harness.open({ scenario, theme, width, language: values.language });
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(values.out, `${scenario}-${theme}-${width}.png`) });
    await page.context().close();
  }
  for (const { page, text } of harness.complaints) console.error(`${page}: ${text}`);
  if (harness.complaints.length > 0) process.exitCode = 1;
} finally {
  await harness.close();
}
