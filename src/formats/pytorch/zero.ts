import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, OpenContext } from '../checkpoint';
import { importNote } from '../containers/pickle-imports';
import { deepspeedName, modelStatesName, optimStatesName, type DeepspeedName } from './deepspeed-names';
import { unreadableNote } from './pytorch-notes';
import type { TorchContainer } from './pytorch-zip';
import { MissingPartsError, MixtureError, openFirstShare, ZeroFiles, zeroError, type ZeroFile } from './zero-files';
import { listMoments } from './zero-moments';
import { listNetwork } from './zero-network';
import { checkShare, readFrozenShare, readShare, type FrozenShare, type Share } from './zero-shares';
import { isModelStates, isOptimStates, readModelStates, type ModelStates } from './zero-states';

/** A process, that is a GPU, has two files, and {@link MAX_FILES} can be opened. */
const MAX_RANKS = 4096;

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/**
 * The network of a checkpoint that DeepSpeed's ZeRO has cut up, of which any file was opened: the float32 weights that
 * the processes keep with their shares of the optimiser are put together, by ranges of bytes.
 *
 * @param opened what is in the file
 * @returns only a note, if the file has weights of its own and there is no more to be had; undefined if it is no part of
 *   such a checkpoint, by its content and its name
 * @throws {FormatError} if parts are missing, or do not belong together
 */
export async function openZero(
  context: OpenContext,
  opened: TorchContainer,
): Promise<Checkpoint | CheckpointNote | undefined> {
  const name = deepspeedName(context.source.path);
  const root = opened.pickle.value;
  if (name === undefined || !(name.kind === 'model' ? isModelStates(root) : isOptimStates(root))) return undefined;
  if (name.kind === 'optimizer' || name.rank !== undefined) return await openParts(context, name, opened);
  const { modelParts } = readModelStates(root, (reason, tensor) => zeroError(context.source.path, reason, tensor));
  if (modelParts > 1) return partNote(modelParts);
  try {
    return await openParts(context, name, opened);
  } catch (error) {
    if (error instanceof MissingPartsError) return aloneNote(error.names);
    if (error instanceof MixtureError) return mixtureNote();
    throw error;
  }
}

async function openParts(context: OpenContext, name: DeepspeedName, opened: TorchContainer): Promise<Checkpoint> {
  const { source } = context;
  const files = new ZeroFiles(context);
  const { source: firstSource, prefix } = await openFirstShare(context, name);
  const { stage, ranks } = readShare(await new ZeroFiles(context).add(firstSource));
  if (ranks > MAX_RANKS) {
    throw zeroError(firstSource.path, l10n.t('is cut up among {0} processes; at most {1} are read', ranks, MAX_RANKS));
  }
  if (name.rank !== undefined && name.rank >= ranks) {
    throw zeroError(
      source.path,
      l10n.t('is of another checkpoint than {0}, of {1} processes', firstSource.path, ranks),
    );
  }
  if (name.kind === 'model' && (stage === 3) !== (name.rank !== undefined)) {
    throw zeroError(source.path, l10n.t('is of another checkpoint than {0}, of stage {1}', firstSource.path, stage));
  }
  const mainName = modelStatesName(stage, 0, name.part);
  const isMain = name.kind === 'model' && (name.rank ?? 0) === 0;
  const main = isMain ? await files.add(source, opened) : await openMain(files, mainName);
  const model = readModelStates(main.root, main.fail);
  if (model.modelParts > 1) {
    throw main.fail(l10n.t('has one of the {0} parts that the network is cut into besides', model.modelParts));
  }
  const shares = await openShares(files, prefix, name.part, ranks);
  const frozen = stage === 3 ? await openFrozen(files, main, model, ranks, name.part) : [];
  const parts = { main, model, shares, frozen };
  const { entries, notes, unreadable } = listNetwork(parts);
  const { tensors, secondMoments } = listMoments(parts, entries);
  return {
    format: 'pytorch',
    formatLabel:
      ranks === 1
        ? l10n.t('DeepSpeed ZeRO stage {0}, 1 process', stage)
        : l10n.t('DeepSpeed ZeRO stage {0}, {1} processes', stage, ranks),
    files: files.files,
    tensors: [...entries, ...tensors],
    ...(secondMoments.length === 0 ? {} : { secondMoments }),
    notes: [
      importNote(files.globals),
      assembledNote(stage, optimStatesName(prefix, 0, name.part), mainName, ranks),
      ...notes,
      unreadableNote({ unreadable }),
    ].filter((note) => note !== undefined),
  };
}

async function openMain(files: ZeroFiles, name: string): Promise<ZeroFile> {
  const [file] = await files.addAll([name], (opened) => opened);
  if (file === undefined) throw new MissingPartsError(name, [name]);
  return file;
}

async function openShares(files: ZeroFiles, prefix: string, part: string, ranks: number): Promise<Share[]> {
  const names = Array.from({ length: ranks }, (_, rank) => optimStatesName(prefix, rank, part));
  const shares = await files.addAll(names, (file) => ({ share: readShare(file), fail: file.fail }));
  const [first] = shares;
  for (const { share, fail } of shares) if (first !== undefined) checkShare(share, first.share, fail);
  return shares.map(({ share }) => share);
}

/** The shares of the parameters that are not trained: of stage 3 they are cut up among the files of the module. */
async function openFrozen(
  files: ZeroFiles,
  main: ZeroFile,
  { frozen }: ModelStates,
  ranks: number,
  part: string,
): Promise<FrozenShare[]> {
  if (frozen.length === 0) return [];
  const names = Array.from({ length: ranks - 1 }, (_, rank) => modelStatesName(3, rank + 1, part));
  const others = await files.addAll(names, (file) => readFrozenShare(file, frozen, ranks));
  return [readFrozenShare(main, frozen, ranks), ...others];
}

function assembledNote(stage: number, shares: string, main: string, ranks: number): CheckpointNote {
  return {
    code: 'zero-assembled',
    message:
      ranks === 1
        ? l10n.t(
            'The weights are those of the optimiser (ZeRO stage {0}), from {1}; all else is from {2}.',
            stage,
            shares,
            main,
          )
        : l10n.t(
            'The weights are those of the optimiser (ZeRO stage {0}), put together from the shares of {1} processes ({2}, …); all else is from {3}.',
            stage,
            ranks,
            shares,
            main,
          ),
  };
}

function aloneNote(missing: readonly string[]): CheckpointNote {
  return {
    code: 'zero-shares-missing',
    message: l10n.t(
      'These weights are as the network computes with them. ZeRO of DeepSpeed keeps those of the optimiser, of full precision, in files that are not beside this one: {0}.',
      missing.slice(0, MAX_NAMES).join(', '),
    ),
  };
}

function mixtureNote(): CheckpointNote {
  return {
    code: 'zero-mixture',
    message: l10n.t(
      'These weights are as the network computes with them, and without the experts, which DeepSpeed saves in files of their own.',
    ),
  };
}

function partNote(parts: number): CheckpointNote {
  return {
    code: 'zero-model-part',
    message: l10n.t('This file has one of the {0} parts that the network is cut into (tensor parallelism).', parts),
  };
}
