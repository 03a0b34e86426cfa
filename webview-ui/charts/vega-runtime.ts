import { transforms as registry } from 'vega-dataflow';
import * as encode from 'vega-encode';
import { expressionInterpreter } from 'vega-interpreter';
import { parse } from 'vega-parser';
import * as dataTransforms from 'vega-transforms';
import type { Config, Spec, View as VegaView } from 'vega-typings';
import { View } from 'vega-view';
import * as viewTransforms from 'vega-view-transforms';
import type { Theme } from '../style/theme';

// Only the transforms that the charts use are shipped; vega finds them by name in this registry.
Object.assign(registry, dataTransforms, viewTransforms, encode);

/** Axes, text and lines in the theme's colours. */
function chartConfig(theme: Theme): Config {
  const text = { font: theme.fontFamily, fontSize: 11, fill: theme.muted } as const;
  return {
    background: 'transparent',
    text,
    style: { cell: { stroke: 'transparent' } },
    axis: {
      labelColor: theme.muted,
      labelFont: theme.fontFamily,
      labelFontSize: 11,
      titleColor: theme.muted,
      titleFont: theme.fontFamily,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      titlePadding: 4,
      domainColor: theme.line,
      tickColor: theme.line,
      tickSize: 4,
      gridColor: theme.grid,
      gridWidth: 1,
    },
  };
}

/**
 * A running chart. Expressions are interpreted (`ast`), never compiled to functions, so it runs under a content security
 * policy without `unsafe-eval`.
 */
export function createView(
  spec: Spec,
  theme: Theme,
  container: HTMLElement,
  showTooltip: (event: MouseEvent, value: unknown) => void,
): VegaView {
  return new View(parse(spec, chartConfig(theme), { ast: true }), {
    expr: expressionInterpreter,
    renderer: 'canvas',
    container,
    hover: false,
    tooltip: (_handler: unknown, event: MouseEvent, _item: unknown, value: unknown) => {
      showTooltip(event, value);
    },
  });
}
