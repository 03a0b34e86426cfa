import type { ModelDescription } from '../protocol/description';
import { compactFile, compactNumber, percentText, type CompactFile } from './compact';

/** What a language model is told of a file's header. The field names are stable. */
export interface DescriptionResult {
  readonly schema: 'prunability-agent-description/1';
  readonly file: CompactFile;
  readonly tensors: number;
  readonly parameters: { readonly total: number; readonly prunable: number };
  /** Elements by type, as stored, the most frequent first. */
  readonly dtypes: Readonly<Record<string, number>>;
  /** What an earlier analysis of this very file has found; null if there is none. */
  readonly analysis: {
    readonly answer: string;
    readonly limit: number | null;
    readonly limitWithoutFineTuning: number | null;
    readonly kurtosis: number | null;
    readonly initialisation: string;
  } | null;
}

export function descriptionResult(description: ModelDescription): DescriptionResult {
  const { file, tensorCount, count, prunableCount, dtypes, analysis } = description;
  return {
    schema: 'prunability-agent-description/1',
    file: compactFile(file),
    tensors: tensorCount,
    parameters: { total: count, prunable: prunableCount },
    dtypes: Object.fromEntries(dtypes.map(({ dtype, count: elements }) => [dtype, elements])),
    analysis:
      analysis === null
        ? null
        : {
            answer:
              analysis.limit === null
                ? 'Analyzed before: no limit.'
                : `Analyzed before: about ${percentText(analysis.limit)} can be pruned with fine-tuning. analyze_prunability tells more.`,
            limit: compactNumber(analysis.limit),
            limitWithoutFineTuning: compactNumber(analysis.limitWithoutTuning),
            kurtosis: compactNumber(analysis.kurtosis),
            initialisation: analysis.initialisation,
          },
  };
}
