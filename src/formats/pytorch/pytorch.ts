import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext } from '../checkpoint';
import { FormatError } from '../errors';
import { listed } from '../name-list';
import { importNote } from './pytorch-imports';
import { isTorchLegacy, openTorchLegacy } from './pytorch-legacy';
import { nameTensors, type NamedTensors } from './pytorch-sections';
import { placeTensors } from './pytorch-views';
import { isModule, walkContext } from './pytorch-walk';
import { openTorchZip, type TorchContainer } from './pytorch-zip';
import type { RandomAccessSource } from '../source';

const EXTENSIONS = ['pt', 'pth', 'bin', 'ckpt', 'pkl', 'pickle', 'tar'];

const HEAD_BYTES = 4096;

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

const SAVE_AGAIN = l10n.t('In Python, load it and save its weights: torch.save(model.state_dict(), "weights.pt").');

/**
 * PyTorch: what `torch.save` writes, as a zip archive (since 1.6) or as pickles in a row (before), and TorchScript
 * archives. Nothing of the pickle is executed; see `pickle.ts`.
 */
export const pytorchReader: FormatReader = {
  id: 'pytorch',
  extensions: EXTENSIONS,

  matches(head: Uint8Array, source: RandomAccessSource): boolean {
    if (isZip(head)) return hasTorchEntry(head) || hasOwnExtension(source);
    return isTorchLegacy(head) || isTorchTar(head) || (hasOwnExtension(source) && isPickle(head));
  },

  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
    if (isZip(head)) return describe(source, await openTorchZip(source, signal));
    if (isTorchLegacy(head)) return describe(source, await openTorchLegacy(source, signal));
    throw notTorch(source, head);
  },
};

function describe(source: RandomAccessSource, { label, pickle, storages }: TorchContainer): Checkpoint {
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({
      file: source.path,
      reason,
      tensor: tensor === '' ? undefined : tensor,
      remedy: l10n.t('The file is damaged or not written by PyTorch: check where it comes from, or save it again.'),
    });
  const named = nameTensors(pickle.value, walkContext(pickle.opcodes, fail));
  checkWeights(source, named);
  const { entries, notes } = placeTensors(named.tensors, storages, fail);
  return {
    format: 'pytorch',
    formatLabel: isModule(pickle.value) ? l10n.t('{0}, whole module', label) : label,
    files: [{ path: source.path, size: source.size }],
    tensors: entries,
    notes: [importNote(pickle.globals.keys()), ...notes, copiesNote(named), unreadableNote(named)].filter(
      (note) => note !== undefined,
    ),
  };
}

function checkWeights(source: RandomAccessSource, { tensors, unreadable }: NamedTensors): void {
  if (tensors.some(({ role }) => role !== 'optimizer')) return;
  const [first] = unreadable;
  if (first !== undefined) {
    throw new FormatError({
      file: source.path,
      tensor: first.name,
      reason: l10n.t('is {0}, which is not read, and there are no other tensors', first.reason),
      remedy: l10n.t('Save the model with dense weights.'),
    });
  }
  const reason =
    tensors.length > 0 ? l10n.t('holds the state of an optimiser, but no weights') : l10n.t('holds no weights');
  throw new FormatError({ file: source.path, reason, remedy: SAVE_AGAIN });
}

function copiesNote({ copies, tensors }: NamedTensors): CheckpointNote | undefined {
  if (copies.length === 0) return undefined;
  const names = tensors
    .filter(({ name }) => copies.some((copy) => name.startsWith(`${copy}.`)))
    .map(({ name }) => name);
  return {
    code: 'weight-copies',
    message: l10n.t(
      '{0} holds a second copy of the weights, which is listed but not counted.',
      copies.slice(0, MAX_NAMES).join(', '),
    ),
    tensors: names,
  };
}

function unreadableNote({ unreadable }: NamedTensors): CheckpointNote | undefined {
  if (unreadable.length === 0) return undefined;
  const shown = unreadable.slice(0, MAX_NAMES).map(({ name, reason }) => `${name} (${reason})`);
  return {
    code: 'tensors-not-read',
    message: l10n.t('These tensors are not read, and not counted: {0}.', listed(shown, unreadable.length)),
    tensors: unreadable.map(({ name }) => name),
  };
}

function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;
}

/** The name of the archive's first entry: `NAME/data.pkl`, `NAME/version`, … */
function hasTorchEntry(head: Uint8Array): boolean {
  const length = (head[26] ?? 0) + 256 * (head[27] ?? 0);
  const name = Buffer.from(head.subarray(30, 30 + length)).toString('latin1');
  return /(^|\/)(data\.pkl|constants\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data\/serialization_id|data\/\d+)$/.test(
    name,
  );
}

/** PROTO of protocols 2 to 5. */
function isPickle(head: Uint8Array): boolean {
  return head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
}

/** The format before PyTorch 0.1.10: a tar archive with these members. */
function isTorchTar(head: Uint8Array): boolean {
  const name = ascii(head, 0, 20).replace(/^\.\//, '').split('\0')[0];
  return ascii(head, 257, 5) === 'ustar' && ['sys_info', 'pickle', 'tensors', 'storages'].includes(name ?? '');
}

function hasOwnExtension({ path }: RandomAccessSource): boolean {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  return extension !== undefined && EXTENSIONS.includes(extension);
}

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
}

function notTorch(source: RandomAccessSource, head: Uint8Array): FormatError {
  const error = (reason: string, remedy: string): FormatError =>
    new FormatError({ file: source.path, offset: 0, reason, remedy });
  if (head.length === 0) return error(l10n.t('is empty'), l10n.t('Copy or download it again.'));
  if (ascii(head, 0, 40).startsWith('version https://git-lfs.github.com/')) {
    return error(
      l10n.t('is a pointer of Git LFS, not the file itself'),
      l10n.t('Run `git lfs pull`, then open it again.'),
    );
  }
  if (isTorchTar(head)) {
    return error(l10n.t('is in the tar format of PyTorch before 0.1.10, which is not read'), SAVE_AGAIN);
  }
  if (ascii(head, 257, 5) === 'ustar') {
    return error(l10n.t('is a tar archive'), l10n.t('Unpack it, and open the model within.'));
  }
  if (ascii(head, 0, 2) === '\x1f\x8b') {
    return error(l10n.t('is compressed with gzip'), l10n.t('Unpack it, and open the model within.'));
  }
  if (isPickle(head)) {
    return error(
      l10n.t('is a pickle that was not written by torch.save'),
      l10n.t('In Python, load it if you trust where it comes from, and save its weights with torch.save.'),
    );
  }
  return error(
    l10n.t('is not a PyTorch file: it begins neither like a zip archive nor like a pickle'),
    l10n.t('Check that the download is complete and that it is a model, not a web page.'),
  );
}
