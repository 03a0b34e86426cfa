import * as l10n from '@vscode/l10n';
import type { AnalysisStatus } from '../../src/protocol/panel';
import type { LimitEstimate, LimitScope, ReportWarning } from '../../src/report/report';
import { percent } from '../../src/report/number-text';
import { sentenceParts } from './sentence-parts';

/** A piece of the answer: words, or the figure of an estimate. */
export type AnswerPart = string | LimitEstimate;

/** The answer first: one sentence that a person understands, and what to make of it. */
export interface Answer {
  readonly sentence: readonly AnswerPart[];
  readonly note: string;
  /** `caution`: the sentence is a reason not to prune, or not to believe the figures. */
  readonly tone: 'plain' | 'caution';
}

/** What the answer is made from. */
export interface AnswerInput {
  readonly status: AnalysisStatus;
  readonly scope: LimitScope;
  readonly limits: readonly LimitEstimate[];
  readonly warnings: readonly ReportWarning[];
  /** Number of tensors that a limit could prune. */
  readonly prunableTensors: number;
  /** Number of values that the model's curve counts so far. */
  readonly valueCount: number;
  readonly fractionRead: number;
  /** There is a measurement with data, which stands under the answer. */
  readonly measured: boolean;
}

const UNMEASURED = l10n.t('Estimated from the weights alone; the loss has not been measured.');
const MEASURED = l10n.t('Estimated from the weights alone; what was measured with data stands below.');

/** Undefined as long as nothing can be said. */
export function answerFor(input: AnswerInput): Answer | undefined {
  const { status, limits, warnings, scope } = input;
  const finished = status.state === 'complete';
  if (input.prunableTensors === 0) {
    return finished
      ? {
          sentence: [l10n.t('This file holds nothing to prune: it has no floating-point weights.')],
          note: l10n.t('Buffers, constants, optimiser state and integer tensors are not pruned.'),
          tone: 'caution',
        }
      : undefined;
  }
  const best = limits.find((limit) => limit.method === 'cosine-utopia-grid');
  if (best === undefined) {
    if (!finished) return undefined;
    return {
      sentence: [
        input.valueCount === 0
          ? l10n.t('How far this network can be pruned cannot be told: it has no finite weights.')
          : l10n.t('How far this network can be pruned cannot be told from its weights.'),
      ],
      note: warnings[0]?.message ?? l10n.t('No method gives an estimate for these values.'),
      tone: 'caution',
    };
  }
  if (warnings.some((warning) => warning.code === 'at-initialisation')) {
    return {
      sentence: [l10n.t('This network looks untrained: its weights do not tell yet how far it can be pruned.')],
      note: l10n.t(
        'The figures below describe its random initialisation, not what it will learn. Train it, then run this again.',
      ),
      tone: 'caution',
    };
  }
  const safe = limits.find((limit) => limit.method === 'cosine-0.99');
  const estimates = safe === undefined ? [best] : [best, safe];
  const sentence = sentenceParts(
    scope === 'weights'
      ? weightsSentence(finished, safe !== undefined)
      : parametersSentence(finished, safe !== undefined),
    estimates,
  );
  const notes = [
    ...(finished ? [] : [partial(status, input.fractionRead)]),
    ...untrained(warnings),
    input.measured ? MEASURED : UNMEASURED,
  ];
  return { sentence, note: notes.join(' '), tone: 'plain' };
}

/** The sentences keep their placeholders, which are filled with estimates instead of text. */
function weightsSentence(finished: boolean, hasSafe: boolean): string {
  if (finished) {
    return hasSafe
      ? l10n.t('About {0} of the weights can go if you fine-tune afterwards; {1} if you do not.', '{0}', '{1}')
      : l10n.t('About {0} of the weights can go if you fine-tune afterwards.', '{0}');
  }
  return hasSafe
    ? l10n.t('So far, about {0} of the weights can go if you fine-tune afterwards; {1} if you do not.', '{0}', '{1}')
    : l10n.t('So far, about {0} of the weights can go if you fine-tune afterwards.', '{0}');
}

function parametersSentence(finished: boolean, hasSafe: boolean): string {
  if (finished) {
    return hasSafe
      ? l10n.t('About {0} of all parameters can go if you fine-tune afterwards; {1} if you do not.', '{0}', '{1}')
      : l10n.t('About {0} of all parameters can go if you fine-tune afterwards.', '{0}');
  }
  return hasSafe
    ? l10n.t('So far, about {0} of all parameters can go if you fine-tune afterwards; {1} if you do not.', '{0}', '{1}')
    : l10n.t('So far, about {0} of all parameters can go if you fine-tune afterwards.', '{0}');
}

function untrained(warnings: readonly ReportWarning[]): readonly string[] {
  const count = warnings.find((warning) => warning.code === 'layer-at-initialisation')?.tensors?.length;
  if (count === undefined) return [];
  return [
    count === 1
      ? l10n.t('One layer looks untrained: for such weights the figures say nothing.')
      : l10n.t('{0} layers look untrained: for such weights the figures say nothing.', count),
  ];
}

function partial(status: AnalysisStatus, fractionRead: number): string {
  const read = percent(fractionRead);
  return status.state === 'running'
    ? l10n.t('From {0} of the file so far.', read)
    : l10n.t('Partial: from {0} of the file.', read);
}

/** Whether the network looks trained. */
export interface TrainingVerdict {
  readonly title: string;
  readonly detail: string;
}

/** What the warnings say about training; undefined until the model as a whole has been looked at. */
export function trainingVerdict(
  warnings: readonly ReportWarning[],
  status: AnalysisStatus,
  hasLimits: boolean,
): TrainingVerdict | undefined {
  if (!hasLimits) return undefined;
  if (warnings.some((warning) => warning.code === 'at-initialisation')) {
    return { title: l10n.t('At initialisation'), detail: l10n.t('no training to be seen') };
  }
  const fresh = warnings.find((warning) => warning.code === 'layer-at-initialisation');
  if (fresh !== undefined) {
    const count = fresh.tensors?.length ?? 1;
    return {
      title: l10n.t('Trained in part'),
      detail: count === 1 ? l10n.t('1 layer looks untrained') : l10n.t('{0} layers look untrained', count),
    };
  }
  return status.state === 'complete'
    ? { title: l10n.t('Trained'), detail: l10n.t('no layer looks untrained') }
    : undefined;
}
