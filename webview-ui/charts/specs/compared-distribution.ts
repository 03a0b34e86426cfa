import type { TopLevelSpec } from 'vega-lite';
import { DECADES } from './decades';
import type { Position } from './position';
import { TOOLTIP } from './tooltip';

/**
 * A tensor's distribution on both sides: what it is as filled bars, what it was as an outline over them, so that the two
 * differ by more than their colour. Signals: `low`, `high`, `top`, `floor`, colours. Data: `bins` (ComparedBin).
 */
export function comparedDistributionSpec(scale: 'linear' | 'log'): TopLevelSpec {
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
    autosize: { type: 'none' },
    padding: { left: 44, right: 4, top: 6, bottom: 20 },
    params: [
      { name: 'low', value: -1 },
      { name: 'high', value: 1 },
      { name: 'top', value: 1 },
      { name: 'floor', value: 1e-6 },
      ...['kept', 'hand'].map((name) => ({ name, value: 'gray' })),
    ],
    layer: [
      {
        data: { name: 'bins' },
        transform: [{ filter: `datum.after > ${base}` }, { calculate: base, as: 'base' }],
        // half a pixel of overlap: seams between bars would shimmer
        mark: { type: 'rect', color: { expr: 'kept' }, opacity: 0.75, clip: true, x2Offset: 0.5, tooltip: null },
        encoding: {
          x: { field: 'from', ...x },
          x2: { field: 'to' },
          y: { field: 'after', ...y },
          y2: { field: 'base' },
        },
      },
      {
        data: { name: 'bins' },
        transform: [{ calculate: `max(datum.before, ${base})`, as: 'height' }],
        mark: {
          type: 'line',
          interpolate: 'step-after',
          color: { expr: 'hand' },
          strokeWidth: 1.25,
          clip: true,
          tooltip: null,
        },
        encoding: { x: { field: 'from', ...x }, y: { field: 'height', ...y } },
      },
      {
        // over the whole height: the figures of a bin can be had where its bars are low
        data: { name: 'bins' },
        transform: [
          { calculate: base, as: 'base' },
          { calculate: 'top', as: 'above' },
        ],
        mark: { type: 'rect', opacity: 0 },
        encoding: {
          x: { field: 'from', ...x },
          x2: { field: 'to' },
          y: { field: 'base', ...y },
          y2: { field: 'above' },
          tooltip: TOOLTIP,
        },
      },
    ],
  };
}
