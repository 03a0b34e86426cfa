// What a frame costs while the ruler's handle is dragged, in Debian's Chromium with software rendering, against the 16.7 ms
// that a frame has at 60 Hz: from the begin of the frame's callbacks to the first task after it has been painted.
import { pathToFileURL } from 'node:url';
import { Harness } from '../test/panel/harness.mjs';

const FRAMES = 120;

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>} milliseconds, ascending
 */
async function dragCosts(page) {
  await page.evaluate(() => {
    if (window.frameCosts !== undefined) return;
    window.frameCosts = [];
    const request = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (callback) =>
      request((time) => {
        const start = window.performance.now();
        callback(time);
        const { port1, port2 } = new window.MessageChannel();
        port1.onmessage = () => window.frameCosts.push(window.performance.now() - start);
        port2.postMessage(null);
      });
  });
  await page.evaluate(() => (window.frameCosts.length = 0));
  const plot = await page.locator('limit-ruler .plot').boundingBox();
  if (plot === null) throw new Error('The ruler has no plot');
  const y = plot.y + plot.height / 2;
  await page.mouse.move(plot.x + 200, y);
  await page.mouse.down();
  for (let step = 0; step < FRAMES; step++) {
    await page.mouse.move(plot.x + 200 + (step * (plot.width - 300)) / FRAMES, y);
    await page.waitForTimeout(8);
  }
  await page.mouse.up();
  const costs = await page.evaluate(() => window.frameCosts);
  return costs.sort((a, b) => a - b);
}

/** @returns {Promise<string>} a Markdown table */
export async function panelFrames() {
  const harness = await Harness.start();
  const rows = ['| Layers | Frame while dragging, median | 95th percentile |', '| ---: | ---: | ---: |'];
  for (const [scenario, layers] of [
    ['complete', 21],
    ['thousand', 1000],
    ['tenThousand', 10_000],
  ]) {
    const page = await harness.open({ scenario: String(scenario) });
    await page.waitForFunction(() => document.querySelector('prunability-panel') !== null);
    await dragCosts(page);
    const costs = await dragCosts(page);
    /** @param {number} share */
    const at = (share) => `${(costs[Math.floor(costs.length * share)] ?? Number.NaN).toFixed(1)} ms`;
    rows.push(`| ${layers} | ${at(0.5)} | ${at(0.95)} |`);
    await page.close();
  }
  await harness.close();
  return rows.join('\n');
}

if (pathToFileURL(process.argv[1] ?? '').href === import.meta.url) console.log(await panelFrames());
