import * as l10n from '@vscode/l10n';
import { nameText } from '../../src/report/name-text';
import { fixed, NO_NUMBER, percent } from '../../src/report/number-text';
import type { PanelModel } from './panel-model';

/** One layer as the charts over all layers read it. */
export interface LayerDatum {
  readonly index: number;
  /** Place on the axis: position among the layers of the scope, in file order. */
  readonly order: number;
  readonly name: string;
  readonly kurtosis: number | null;
  readonly limit: number | null;
  readonly kurtosisText: string;
  readonly limitText: string;
  /** What is told under the pointer, line by line. */
  readonly tip: readonly string[];
}

/** The layers of the present scope that have been read, with the ends of the charts' axes. */
export interface LayerSeries {
  readonly layers: readonly LayerDatum[];
  readonly last: number;
  /** Ends of the kurtosis axis; uniform (1.8) and Laplace (6) are always on it. */
  readonly lowestKurtosis: number;
  readonly highestKurtosis: number;
  /** Lower end of the limit axis. */
  readonly lowestLimit: number;
}

/** Limits all lie near each other: the axis begins a fifth under the lowest, at a round number. */
const LIMIT_STEP = 0.1;

/** Reads the series off the model. */
export function layerSeries(model: PanelModel): LayerSeries {
  const layers: LayerDatum[] = [];
  let order = 0;
  model.tensors.forEach((tensor, index) => {
    if (!model.isInScope(index) || tensor.aliasOf !== undefined) return;
    const statistics = model.statistics(index);
    const place = order++;
    if (statistics === undefined) return;
    const { kurtosis, limit } = statistics;
    const name = nameText(tensor.name);
    const kurtosisText = fixed(kurtosis, 2);
    const limitText = limit === null ? NO_NUMBER : percent(limit);
    layers.push({
      index,
      order: place,
      name,
      kurtosis,
      limit,
      kurtosisText,
      limitText,
      tip: [l10n.t('layer: {0}', name), l10n.t('kurtosis: {0}', kurtosisText), l10n.t('limit: {0}', limitText)],
    });
  });
  const kurtoses = layers.flatMap(({ kurtosis }) => (kurtosis === null ? [] : [kurtosis]));
  const limits = layers.flatMap(({ limit }) => (limit === null ? [] : [limit]));
  const lowest = limits.reduce((low, limit) => Math.min(low, limit), 1);
  return {
    layers,
    last: Math.max(order, 1) - 0.5,
    lowestKurtosis: kurtoses.reduce((low, kurtosis) => Math.min(low, kurtosis), 1.7) * 0.95,
    highestKurtosis: kurtoses.reduce((high, kurtosis) => Math.max(high, kurtosis), 6.5) * 1.1,
    lowestLimit: Math.max(0, Math.floor((lowest - LIMIT_STEP) / LIMIT_STEP) * LIMIT_STEP),
  };
}
