import * as l10n from '@vscode/l10n';
import type { TensorComparison } from '../../src/report/comparison';
import type { TensorReport } from '../../src/report/report';
import { fixed, grouped, limitPercent, NO_NUMBER, shapeText, significant } from '../../src/report/number-text';
import { maskOverlap, zeroFraction } from './comparison-columns';
import type { ComparisonTerm } from './comparison-terms';
import { changeText, cosineText, intervalText, signed } from './difference-text';
import { limitText, shiftText, tensorLimit, zerosText } from './tensor-cell';

/** A figure that both sides have. */
export interface SideFigure {
  readonly label: string;
  readonly term?: ComparisonTerm;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
}

/** A figure of the pair. */
export interface PairFigure {
  readonly label: string;
  readonly term?: ComparisonTerm;
  readonly value: string;
}

/** Figures of a tensor, side by side; a side that it is not on has none. */
export function sideFigures({ before, after }: TensorComparison): readonly SideFigure[] {
  const row = (
    label: string,
    text: (side: TensorReport) => string,
    difference?: readonly [figure: (side: TensorReport) => number | null, text: (by: number) => string],
    term?: ComparisonTerm,
  ): SideFigure => {
    const [from, to] = [before, after].map((side) => (side === null ? null : (difference?.[0](side) ?? null)));
    const by = from === null || from === undefined || to === null || to === undefined ? undefined : to - from;
    return {
      label,
      ...(term === undefined ? {} : { term }),
      before: before === null ? NO_NUMBER : text(before),
      after: after === null ? NO_NUMBER : text(after),
      difference: by === undefined ? '' : (difference?.[1](by) ?? ''),
    };
  };
  return [
    row(l10n.t('Shape'), ({ shape }) => shapeText(shape)),
    row(l10n.t('Type'), ({ dtype, storedDtype }) => storedDtype ?? dtype),
    row(l10n.t('Limit'), (side) => limitText(tensorLimit(side)), [tensorLimit, (by) => signed(100 * by, 0)], 'limit'),
    row(
      l10n.t('Kurtosis'),
      ({ kurtosis }) => fixed(kurtosis, 2),
      [({ kurtosis }) => kurtosis, (by) => signed(by, 2)],
      'kurtosis',
    ),
    row(l10n.t('Zeros'), (side) => zerosText(zeroFraction(side)), [zeroFraction, (by) => signed(100 * by, 1)], 'zeros'),
    row(l10n.t('Std'), ({ std }) => significant(std)),
    row(l10n.t('Mean'), ({ mean }) => significant(mean, 2)),
    row(l10n.t('Min'), ({ min }) => significant(min)),
    row(l10n.t('Max'), ({ max }) => significant(max)),
    row(l10n.t('L2 norm'), ({ l2Norm }) => significant(l2Norm)),
    ...([before, after].some((side) => side !== null && side.nanCount + side.infCount > 0)
      ? [row(l10n.t('Not finite'), ({ nanCount, infCount }) => grouped(nanCount + infCount))]
      : []),
  ];
}

/** Figures of the two taken together. */
export function pairFigures({ pair, shift, pruning }: TensorComparison): readonly PairFigure[] {
  const figures: PairFigure[] = [];
  if (pair !== null) {
    figures.push(
      { label: l10n.t('Cosine'), term: 'cosine', value: cosineText(pair.cosineSimilarity) },
      { label: l10n.t('Relative change'), term: 'relativeChange', value: changeText(pair.relativeChange) },
      { label: l10n.t('Largest change'), value: significant(pair.maxChange) },
      {
        label: l10n.t('Unchanged'),
        value: l10n.t('{0} of {1}', grouped(pair.equalCount), grouped(pair.count)),
      },
    );
  }
  if (shift !== null) {
    figures.push(
      { label: l10n.t('KS shift'), term: 'kolmogorovSmirnov', value: shiftText(shift.kolmogorovSmirnov) },
      {
        label: l10n.t('Wasserstein'),
        term: 'wasserstein',
        value:
          shift.relativeWasserstein === null
            ? significant(shift.wasserstein)
            : l10n.t('{0} ({1} σ)', significant(shift.wasserstein), shiftText(shift.relativeWasserstein)),
      },
    );
  }
  const overlap = maskOverlap(pair);
  if (overlap !== null) {
    figures.push({ label: l10n.t('Mask overlap'), term: 'maskOverlap', value: limitPercent(overlap) });
  }
  if (pruning !== null) {
    figures.push(
      { label: l10n.t('Pruned'), value: grouped(pruning.prunedCount) },
      { label: l10n.t('Revived'), value: grouped(pruning.revivedCount) },
      { label: l10n.t('L1 rule'), term: 'layerRule', value: intervalText(pruning.layerwiseMagnitude.interval) },
    );
  }
  return figures;
}
