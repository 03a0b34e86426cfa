/** Pictures of the walkthrough, dark and light. They ship with the extension: small, and cut to what a step is about. */

import { analyze } from '../../test/host/ui/panel.mjs';
import { modelsView, pathCard, prunedCopy } from './scenes.mjs';

/** @typedef {import('./stage.mjs').Picture} Picture */

/** @type {readonly Pick<Picture, 'name' | 'window' | 'crop' | 'arrange'>[]} */
const STEPS = [
  {
    name: 'analyze',
    window: { width: 720, height: 660 },
    crop: '.part.editor',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
      await panel.whenComplete();
    },
  },
  { name: 'models', window: { width: 1000, height: 620 }, crop: '.part.sidebar', arrange: modelsView },
  { name: 'hover', window: { width: 720, height: 450 }, crop: '.part.editor', arrange: pathCard },
  {
    name: 'compare',
    window: { width: 720, height: 620 },
    crop: '.part.editor',
    arrange: async (workbench) => {
      await prunedCopy(workbench);
    },
  },
];

/** @type {readonly Picture[]} */
export const WALKTHROUGH_PICTURES = STEPS.flatMap((step) =>
  /** @type {const} */ ([
    ['dark', 'Default Dark Modern'],
    ['light', 'Default Light Modern'],
  ]).map(([kind, theme]) => ({
    ...step,
    name: `${step.name}-${kind}`,
    theme,
    folder: /** @type {const} */ ('walkthrough'),
    scale: /** @type {const} */ ('css'),
  })),
);
