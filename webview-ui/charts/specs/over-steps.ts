import type { TopLevelSpec } from 'vega-lite';
import type { Position } from './position';
import { TOOLTIP } from './tooltip';

/**
 * A figure over the steps of a run, in up to two series: the first solid with filled points, the second dashed with
 * hollow ones. Signals: `lowest`, `highest` (ends of the figure's axis), `first`, `last` (of the steps), `percentage`, `pointSize`,
 * colours. Data: `points` (StepPoint), `gaps` (StepGap: checkpoints that could not be read), `chosen` ({ step }).
 */
export function overStepsSpec(): TopLevelSpec {
  const x: Position = {
    type: 'quantitative',
    scale: { domain: [{ expr: 'first' }, { expr: 'last' }], nice: false, zero: false },
    axis: {
      title: null,
      grid: false,
      format: '~s',
      tickMinStep: 1,
      tickCount: 6,
      labelOverlap: true,
      labelFlush: true,
    },
  };
  const y: Position = {
    type: 'quantitative',
    scale: { domain: [{ expr: 'lowest' }, { expr: 'highest' }], nice: false, zero: false, clamp: true },
    axis: {
      title: null,
      domain: false,
      ticks: false,
      tickCount: 4,
      labelExpr: "percentage ? format(datum.value, '.3~%') : format(datum.value, '.4~g')",
    },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    width: 380,
    height: 160,
    autosize: { type: 'none' },
    padding: { left: 48, right: 16, top: 8, bottom: 20 },
    params: [
      { name: 'lowest', value: 0 },
      { name: 'highest', value: 1 },
      { name: 'first', value: 0 },
      { name: 'last', value: 1 },
      { name: 'percentage', value: false },
      { name: 'pointSize', value: 48 },
      ...['kept', 'hand', 'muted', 'warn', 'background'].map((name) => ({ name, value: 'gray' })),
    ],
    layer: [
      {
        data: { name: 'chosen' },
        mark: { type: 'rule', color: { expr: 'muted' }, strokeDash: [2, 3], tooltip: null },
        encoding: { x: { field: 'step', ...x } },
      },
      {
        data: { name: 'points' },
        transform: [{ filter: "datum.series === 'first'" }],
        mark: { type: 'line', color: { expr: 'kept' }, strokeWidth: 1.5, tooltip: null },
        encoding: { x: { field: 'step', ...x }, y: { field: 'value', ...y } },
      },
      {
        data: { name: 'points' },
        transform: [{ filter: "datum.series === 'second'" }],
        mark: { type: 'line', color: { expr: 'hand' }, strokeWidth: 1.5, strokeDash: [4, 3], tooltip: null },
        encoding: { x: { field: 'step', ...x }, y: { field: 'value', ...y } },
      },
      {
        data: { name: 'points' },
        transform: [{ filter: "datum.series === 'first' && isValid(datum.value)" }],
        mark: {
          type: 'point',
          filled: true,
          opacity: 1,
          size: { expr: 'pointSize' },
          color: { expr: 'kept' },
          cursor: 'pointer',
        },
        encoding: { x: { field: 'step', ...x }, y: { field: 'value', ...y }, tooltip: TOOLTIP },
      },
      {
        data: { name: 'points' },
        transform: [{ filter: "datum.series === 'second' && isValid(datum.value)" }],
        mark: {
          type: 'point',
          opacity: 1,
          size: { expr: 'pointSize' },
          strokeWidth: 1.5,
          fill: { expr: 'background' },
          stroke: { expr: 'hand' },
          cursor: 'pointer',
        },
        encoding: { x: { field: 'step', ...x }, y: { field: 'value', ...y }, tooltip: TOOLTIP },
      },
      {
        data: { name: 'gaps' },
        mark: {
          type: 'point',
          shape: 'M-1-1L1 1M1-1L-1 1',
          size: 60,
          strokeWidth: 1.5,
          stroke: { expr: 'warn' },
          opacity: 1,
        },
        encoding: { x: { field: 'step', ...x }, y: { value: { expr: 'height - 6' } }, tooltip: TOOLTIP },
      },
    ],
  };
}
