/** Pictures of what there is besides the panel: hovers, the side bar, comparisons, the walkthrough and the settings. */

import { explorerTooltip, modelsView, pathCard, prunedCopy, run } from './scenes.mjs';

/** @typedef {import('./stage.mjs').Picture} Picture */

/** @type {readonly Picture[]} */
export const SURFACE_PICTURES = [
  {
    name: 'explorer',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 720, height: 470 },
    scale: 'device',
    arrange: explorerTooltip,
  },
  {
    name: 'source-hover',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 800, height: 520 },
    scale: 'device',
    arrange: pathCard,
  },
  {
    name: 'side-bar-dark',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 1000, height: 760 },
    scale: 'device',
    crop: '.part.sidebar',
    arrange: modelsView,
  },
  {
    name: 'side-bar-light',
    folder: 'screenshots',
    theme: 'Default Light Modern',
    window: { width: 1000, height: 760 },
    scale: 'device',
    crop: '.part.sidebar',
    arrange: modelsView,
  },
  {
    name: 'comparison',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 1280, height: 900 },
    scale: 'device',
    arrange: async (workbench) => {
      const comparison = await prunedCopy(workbench);
      await comparison.select('fc1.weight');
    },
  },
  {
    name: 'run',
    folder: 'screenshots',
    theme: 'Default Light Modern',
    window: { width: 1280, height: 1000 },
    scale: 'device',
    arrange: run,
  },
  {
    name: 'walkthrough',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: 1200, height: 720 },
    scale: 'device',
    arrange: async (workbench) => {
      await workbench.runCommand('Prunability: Get Started');
      await workbench.page.locator('.getting-started-step.expanded').waitFor();
    },
  },
];
