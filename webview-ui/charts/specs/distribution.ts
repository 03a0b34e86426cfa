import type { TopLevelSpec } from 'vega-lite';
import { DECADES } from './decades';
import type { Position } from './position';
import { TOOLTIP } from './tooltip';

/** Beyond this share of the range a threshold's label turns inwards. */
const NEAR_EDGE = 'abs(datum.at - (low + high) / 2) > (high - low) * 0.3';

/**
 * The selected layer's distribution: bars coloured by what the threshold prunes and keeps, the fitted densities, the
 * threshold as a line on each side. Signals that the panel sets: `threshold`, `low`, `high`, `top`, `floor`, and the
 * theme's colours. Data that it sets: `bins` (BinDatum) and `fits` (FitDatum).
 */
export function distributionSpec(scale: 'linear' | 'log'): TopLevelSpec {
  const base = scale === 'log' ? 'floor' : '0';
  const x: Position = {
    type: 'quantitative',
    scale: { domain: [{ expr: 'low' }, { expr: 'high' }], nice: false, zero: false, clamp: true },
    axis: { title: null, grid: false, tickCount: 5, format: '~g', labelFlush: true },
  };
  const y: Position = {
    type: 'quantitative',
    scale: {
      type: scale,
      domain: [{ expr: base }, { expr: 'top' }],
      nice: false,
      clamp: true,
      ...(scale === 'linear' ? { zero: false } : {}),
    },
    axis: {
      title: null,
      grid: true,
      domain: false,
      ticks: false,
      ...(scale === 'log' ? DECADES : { tickCount: 4, format: '.1~%' }),
    },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    width: 380,
    height: 228,
    // fixed margins: the plot stays where it is from layer to layer, and a moved threshold lays nothing out anew
    autosize: { type: 'none' },
    padding: { left: 44, right: 4, top: 14, bottom: 20 },
    params: [
      { name: 'threshold', value: 0 },
      { name: 'prunes', value: true },
      { name: 'low', value: -1 },
      { name: 'high', value: 1 },
      { name: 'top', value: 1 },
      { name: 'floor', value: 1e-6 },
      ...['kept', 'pruned', 'muted', 'fit', 'hand'].map((name) => ({ name, value: 'gray' })),
    ],
    layer: [
      {
        data: { name: 'bins' },
        transform: [{ filter: `datum.share > ${base}` }, { calculate: base, as: 'base' }],
        // half a pixel of overlap: seams between bars would shimmer
        mark: { type: 'rect', color: { expr: 'kept' }, clip: true, x2Offset: 0.5 },
        encoding: {
          x: { field: 'from', ...x },
          x2: { field: 'to' },
          y: { field: 'share', ...y },
          y2: { field: 'base' },
          tooltip: TOOLTIP,
        },
      },
      {
        // the same bars again, cut at the threshold: a bin that it divides is coloured in two parts
        data: { name: 'bins' },
        transform: [
          { filter: `prunes && datum.share > ${base} && datum.to > -threshold && datum.from < threshold` },
          { calculate: 'max(datum.from, -threshold)', as: 'innerFrom' },
          { calculate: 'min(datum.to, threshold)', as: 'innerTo' },
          { calculate: base, as: 'base' },
        ],
        mark: { type: 'rect', color: { expr: 'pruned' }, clip: true, x2Offset: 0.5 },
        encoding: {
          x: { field: 'innerFrom', ...x },
          x2: { field: 'innerTo' },
          y: { field: 'share', ...y },
          y2: { field: 'base' },
          tooltip: TOOLTIP,
        },
      },
      {
        data: { name: 'fits' },
        transform: [{ filter: `datum.gaussian > ${base}` }],
        mark: {
          type: 'line',
          color: { expr: 'muted' },
          strokeWidth: 1.5,
          strokeDash: [2, 3],
          clip: true,
          tooltip: null,
        },
        encoding: { x: { field: 'value', ...x }, y: { field: 'gaussian', ...y } },
      },
      {
        data: { name: 'fits' },
        transform: [{ filter: `datum.laplace > ${base}` }],
        mark: { type: 'line', color: { expr: 'fit' }, strokeWidth: 1.5, clip: true, tooltip: null },
        encoding: { x: { field: 'value', ...x }, y: { field: 'laplace', ...y } },
      },
      {
        data: { values: [{ side: -1 }, { side: 1 }] },
        transform: [
          { calculate: 'datum.side * threshold', as: 'at' },
          { calculate: "format(datum.at, '.3~g')", as: 'label' },
          { filter: 'prunes && datum.at > low && datum.at < high' },
        ],
        layer: [
          {
            mark: { type: 'rule', color: { expr: 'hand' }, tooltip: null },
            encoding: { x: { field: 'at', ...x } },
          },
          {
            mark: {
              type: 'text',
              y: -7,
              baseline: 'middle',
              align: { expr: `(datum.side > 0) === (${NEAR_EDGE}) ? "right" : "left"` },
              color: { expr: 'hand' },
              tooltip: null,
            },
            encoding: { x: { field: 'at', ...x }, text: { field: 'label' } },
          },
        ],
      },
    ],
  };
}
