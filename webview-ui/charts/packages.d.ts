/** The packages that vega is made of come without types; vega's own types cover them. */
declare module 'vega-parser' {
  export { parse } from 'vega-typings';
}
declare module 'vega-view' {
  export { View } from 'vega-typings';
}
declare module 'vega-dataflow' {
  export const transforms: Record<string, unknown>;
}
declare module 'vega-transforms' {
  const transforms: Record<string, unknown>;
  export = transforms;
}
declare module 'vega-view-transforms' {
  const transforms: Record<string, unknown>;
  export = transforms;
}
declare module 'vega-encode' {
  const transforms: Record<string, unknown>;
  export = transforms;
}

/** The chart specifications, compiled from vega-lite to vega by the build (compile-charts.mjs). */
declare module 'generated:charts' {
  import type { Spec } from 'vega-typings';
  const charts: Readonly<
    Record<
      | 'distributionLinear'
      | 'distributionLogarithmic'
      | 'kurtosisByLayer'
      | 'limitByLayer'
      | 'comparedLinear'
      | 'comparedLogarithmic'
      | 'overSteps',
      Spec
    >
  >;
  export = charts;
}

/** Becomes dist/webview.css. */
declare module '*.css';
