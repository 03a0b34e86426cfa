import { setImmediate } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { ExtentReader } from '../engine/extent-reader';
import { ValueStream } from '../engine/value-stream';
import type { Checkpoint, TensorEntry } from '../formats/checkpoint';
import { FormatError, throwIfCancelled } from '../formats/errors';
import { firstFile } from '../formats/storage';
import { spanOf } from '../values/view-parts';

/**
 * Parameters of a network that is run: 400 MB as float32, of which measuring keeps some ten copies (weights, gradients,
 * the vectors of an iteration). Networks beyond are out of reach of the backends at hand anyway.
 */
export const MAX_RUN_PARAMETERS = 100_000_000;

/** Values that are read at once: after so many the event loop gets its turn, so that reading can be cancelled. */
const BLOCK_VALUES = 1 << 20;

/**
 * All values of a tensor as float32, in C order, whatever they are stored as.
 * @throws {FormatError} if it has more than {@link MAX_RUN_PARAMETERS} values, or the file cannot be read;
 *   {@link CancelledError} once the signal is raised
 */
export async function readTensorValues(
  checkpoint: Checkpoint,
  { name, shape, count, storage }: TensorEntry,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  throwIfCancelled(signal);
  const span = storage.strides === undefined ? count : spanOf({ shape, strides: storage.strides });
  checkParameterCount(Math.max(count, span), checkpoint.files[firstFile(storage)]?.path ?? '', name);
  const values = new Float32Array(count);
  if (count === 0) return values;
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const cancel = (): void => {
    Atomics.store(cancelled, 0, 1);
  };
  signal?.addEventListener('abort', cancel);
  const reader = new ExtentReader(checkpoint.files, cancelled);
  try {
    const stream = new ValueStream({ storage, shape, first: 0, count }, checkpoint.files, reader, true, BLOCK_VALUES);
    for (let done = 0; done < count; done += BLOCK_VALUES) {
      values.set(await stream.next(Math.min(BLOCK_VALUES, count - done)), done);
      await setImmediate();
      throwIfCancelled(signal);
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    reader.close();
  }
  return values;
}

/** @throws {FormatError} if there are more parameters than {@link MAX_RUN_PARAMETERS}. */
export function checkParameterCount(count: number, file: string, tensor?: string): void {
  if (count <= MAX_RUN_PARAMETERS) return;
  throw new FormatError({
    file,
    tensor,
    reason: l10n.t('has {0} values; networks of at most {1} parameters can be run', count, MAX_RUN_PARAMETERS),
    remedy: l10n.t('Measure a smaller network of the same kind.'),
  });
}
