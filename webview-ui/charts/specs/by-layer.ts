import type { TopLevelSpec } from 'vega-lite';
import type { ChartLayer, Position } from './position';
import { TOOLTIP } from './tooltip';

const COMMON = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'transparent',
  width: 380,
  height: 180,
  autosize: { type: 'none' },
  padding: { left: 44, right: 88, top: 6, bottom: 22 },
} as const;

const COLORS = ['kept', 'muted', 'hand', 'utopia', 'warn'].map((name) => ({ name, value: 'gray' }));

const ORDER: Position & { readonly field: string } = {
  field: 'order',
  type: 'quantitative',
  scale: { domain: [-0.5, { expr: 'last' }], nice: false, zero: false },
  axis: { title: { signal: 'orderTitle' }, grid: false, labels: false, ticks: false },
};

/** What a line means stands in the right margin, where no points are. */
const MARGIN_TEXT = {
  type: 'text',
  x: 'width',
  dx: 6,
  align: 'left',
  baseline: 'middle',
  color: { expr: 'muted' },
  tooltip: null,
} as const;

/**
 * One point a layer over the order of the file. Signals: `selected` (index of a tensor), `last` (end of the axis),
 * `pointSize`, `orderTitle` (of the axis), colours. Data: `layers` (LayerDatum) and `references` (ReferenceDatum).
 */
export function kurtosisByLayerSpec(): TopLevelSpec {
  const y: Position = {
    type: 'quantitative',
    scale: { type: 'log', domain: [{ expr: 'lowest' }, { expr: 'highest' }], nice: false, clamp: true },
    axis: { title: null, domain: false, ticks: false, tickCount: 4, format: '~s' },
  };
  return {
    ...COMMON,
    params: [
      { name: 'selected', value: -1 },
      { name: 'last', value: 1 },
      { name: 'lowest', value: 1 },
      { name: 'highest', value: 10 },
      { name: 'pointSize', value: 30 },
      { name: 'orderTitle', value: '' },
      ...COLORS,
    ],
    layer: [
      {
        data: { name: 'references' },
        transform: [{ filter: 'datum.kurtosis >= lowest && datum.kurtosis <= highest' }],
        layer: [
          {
            mark: { type: 'rule', color: { expr: 'muted' }, strokeDash: [2, 3], opacity: 0.7, tooltip: null },
            encoding: { y: { field: 'kurtosis', ...y } },
          },
          {
            mark: MARGIN_TEXT,
            encoding: { y: { field: 'kurtosis', ...y }, text: { field: 'name' } },
          },
        ],
      },
      {
        data: { name: 'layers' },
        transform: [{ filter: 'isValid(datum.kurtosis)' }],
        mark: { type: 'point', filled: true, opacity: 0.9, size: { expr: 'pointSize' }, color: { expr: 'kept' } },
        encoding: { x: ORDER, y: { field: 'kurtosis', ...y }, tooltip: TOOLTIP },
      },
      selectedPoint('kurtosis', y),
    ],
  };
}

/** As above, without references; a further signal `fraction` is the pruned fraction, a line across. */
export function limitByLayerSpec(): TopLevelSpec {
  const y: Position = {
    type: 'quantitative',
    scale: { domain: [{ expr: 'lowest' }, 1], nice: false, zero: false, clamp: true },
    axis: { title: null, domain: false, ticks: false, tickCount: 5, format: '.0%' },
  };
  return {
    ...COMMON,
    params: [
      { name: 'selected', value: -1 },
      { name: 'last', value: 1 },
      { name: 'lowest', value: 0 },
      { name: 'fraction', value: 0 },
      { name: 'pointSize', value: 30 },
      { name: 'orderTitle', value: '' },
      ...COLORS,
    ],
    layer: [
      {
        data: { name: 'layers' },
        transform: [{ filter: 'isValid(datum.limit)' }],
        mark: { type: 'point', filled: true, opacity: 0.9, size: { expr: 'pointSize' }, color: { expr: 'utopia' } },
        encoding: { x: ORDER, y: { field: 'limit', ...y }, tooltip: TOOLTIP },
      },
      selectedPoint('limit', y),
      {
        data: { values: [{}] },
        transform: [
          { calculate: 'fraction', as: 'at' },
          { calculate: "format(fraction, '.1%')", as: 'label' },
          { filter: 'datum.at >= lowest' },
        ],
        layer: [
          {
            mark: { type: 'rule', color: { expr: 'hand' }, tooltip: null },
            encoding: { y: { field: 'at', ...y } },
          },
          {
            mark: { ...MARGIN_TEXT, color: { expr: 'hand' } },
            encoding: { y: { field: 'at', ...y }, text: { field: 'label' } },
          },
        ],
      },
    ],
  };
}

function selectedPoint(field: string, y: Position): ChartLayer {
  return {
    data: { name: 'layers' },
    transform: [{ filter: `datum.index === selected && isValid(datum.${field})` }],
    mark: {
      type: 'point',
      filled: false,
      size: { expr: 'pointSize * 4' },
      strokeWidth: 1.5,
      color: { expr: 'hand' },
      tooltip: null,
    },
    encoding: { x: ORDER, y: { field, ...y } },
  };
}
