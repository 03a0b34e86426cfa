import * as l10n from '@vscode/l10n';
import type { PruneThreshold } from '../../src/limits/sweep-thresholds';
import { limitPercent, percent } from '../../src/report/number-text';
import { sentenceParts } from '../model/sentence-parts';
import type { MeasuredFigures } from '../../src/limits/measured-figures';
import type { MeasurementTerm } from './measurement-glossary';

/** A figure of the answer, and the term that explains it. */
export interface AnswerFigure {
  readonly text: string;
  readonly term: MeasurementTerm;
}

export interface MeasuredAnswer {
  readonly sentence: readonly (string | AnswerFigure)[];
  /** What prediction and measurement say to each other; absent until there are both. */
  readonly comparison?: { readonly text: string; readonly agrees: boolean };
}

/** Prediction and measurement that are nearer than this agree: L1-trained networks were within it. */
const AGREEMENT = 0.02;

/** Undefined as long as there is neither a prediction nor a measured limit. */
export function measuredAnswer(figures: MeasuredFigures): MeasuredAnswer | undefined {
  const { prediction, sublevel, onePoint } = figures;
  if (prediction === undefined && sublevel === undefined) return undefined;
  return {
    sentence: sentence(figures),
    ...(prediction === undefined || sublevel === undefined || isOpen(sublevel)
      ? {}
      : { comparison: comparison(prediction.prunedFraction, sublevel.prunedFraction, onePoint?.prunedFraction) }),
  };
}

function sentence({ prediction, sublevel, onePoint }: MeasuredFigures): readonly (string | AnswerFigure)[] {
  const predicted = prediction && figure(prediction.prunedFraction, 'curvatureLimit');
  const kept = sublevel && measuredFigure(sublevel, 'sublevelLimit');
  const accurate = onePoint && measuredFigure(onePoint, 'onePointLimit');
  if (kept === undefined) {
    return sentenceParts(
      l10n.t('Predicted: {0} can be pruned; how the loss grows has not been measured yet.', '{0}'),
      present(predicted),
    );
  }
  if (predicted === undefined) {
    return accurate === undefined
      ? sentenceParts(l10n.t('Measured: the loss stays within ε up to {0}.', '{0}'), present(kept))
      : sentenceParts(
          l10n.t('Measured: the loss stays within ε up to {0}, accuracy falls by one point at {1}.', '{0}', '{1}'),
          present(kept, accurate),
        );
  }
  return accurate === undefined
    ? sentenceParts(
        l10n.t('Predicted: {0} can be pruned; measured: the loss stays within ε up to {1}.', '{0}', '{1}'),
        present(predicted, kept),
      )
    : sentenceParts(
        l10n.t(
          'Predicted: {0} can be pruned; measured: the loss stays within ε up to {1}, accuracy falls by one point at {2}.',
          '{0}',
          '{1}',
          '{2}',
        ),
        present(predicted, kept, accurate),
      );
}

/** One decimal: prediction and measurement are told apart by less than a point. */
export function figureText(fraction: number): string {
  return fraction > 0.9995 || fraction < 0.0005 ? limitPercent(fraction) : percent(fraction, 1);
}

/** A threshold as text; one beyond which nothing has been measured is a lower bound. */
export function thresholdText(threshold: PruneThreshold): string {
  const text = figureText(threshold.prunedFraction);
  return isOpen(threshold) ? `≥\u202f${text}` : text;
}

function isOpen({ prunedFraction, next }: PruneThreshold): boolean {
  return next === undefined && prunedFraction < 1;
}

function figure(fraction: number, term: MeasurementTerm): AnswerFigure {
  return { text: figureText(fraction), term };
}

function measuredFigure(threshold: PruneThreshold, term: MeasurementTerm): AnswerFigure {
  return { text: thresholdText(threshold), term };
}

function present(...figures: readonly (AnswerFigure | undefined)[]): readonly AnswerFigure[] {
  return figures.filter((each) => each !== undefined);
}

function comparison(
  predicted: number,
  measured: number,
  onePoint: number | undefined,
): { readonly text: string; readonly agrees: boolean } {
  const points = Math.abs(100 * (predicted - measured)).toFixed(1);
  if (Math.abs(predicted - measured) <= AGREEMENT) {
    return { text: l10n.t('Prediction and measurement agree to {0} points.', points), agrees: true };
  }
  const text =
    predicted > measured
      ? l10n.t('They disagree: the prediction is {0} points above what the loss allows. Go by the measurement.', points)
      : l10n.t('They disagree: the loss allows {0} points more than predicted. Go by the measurement.', points);
  // the prediction sometimes meets what accuracy allows where it misses what the loss allows
  return onePoint !== undefined && predicted > measured && predicted <= onePoint
    ? {
        text: `${text} ${l10n.t('Accuracy would still be within one point at the predicted fraction.')}`,
        agrees: false,
      }
    : { text, agrees: false };
}
