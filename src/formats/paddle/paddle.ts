import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext, TensorEntry, TensorRole } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import { FormatError } from '../errors';
import { tensorRole } from '../roles';
import { isPickle, onlyFile, pickleNotes, readArrayPickle } from '../containers/pickle-checkpoint';
import type { PickledArray } from '../containers/pickled-arrays';
import { openInference, startsAsTensor } from './inference-parameters';
import { joinSlices, NAME_TABLE, SLICES } from './paddle-slices';
import type { RandomAccessSource } from '../source';

/** What Paddle's optimisers keep for each parameter, and dicts of them in checkpoints. */
const OPTIMIZER =
  /^[^.]*(optim|\bopt\b)|_(moment[12]?|velocity|beta[12]_pow_acc|mean_square|mean_grad|momentum)_\d+$|^(LR_Scheduler|master_weights)\b/i;

/** Running statistics of its normalisation layers. */
const STATISTICS = /(^|\.)_(mean|variance)$/;

/**
 * PaddlePaddle: what `paddle.save` writes, a pickle of NumPy arrays (`python/paddle/framework/io.py`). Nothing of the
 * pickle is executed; and the weights of inference models, `.pdiparams`.
 */
export const paddleReader: FormatReader = {
  id: 'paddle',
  extensions: ['pdparams', 'pdopt', 'pdiparams', 'pdmodel'],

  matches(head: Uint8Array, source: RandomAccessSource): boolean {
    const extension = extensionOf(source);
    if (extension === '.pdparams' || extension === '.pdopt') return isPickle(head);
    return extension === '.pdiparams' || extension === '.pdmodel' || startsAsTensor(head);
  },

  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    checkKind(source);
    const head = await source.read(0, Math.min(source.size, 4096), signal);
    if (startsAsTensor(head) || extensionOf(source) === '.pdiparams') return await openInference(context);
    const found = await readArrayPickle(source, signal, new Set([NAME_TABLE, SLICES]));
    const arrays = joinSlices(found);
    const tensors = arrays.map(({ name, array }) => describe(name, array));
    if (tensors.length > 0 && tensors.every(({ role }) => role === 'optimizer')) throw optimizerOnly(source);
    return {
      format: 'paddle',
      formatLabel: 'PaddlePaddle',
      files: onlyFile(source),
      tensors,
      notes: pickleNotes(found),
    };
  },
};

function extensionOf({ path: file }: RandomAccessSource): string {
  return path.extname(file).toLowerCase();
}

function checkKind(source: RandomAccessSource): void {
  const extension = extensionOf(source);
  if (extension === '.pdopt') throw optimizerOnly(source);
  if (extension !== '.pdmodel') return;
  throw new FormatError({
    file: source.path,
    offset: 0,
    reason: l10n.t('is the program of an inference model of PaddlePaddle, without its weights'),
    remedy: l10n.t('Open {0} beside it.', path.basename(source.path).replace(/pdmodel$/i, 'pdiparams')),
  });
}

function optimizerOnly(source: RandomAccessSource): FormatError {
  return new FormatError({
    file: source.path,
    reason: l10n.t('holds the state of an optimiser, but no weights'),
    remedy: l10n.t('Open the file of the weights beside it, which ends in .pdparams.'),
  });
}

function describe(name: string, { dtype, shape, count, storage }: PickledArray): TensorEntry {
  // NumPy has no bfloat16; Paddle hands its bits over as uint16, and takes them so.
  if (dtype === 'uint16') {
    const role = roleOf(name, shape, 'bfloat16');
    return { name, dtype: 'bfloat16', shape, count, role, storage: { ...storage, dtype: 'bfloat16' } };
  }
  return { name, dtype, shape, count, role: roleOf(name, shape, dtype), storage };
}

function roleOf(name: string, shape: readonly number[], dtype: TensorEntry['dtype']): TensorRole {
  if (OPTIMIZER.test(name)) return 'optimizer';
  if (STATISTICS.test(name) && isFloatingPoint(dtype)) return 'buffer';
  return tensorRole(name, shape, dtype);
}
