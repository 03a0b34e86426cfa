import * as l10n from '@vscode/l10n';
import type { Measurement } from '../../src/report/measurement';
import { significant } from '../../src/report/number-text';
import { figureText, thresholdText } from './measured-answer';
import type { MeasuredFigures } from '../../src/limits/measured-figures';
import type { MeasurementTerm } from './measurement-glossary';
import type { Marker, MarkerId } from './sparsity-plot';

/** What explains a marker; that of the cosine explains itself as an estimate. */
export const MARKER_TERMS: Readonly<Record<Exclude<MarkerId, 'cosine'>, MeasurementTerm> & { cosine?: never }> = {
  prediction: 'curvatureLimit',
  sublevel: 'sublevelLimit',
  onePoint: 'onePointLimit',
  direct: 'directLimit',
  bound: 'traceLimit',
};

/** The limits that stand as lines in the chart of the loss. @param cosine the data-free limit of the file, if there is one */
export function sparsityMarkers(figures: MeasuredFigures, cosine: number | undefined): readonly Marker[] {
  const { prediction, sublevel, onePoint, direct } = figures;
  const marker = (id: MarkerId, prunedFraction: number, value: string, name: string): Marker => ({
    id,
    prunedFraction,
    value,
    name,
  });
  return [
    ...(prediction === undefined
      ? []
      : [marker('prediction', prediction.prunedFraction, figureText(prediction.prunedFraction), l10n.t('predicted'))]),
    ...(sublevel === undefined
      ? []
      : [marker('sublevel', sublevel.prunedFraction, thresholdText(sublevel), l10n.t('loss within ε'))]),
    ...(onePoint === undefined
      ? []
      : [marker('onePoint', onePoint.prunedFraction, thresholdText(onePoint), l10n.t('accuracy −1 point'))]),
    ...(direct === undefined
      ? []
      : [marker('direct', direct.prunedFraction, thresholdText(direct), l10n.t('direct test'))]),
    ...(prediction?.traceBound === undefined
      ? []
      : [marker('bound', prediction.traceBound, figureText(prediction.traceBound), l10n.t('trace bound'))]),
    ...(cosine === undefined ? [] : [marker('cosine', cosine, figureText(cosine), l10n.t('cosine'))]),
  ];
}

/** The chart in a sentence, for those who do not see it. */
export function summaryText({ dense }: Measurement, markers: readonly Marker[]): string {
  return l10n.t(
    'Loss by pruned fraction, from {0} of the unpruned network. Limits: {1}.',
    significant(dense.loss),
    markers.map(({ name, value }) => `${name} ${value}`).join(', '),
  );
}
