import * as l10n from '@vscode/l10n';
import type { AnalysisStatus } from '../../src/protocol/panel';
import type { RunStep } from '../../src/report/comparison';
import { fixed, grouped, limitPercent } from '../../src/report/number-text';
import { changeText, cosineText, fromTo } from './difference-text';
import { figure } from './emphasis';

/** What the run did to the network, in one sentence. */
export interface RunAnswer {
  /** Figures are marked (emphasis.ts). */
  readonly sentence: string;
  readonly notes: readonly string[];
  readonly tone: 'plain' | 'caution';
}

/** Kurtosis of a step over the same tensors as its limit. */
export function stepKurtosis({ model }: RunStep): number | null {
  return model.weightCount > 0 ? model.kurtosisWeights : model.kurtosis;
}

/** Undefined as long as nothing can be said. */
export function runAnswer(steps: readonly RunStep[], status: AnalysisStatus): RunAnswer | undefined {
  const readable = steps.filter(({ unreadable }) => unreadable === undefined);
  const [first] = readable;
  const last = readable.at(-1);
  const lost = steps.length - readable.length;
  const notes: string[] = [];
  if (lost === 1) notes.push(l10n.t('One checkpoint could not be read.'));
  else if (lost > 1) notes.push(l10n.t('{0} checkpoints could not be read.', grouped(lost)));
  if (first === undefined || last === undefined) {
    if (status.state !== 'complete') return undefined;
    return {
      sentence:
        steps.length === 0
          ? l10n.t('This folder holds no checkpoints of a run.')
          : l10n.t('None of these checkpoints could be read.'),
      notes: [],
      tone: 'caution',
    };
  }
  if (status.state === 'running') notes.unshift(l10n.t('Steps are still being read.'));
  else if (status.state !== 'complete') notes.unshift(l10n.t('Not all steps were read.'));
  if (first === last) {
    return {
      sentence: l10n.t('Only one checkpoint, step {0}, could be read.', String(first.step)),
      notes,
      tone: 'plain',
    };
  }
  if (first.model.initialisation === 'at-initialisation') {
    notes.push(l10n.t('At step {0} the network is untrained: its limit means nothing.', String(first.step)));
  }
  const { toPrevious, toFirst } = last;
  if (toPrevious !== null) {
    notes.push(l10n.t('The last step moved the weights by {0}.', changeText(toPrevious.relativeChange)));
  }
  const cosine = figure(cosineText(toFirst?.cosineSimilarity));
  const limits = [first, last].map(({ limit }) => limit);
  const [from, to] = limits;
  const range = [String(first.step), String(last.step)];
  const kurtosis = figure(fromTo(fixed(stepKurtosis(first), 1), fixed(stepKurtosis(last), 1)));
  const sentence =
    from === null || from === undefined || to === null || to === undefined
      ? l10n.t('From step {0} to {1}: cosine {2} between first and last, kurtosis {3}.', ...range, cosine, kurtosis)
      : l10n.t(
          'From step {0} to {1}: predicted limit {2}, kurtosis {3}, cosine {4} between first and last.',
          ...range,
          figure(fromTo(limitPercent(from), limitPercent(to))),
          kurtosis,
          cosine,
        );
  return { sentence, notes, tone: 'plain' };
}
