import type { AnalysisStatus } from '../../src/protocol/panel';
import type { LimitEstimate, LimitScope, ReportWarning } from '../../src/report/report';
import { percent } from './number-text';

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
}

const UNMEASURED = 'Estimated from the weights alone; the loss has not been measured.';

/** Undefined as long as nothing can be said. */
export function answerFor(input: AnswerInput): Answer | undefined {
  const { status, limits, warnings, scope } = input;
  const finished = status.state === 'complete';
  if (input.prunableTensors === 0) {
    return finished
      ? {
          sentence: ['This file holds nothing to prune: it has no floating-point weights.'],
          note: 'Buffers, constants, optimiser state and integer tensors are not pruned.',
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
          ? 'How far this network can be pruned cannot be told: it has no finite weights.'
          : 'How far this network can be pruned cannot be told from its weights.',
      ],
      note: warnings[0]?.message ?? 'No method gives an estimate for these values.',
      tone: 'caution',
    };
  }
  if (warnings.some((warning) => warning.code === 'at-initialisation')) {
    return {
      sentence: ['This network looks untrained: its weights do not tell yet how far it can be pruned.'],
      note: 'The figures below describe its random initialisation, not what it will learn. Train it, then run this again.',
      tone: 'caution',
    };
  }
  const safe = limits.find((limit) => limit.method === 'cosine-0.99');
  const what = scope === 'weights' ? 'the weights' : 'all parameters';
  const sentence: AnswerPart[] = [
    finished ? 'About ' : 'So far, about ',
    best,
    ` of ${what} can go if you fine-tune afterwards`,
  ];
  if (safe === undefined) sentence.push('.');
  else sentence.push('; ', safe, ' if you do not.');
  const notes = [...(finished ? [] : [partial(status, input.fractionRead)]), ...untrained(warnings), UNMEASURED];
  return { sentence, note: notes.join(' '), tone: 'plain' };
}

function untrained(warnings: readonly ReportWarning[]): readonly string[] {
  const count = warnings.find((warning) => warning.code === 'layer-at-initialisation')?.tensors?.length;
  if (count === undefined) return [];
  return [
    `${count === 1 ? 'One layer looks' : `${String(count)} layers look`} untrained: for such weights the figures say nothing.`,
  ];
}

function partial(status: AnalysisStatus, fractionRead: number): string {
  const read = percent(fractionRead);
  return status.state === 'running' ? `From ${read} of the file so far.` : `Partial: from ${read} of the file.`;
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
    return { title: 'At initialisation', detail: 'no training to be seen' };
  }
  const fresh = warnings.find((warning) => warning.code === 'layer-at-initialisation');
  if (fresh !== undefined) {
    const count = fresh.tensors?.length ?? 1;
    return {
      title: 'Trained in part',
      detail: `${String(count)} ${count === 1 ? 'layer looks' : 'layers look'} untrained`,
    };
  }
  return status.state === 'complete' ? { title: 'Trained', detail: 'no layer looks untrained' } : undefined;
}
