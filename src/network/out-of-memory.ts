import * as l10n from '@vscode/l10n';
import { OutOfMemoryError } from '../formats/errors';

/** What V8 (typed arrays), Emscripten (the heap of the wasm backend) and WebGPU say when there is no more memory. */
const OUT_OF_MEMORY = /allocation failed|out of memory|\boom\b|cannot enlarge memory|memory access out of bounds/i;

/** Whether an error of a backend means that its memory was not enough. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof OutOfMemoryError || (error instanceof Error && OUT_OF_MEMORY.test(error.message));
}

/** What to tell of it. */
export function outOfMemory(batchSize: number): OutOfMemoryError {
  return new OutOfMemoryError(
    l10n.t(
      'The memory is not enough for {0} samples at a time. Take smaller batches: set "batch" in .prunability.json beside the model.',
      batchSize,
    ),
  );
}
