import type { ModelUpdate } from '../protocol/analysis';
import type { ModelSummary } from '../report/report-builder';
import { coarsenMagnitudes } from '../sketch/magnitude-cells';

/** The panel draws a layer from this many cells, and the whole model's curve from the other number. */
const LAYER_CELLS = 512;
const MODEL_CELLS = 4096;

/** Cells sent for all layers together (24 MB): models of more than 3,000 tensors get fewer each. */
const SENT_CELLS = 1_500_000;
const MIN_LAYER_CELLS = 24;

/** Cells that are sent of each layer of a model of so many tensors. */
export function cellsPerLayer(tensorCount: number): number {
  const share = Math.floor(SENT_CELLS / Math.max(1, tensorCount));
  return Math.min(LAYER_CELLS, Math.max(MIN_LAYER_CELLS, share));
}

/** The model so far as it is sent: the distributions coarse enough, the rest as it is. */
export function modelUpdate({ model, limits, warnings, magnitudes, moments }: ModelSummary): ModelUpdate {
  return {
    model,
    limits,
    warnings,
    magnitudes: {
      parameters: coarsenMagnitudes(magnitudes.parameters, MODEL_CELLS),
      weights: coarsenMagnitudes(magnitudes.weights, MODEL_CELLS),
    },
    ...(moments === undefined ? {} : { moments }),
  };
}
