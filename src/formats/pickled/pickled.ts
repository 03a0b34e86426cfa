import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import { FormatError } from '../errors';
import { tensorRole } from '../roles';
import type { RandomAccessSource } from '../source';
import { isPickle, onlyFile, pickleNotes, readArrayPickle } from '../containers/pickle-checkpoint';

const HEAD_BYTES = 4096;

/** Optimiser state in the dicts of training scripts. */
const OPTIMIZER = /^[^.]*optim/i;

/**
 * Pickles of NumPy arrays (`pickle.dump` of a dict of weights, as Detectron's model zoo has them). Nothing of the pickle
 * is executed; the arrays are read where they are.
 */
export const pickledReader: FormatReader = {
  id: 'pickle',
  extensions: ['pkl', 'pickle'],

  matches: (head) => isPickle(head),

  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    await checkJoblib(source, signal);
    const found = await readArrayPickle(source, signal);
    if (found.arrays.length === 0) {
      throw new FormatError({
        file: source.path,
        offset: 0,
        reason: l10n.t('is a pickle that was not written by torch.save, without NumPy arrays'),
        remedy: l10n.t(
          'In Python, load it if you trust where it comes from, and save its weights with torch.save or numpy.savez.',
        ),
      });
    }
    const names = new Map<string, number>();
    const tensors = found.arrays.map(({ name, array }): TensorEntry => {
      const { dtype, shape } = array;
      const role = OPTIMIZER.test(name) && isFloatingPoint(dtype) ? 'optimizer' : tensorRole(name, shape, dtype);
      return { name: unique(name, names), ...array, role };
    });
    return {
      format: 'pickle',
      formatLabel: l10n.t('Pickle of NumPy arrays'),
      files: onlyFile(source),
      tensors,
      notes: pickleNotes(found),
    };
  },
};

/** joblib writes arrays between the instructions of the pickle. */
async function checkJoblib(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<void> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
  if (!Buffer.from(head).includes('joblib.numpy_pickle')) return;
  throw new FormatError({
    file: source.path,
    offset: 0,
    reason: l10n.t('was written by joblib, whose pickles are not read'),
    remedy: l10n.t('In Python, load it if you trust where it comes from, and save its weights with numpy.savez.'),
  });
}

/** Keys with dots in them may give the same name twice. */
function unique(name: string, taken: Map<string, number>): string {
  const copies = (taken.get(name) ?? 0) + 1;
  taken.set(name, copies);
  return copies === 1 ? name : unique(`${name} (${copies})`, taken);
}
