import type { LayerResult } from '../../src/protocol/analysis';
import { histogramOf } from '../../src/sketch/cell-histogram';
import type { Theme } from '../style/theme';

export const SPARKLINE_WIDTH = 96;
export const SPARKLINE_HEIGHT = 20;
const BASE = SPARKLINE_HEIGHT - 1;
/** Height of the tallest bin. */
const FULL = SPARKLINE_HEIGHT - 3;
/** Bins by number of values: few values in many bins are noise. They divide the width evenly. */
const BINS = [
  [10_000, SPARKLINE_WIDTH],
  [1000, SPARKLINE_WIDTH / 2],
  [0, SPARKLINE_WIDTH / 4],
] as const;
const TAIL_HEIGHT = 6;
/** A share outside the common scale worth a mark at the edge. */
const MARKED_TAIL = 0.005;

interface Outline {
  readonly reach: number;
  readonly path: Path2D;
  readonly below: boolean;
  readonly above: boolean;
}

const outlines = new WeakMap<LayerResult, Outline>();

/** The layer's histogram over ±reach as one path: drawn many times while the threshold moves, computed once. */
function outlineOf(result: LayerResult, reach: number): Outline {
  const known = outlines.get(result);
  if (known?.reach === reach) return known;
  const values = result.cells.count.reduce((sum, count) => sum + count, 0);
  const bins = BINS.find(([least]) => values >= least)?.[1] ?? SPARKLINE_WIDTH;
  const { counts, below, above, zeros } = histogramOf(result.cells, -reach, reach, bins);
  const width = SPARKLINE_WIDTH / bins;
  const inside = counts.reduce((sum, count) => sum + count, 0);
  const top = counts.reduce((high, count) => Math.max(high, count), 0);
  const path = new Path2D();
  path.moveTo(0, BASE);
  counts.forEach((count, bin) => {
    const y = top === 0 ? BASE : BASE - (count / top) * FULL;
    path.lineTo(bin * width, y);
    path.lineTo((bin + 1) * width, y);
  });
  path.lineTo(SPARKLINE_WIDTH, BASE);
  path.closePath();
  const all = inside + below + above + zeros;
  const outline = { reach, path, below: below > MARKED_TAIL * all, above: above > MARKED_TAIL * all };
  outlines.set(result, outline);
  return outline;
}

/** What a sparkline shows. */
export interface SparklineInput {
  readonly result: LayerResult;
  /** The common scale of all rows: ±reach. */
  readonly reach: number;
  /** Undefined where nothing is pruned. */
  readonly threshold: number | undefined;
  readonly selected: boolean;
}

/** Draws a layer's distribution: what the threshold takes in grey, what it leaves in colour, the threshold as two lines. */
export function drawSparkline(canvas: HTMLCanvasElement, input: SparklineInput | undefined, theme: Theme): void {
  const scale = Math.max(1, devicePixelRatio);
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  if (canvas.width !== Math.round(SPARKLINE_WIDTH * scale)) {
    canvas.width = Math.round(SPARKLINE_WIDTH * scale);
    canvas.height = Math.round(SPARKLINE_HEIGHT * scale);
  }
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, SPARKLINE_WIDTH, SPARKLINE_HEIGHT);
  if (input === undefined) return;
  const outline = outlineOf(input.result, input.reach);
  const half = SPARKLINE_WIDTH / 2;
  const cut = input.threshold === undefined ? 0 : Math.min(half, (input.threshold / input.reach) * half);
  pen.fillStyle = theme.kept;
  pen.fill(outline.path);
  if (cut > 0) {
    pen.save();
    pen.beginPath();
    pen.rect(half - cut, 0, 2 * cut, SPARKLINE_HEIGHT);
    pen.clip();
    pen.clearRect(half - cut, 0, 2 * cut, SPARKLINE_HEIGHT);
    pen.globalAlpha = input.selected ? 0.5 : 1;
    pen.fillStyle = input.selected ? theme.selectionText : theme.pruned;
    pen.fill(outline.path);
    pen.restore();
  }
  pen.fillStyle = theme.kept;
  if (outline.below) pen.fillRect(0, BASE - TAIL_HEIGHT, 2, TAIL_HEIGHT);
  if (outline.above) pen.fillRect(SPARKLINE_WIDTH - 2, BASE - TAIL_HEIGHT, 2, TAIL_HEIGHT);
  if (input.threshold === undefined || input.threshold >= input.reach) return;
  pen.globalAlpha = 0.6;
  pen.fillStyle = input.selected ? theme.selectionText : theme.hand;
  for (const x of [half - cut, half + cut])
    pen.fillRect(Math.round(x * scale) / scale, 1, 1 / scale, SPARKLINE_HEIGHT - 2);
  pen.globalAlpha = 1;
}
