/** The card over a model's path in source code. */

import { waitFor } from '../wait.mjs';

/**
 * Rests the pointer on the text of a line of the open editor.
 * @param {import('../workbench.mjs').Workbench} workbench
 * @param {string} start of the line; the path comes soon after
 * @returns {Promise<import('playwright-core').Locator>} the card
 */
export async function hoverLine({ page }, start) {
  const card = page.locator('.monaco-hover:visible .hover-contents', { hasText: 'PyTorch' }).first();
  const line = page.locator('.view-line', { hasText: start }).first();
  await waitFor(`a card over ${start}`, async () => {
    // The provider may have been registered only after the pointer came to rest.
    await page.mouse.move(5, 5);
    const box = await line.boundingBox();
    if (box === null) return false;
    await page.mouse.move(box.x + 8 * start.length + 30, box.y + box.height / 2);
    return card.waitFor({ timeout: 3000 }).then(
      () => true,
      () => false,
    );
  });
  return card;
}
