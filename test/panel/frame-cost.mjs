/**
 * Drags the ruler's handle and measures what each frame costs: from the begin of the frame's callbacks to the first task
 * after the frame has been laid out and painted.
 */

const FRAMES = 120;

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<number[]>} milliseconds, ascending
 */
export async function dragCosts(page) {
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
