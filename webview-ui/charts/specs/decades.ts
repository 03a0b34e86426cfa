const IS_DECADE = 'abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 0.01';

/** A logarithmic axis with marks at the powers of ten alone. */
export const DECADES = {
  labelExpr: `${IS_DECADE} ? format(datum.value, '~%') : ''`,
  gridOpacity: { condition: { test: IS_DECADE, value: 1 }, value: 0 },
} as const;
