import type { TopLevelSpec } from 'vega-lite';

type UnitEncoding = NonNullable<Extract<TopLevelSpec, { mark: unknown; encoding?: unknown }>['encoding']>;

/** What an x or y channel says beside its field. */
export type Position = Omit<Extract<NonNullable<UnitEncoding['x']>, { axis?: unknown }>, 'field'>;

/** A layer of a layered specification. */
export type ChartLayer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];
