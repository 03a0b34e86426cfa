/** Pictures of the panel of one model. */

import { analyze } from '../../test/host/ui/panel.mjs';
import { BROKEN, UNTRAINED } from './models.mjs';

/** @typedef {import('./stage.mjs').Picture} Picture */

/** Wide enough for the layer's detail beside the table. */
const WIDTH = 1280;

/** @type {readonly Picture[]} */
export const PANEL_PICTURES = [
  {
    name: 'panel-dark',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: WIDTH, height: 900 },
    scale: 'device',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.select('fc1.weight');
    },
  },
  {
    name: 'panel-light',
    folder: 'screenshots',
    theme: 'Default Light Modern',
    window: { width: WIDTH, height: 925 },
    scale: 'device',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, 'language-detection/model.json');
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.select('linear/linear_model/content/weights');
      await panel.switchTo('Scale of the shares', 'log');
    },
  },
  {
    name: 'panel-high-contrast',
    folder: 'screenshots',
    theme: 'Default High Contrast',
    window: { width: WIDTH, height: 940 },
    scale: 'device',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, 'fashion-mnist/epoch3.pt');
      await panel.whenComplete();
      await panel.button(/^Biases and norms/).click();
      await panel.frame.getByRole('tab', { name: 'All layers' }).click();
      await panel.locator('layer-charts vega-chart').nth(1).waitFor();
    },
  },
  {
    name: 'untrained',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: WIDTH, height: 940 },
    scale: 'device',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, UNTRAINED);
      await panel.whenComplete();
      await panel.select('fc1.weight');
    },
  },
  {
    name: 'failure',
    folder: 'screenshots',
    theme: 'Default Dark Modern',
    window: { width: WIDTH, height: 300 },
    scale: 'device',
    arrange: async (workbench) => {
      const panel = await analyze(workbench, BROKEN);
      await panel.notice.waitFor();
    },
  },
];
