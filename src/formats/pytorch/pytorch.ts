import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { FormatError } from '../errors';
import { ZipArchive } from '../containers/zip';
import { namedMoments } from './adam-moments';
import { isExported, openExported, type ExportedTensors } from './exported';
import { importNote } from '../containers/pickle-imports';
import { isTorchLegacy, openTorchLegacy } from './pytorch-legacy';
import { checkPartitioned, deepspeedHint } from './deepspeed';
import { checkWeights, copiesNote, partsNote, unreadableNote } from './pytorch-notes';
import { nameTensors } from './pytorch-sections';
import { isTorchTar, openTorchTar } from './pytorch-tar';
import { placeTensors } from './pytorch-views';
import { isModule, walkContext } from './pytorch-walk';
import { openTorchZip, type TorchContainer } from './pytorch-zip';
import { openZero } from './zero';
import type { RandomAccessSource } from '../source';

const EXTENSIONS = ['pt', 'pth', 'bin', 'ckpt', 'pkl', 'pickle', 'tar', 'pt2'];

const HEAD_BYTES = 4096;

/**
 * PyTorch: what `torch.save` writes, as a zip archive (since 1.6) or as pickles in a row (before), TorchScript
 * archives and programs of torch.export. Nothing of the pickle is executed; see `pickle.ts`.
 */
export const pytorchReader: FormatReader = {
  id: 'pytorch',
  extensions: EXTENSIONS,

  matches(head: Uint8Array, source: RandomAccessSource): boolean {
    if (isZip(head)) return hasTorchEntry(head) || hasOwnExtension(source);
    return isTorchLegacy(head) || isTorchTar(head);
  },

  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
    if (isZip(head)) {
      const zip = await ZipArchive.open(source, signal);
      if (isExported(zip)) return describeExported(source, await openExported(source, zip, signal));
      return await openSaved(context, await openTorchZip(source, signal, zip));
    }
    if (isTorchTar(head)) return describe(source, await openTorchTar(source, signal));
    return await openSaved(context, await openPickled(source, head, signal));
  },
};

/**
 * What `torch.save` wrote, in either container.
 * @throws {FormatError} also if it is something else
 */
export async function openTorchFile(source: RandomAccessSource, signal?: AbortSignal): Promise<TorchContainer> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
  return isZip(head) ? await openTorchZip(source, signal) : await openPickled(source, head, signal);
}

async function openPickled(
  source: RandomAccessSource,
  head: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<TorchContainer> {
  if (!isTorchLegacy(head)) throw notTorch(source, head);
  return await openTorchLegacy(source, signal);
}

/** What `torch.save` wrote: a model by itself, or one of the files of a checkpoint of DeepSpeed. */
async function openSaved(context: OpenContext, container: TorchContainer): Promise<Checkpoint> {
  const zero = await openZero(context, container);
  if (zero !== undefined && 'format' in zero) return zero;
  const checkpoint = describe(context.source, container);
  return zero === undefined ? checkpoint : { ...checkpoint, notes: [...checkpoint.notes, zero] };
}

function describe(source: RandomAccessSource, { label, pickle, storages, tensors }: TorchContainer): Checkpoint {
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({
      file: source.path,
      reason,
      tensor: tensor === '' ? undefined : tensor,
      remedy: l10n.t('The file is damaged or not written by PyTorch: check where it comes from, or save it again.'),
    });
  const context = walkContext(pickle.opcodes, fail);
  for (const [reference, tensor] of tensors ?? []) context.rebuilt.set(reference, tensor);
  const named = nameTensors(pickle.value, context);
  checkWeights(source, named, deepspeedHint(pickle.value));
  checkPartitioned(source.path, pickle.value, named.tensors);
  // Those in codes would take reading what the codes mean: files of weights hardly have them.
  const plain = new Map([...context.moments].filter(([, { blocks }]) => blocks === undefined));
  const secondMoments = namedMoments(plain, named.tensors);
  const { entries, notes } = placeTensors(named.tensors, storages, fail);
  return {
    format: 'pytorch',
    formatLabel: isModule(pickle.value) ? l10n.t('{0}, whole module', label) : label,
    files: [{ path: source.path, size: source.size }],
    tensors: entries,
    ...(secondMoments.length === 0 ? {} : { secondMoments }),
    notes: [
      importNote(pickle.globals.keys()),
      ...notes,
      copiesNote(named),
      partsNote(named),
      unreadableNote(named),
    ].filter((note) => note !== undefined),
  };
}

function describeExported(source: RandomAccessSource, { entries, notes }: ExportedTensors): Checkpoint {
  return {
    format: 'pytorch',
    formatLabel: l10n.t('PyTorch program (torch.export)'),
    files: [{ path: source.path, size: source.size }],
    tensors: entries,
    notes,
  };
}

function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;
}

/** The name of the archive's first entry: `NAME/data.pkl`, `NAME/version`, … */
function hasTorchEntry(head: Uint8Array): boolean {
  const length = (head[26] ?? 0) + 256 * (head[27] ?? 0);
  const name = Buffer.from(head.subarray(30, 30 + length)).toString('latin1');
  return /(^|\/)(data\.pkl|constants\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data\/serialization_id|data\/\d+|data\/weights\/[^/]+|models\/[^/]+\.json|archive_format|serialized_\w+\.(json|pt))$/.test(
    name,
  );
}

/** PROTO of protocols 2 to 5. */
function isPickle(head: Uint8Array): boolean {
  return head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
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
