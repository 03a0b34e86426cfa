import * as l10n from '@vscode/l10n';
import type { OpenContext } from '../checkpoint';
import { concurrently } from '../concurrent';
import { FormatError } from '../errors';
import { listed } from '../name-list';
import { MissingSiblingError } from '../sibling';
import type { RandomAccessSource } from '../source';
import type { PickleGlobal, PickleValue } from '../containers/pickle-values';
import { optimStatesName, PREFIXES, type DeepspeedName } from './deepspeed-names';
import { isTorchLegacy, openTorchLegacy } from './pytorch-legacy';
import { openTorchZip, type TorchContainer } from './pytorch-zip';
import type { TensorStorages } from './tensor-storage';

/** Bytes by which the two containers of `torch.save` are told. */
const HEAD_BYTES = 64;

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/** What to do about a set of files that is not whole, or not of one checkpoint. */
export const COPY_FOLDER = l10n.t(
  'Copy the whole folder of the checkpoint again, or merge its parts with the script that DeepSpeed puts beside the folder: python zero_to_fp32.py . merged/',
);

/** A file of the set, opened. */
export interface ZeroFile {
  readonly source: RandomAccessSource;
  readonly root: PickleValue;
  /** Where its storages are, as a file of the checkpoint. */
  readonly storages: TensorStorages;
  readonly fail: (reason: string, tensor?: string) => FormatError;
}

/** The files of one checkpoint that ZeRO has cut up, in the order in which they are opened. */
export class ZeroFiles {
  readonly files: { readonly path: string; readonly size: number }[] = [];
  private readonly imported = new Map<string, PickleGlobal>();

  constructor(private readonly context: OpenContext) {}

  /** All classes and functions that their pickles name. */
  get globals(): Iterable<PickleGlobal> {
    return this.imported.values();
  }

  /** @param container what is in it, if that is known already */
  async add(source: RandomAccessSource, container?: TorchContainer): Promise<ZeroFile> {
    const file = this.files.length;
    this.files.push({ path: source.path, size: source.size });
    const { pickle, storages } = container ?? (await openContainer(source, this.context.signal));
    for (const global of pickle.globals.keys()) this.imported.set(global.qualifiedName, global);
    return {
      source,
      root: pickle.value,
      storages: {
        bigEndian: storages.bigEndian,
        get: (key) => {
          const bytes = storages.get(key);
          return bytes === undefined ? undefined : { ...bytes, file };
        },
      },
      fail: (reason, tensor) => zeroError(source.path, reason, tensor),
    };
  }

  /**
   * Opens files by name, and does something with each; what they hold besides is given up.
   * @throws {MissingPartsError} which names all that are missing
   */
  async addAll<T>(names: readonly string[], work: (file: ZeroFile, index: number) => T): Promise<T[]> {
    const sources: RandomAccessSource[] = [];
    const missing: string[] = [];
    for (const name of names) {
      const source = await openIfThere(this.context, name);
      if (source === undefined) missing.push(name);
      else sources.push(source);
    }
    if (missing.length > 0) throw new MissingPartsError(this.context.source.path, missing);
    return await concurrently([...sources.entries()], async ([index, source]) => work(await this.add(source), index));
  }
}

/** Parts of the checkpoint that are not in the folder. */
export class MissingPartsError extends FormatError {
  constructor(
    file: string,
    readonly names: readonly string[],
  ) {
    const shown = listed(names.slice(0, MAX_NAMES), names.length);
    super({
      file,
      reason: l10n.t('is a part of a checkpoint that ZeRO has cut up, and other parts are missing: {0}', shown),
      remedy: COPY_FOLDER,
    });
  }
}

/** Weights that are cut up among different numbers of processes: the experts of a mixture are, and are saved elsewhere. */
export class MixtureError extends FormatError {
  constructor(file: string) {
    super({
      file,
      reason: l10n.t('has groups that are cut up among different numbers of processes (mixtures of experts)'),
      remedy: l10n.t('Convert it with the script of DeepSpeed: python ds_to_universal.py, or save the network whole.'),
    });
  }
}

export function zeroError(file: string, reason: string, tensor?: string): FormatError {
  return new FormatError({ file, reason, tensor, remedy: COPY_FOLDER });
}

/** A file beside the one that was opened; undefined if there is none. */
export async function openIfThere(context: OpenContext, name: string): Promise<RandomAccessSource | undefined> {
  try {
    return await context.openSibling(name);
  } catch (error) {
    if (error instanceof MissingSiblingError) return undefined;
    throw error;
  }
}

/**
 * The file with the first process's share of the optimiser.
 * @throws {MissingPartsError} if there is none
 * @throws {FormatError} if there are two
 */
export async function openFirstShare(
  context: OpenContext,
  { kind, prefix, part }: DeepspeedName,
): Promise<{ readonly source: RandomAccessSource; readonly prefix: string }> {
  const prefixes = kind === 'optimizer' ? [prefix] : PREFIXES;
  const found: { source: RandomAccessSource; prefix: string }[] = [];
  for (const candidate of prefixes) {
    const source = await openIfThere(context, optimStatesName(candidate, 0, part));
    if (source !== undefined) found.push({ source, prefix: candidate });
  }
  const [first, second] = found;
  if (first === undefined) {
    const names = prefixes.map((candidate) => optimStatesName(candidate, 0, part));
    throw new MissingPartsError(context.source.path, [names.join(' / ')]);
  }
  if (second !== undefined) {
    throw zeroError(context.source.path, l10n.t('has files of the optimisers of two checkpoints beside it'));
  }
  return first;
}

async function openContainer(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<TorchContainer> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size), signal);
  return isTorchLegacy(head) ? await openTorchLegacy(source, signal) : await openTorchZip(source, signal);
}
