import { FormatError } from '../formats/errors';
import type { Checkpoint } from '../formats/checkpoint';
import { isRecognised } from '../formats/registry';
import { isPrunable } from '../formats/roles';
import type { DescribeRequest, DescriptionResult } from '../protocol/description';
import { shortStoredType } from '../report/type-text';
import { fileFacts } from './file-facts';
import { modelKey } from './model-key';
import type { ResultCache } from './result-cache';
import { openModel } from './open-model';
import { withOptimizerState } from './optimizer-beside';

/**
 * What a model file is, from its header. A file that cannot be read is an answer, not an error: descriptions are made
 * of files that nobody has asked to open.
 * @throws CancelledError
 */
export async function describeModel(
  { path, contentOnly }: DescribeRequest,
  cache: ResultCache | undefined,
  signal: AbortSignal,
): Promise<DescriptionResult> {
  const recognised = !contentOnly || (await isRecognised(path, signal));
  if (!recognised) return { state: 'unreadable', recognised, path, reason: 'is no model', remedy: '' };
  try {
    const opened = await openModel(path, signal);
    try {
      const { checkpoint, file } = opened;
      const own = checkpoint.tensors.filter(({ aliasOf }) => aliasOf === undefined);
      return {
        state: 'readable',
        file: fileFacts(path, checkpoint),
        mainFile: file,
        tensorCount: checkpoint.tensors.length,
        count: own.reduce((sum, { count }) => sum + count, 0),
        prunableCount: own.reduce((sum, { role, dtype, count }) => sum + (isPrunable(role, dtype) ? count : 0), 0),
        dtypes: dtypeMix(own),
        analysis: (await cache?.summary(await modelKey(await withOptimizerState(opened, signal)))) ?? null,
      };
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { file, reason, offset, tensor, remedy } = error.detail;
    return { state: 'unreadable', recognised, path: file, reason, offset, tensor, remedy };
  }
}

function dtypeMix(tensors: Checkpoint['tensors']): { dtype: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { storage, storedAs, count } of tensors) {
    const dtype = shortStoredType(storedAs ?? storage.dtype);
    counts.set(dtype, (counts.get(dtype) ?? 0) + count);
  }
  return [...counts].map(([dtype, count]) => ({ dtype, count })).sort((a, b) => b.count - a.count);
}
