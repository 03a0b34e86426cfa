import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { MAIN_FILES } from '../catalog/main-files';
import { modelNameCertainty } from '../catalog/model-names';
import type { Checkpoint, CheckpointNote } from '../formats/checkpoint';
import { UniqueNames } from '../formats/containers/unique-names';
import { FormatError } from '../formats/errors';
import { MAX_TENSORS } from '../formats/limits';
import { listed } from '../formats/name-list';
import { readOptimizerFile, type OptimizerState } from '../formats/pytorch/optimizer-file';
import { asFormatError, type OpenedCheckpoint } from '../formats/registry';
import { MissingSiblingError, SiblingFiles } from '../formats/sibling';
import type { RandomAccessSource } from '../formats/source';
import { momentFit } from '../limits/moment-fit';
import { momentWarnings, optimizerNotUsed } from '../limits/warnings';

/**
 * Names of the optimiser's state beside the weights, the first that is there counts: `optimizer.pt` of the Trainer of Hugging
 * Face (https://huggingface.co/docs/transformers/main_classes/trainer), `optimizer.bin` of Accelerate and of that Trainer with
 * FSDP, and what training scripts call it.
 */
const OPTIMIZER_FILES = ['optimizer.pt', 'optimizer.bin', 'optimizer.pth', 'optim.pt', 'optim.pth'];

/** Formats of the weights that PyTorch's training libraries write. */
const FORMATS: readonly string[] = ['safetensors', 'pytorch'];

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/** A model, with the optimiser's state beside it if that is of it. */
export interface OpenedWithOptimizer extends OpenedCheckpoint {
  /** Absolute path of the file with optimiser state that was looked into, whether it was of use or not. */
  readonly lookedInto?: string;
}

/**
 * Adds Adam's second moments, and what a limit from them takes, from a file in the model's folder to a checkpoint without
 * optimiser state. A file that cannot be read, or is of another network, gives a note and nothing else.
 * @throws {CancelledError}
 */
export async function withOptimizerState(opened: OpenedCheckpoint, signal?: AbortSignal): Promise<OpenedWithOptimizer> {
  const { checkpoint, file } = opened;
  if (!FORMATS.includes(checkpoint.format) || checkpoint.tensors.some(({ role }) => role === 'optimizer'))
    return opened;
  const siblings = new SiblingFiles(file);
  try {
    const found = await openFirst(siblings, opened);
    if (found === undefined) return opened;
    const { name, source, note } = found;
    const lookedInto = path.join(path.dirname(file), name);
    if (source === undefined) return { ...opened, lookedInto, checkpoint: withNote(checkpoint, note) };
    const others = await otherModels(opened);
    if (others.length > 0) {
      const shown = listed(others.slice(0, MAX_NAMES), others.length);
      const why = l10n.t('it may be of one of the other models in the folder: {0}.', shown);
      return { ...opened, lookedInto, checkpoint: withNote(checkpoint, optimizerNotUsed(name, why)) };
    }
    return { ...opened, lookedInto, checkpoint: await extended(checkpoint, name, source, signal) };
  } finally {
    await siblings.close();
  }
}

interface Found {
  readonly name: string;
  /** Undefined if it cannot be opened; the note says why. */
  readonly source: RandomAccessSource | undefined;
  readonly note: CheckpointNote | undefined;
}

async function openFirst(siblings: SiblingFiles, { file }: OpenedCheckpoint): Promise<Found | undefined> {
  for (const name of OPTIMIZER_FILES) {
    try {
      return { name, source: await siblings.open(name), note: undefined };
    } catch (thrown) {
      if (thrown instanceof MissingSiblingError) continue;
      const error = asFormatError(thrown, path.join(path.dirname(file), name));
      if (!(error instanceof FormatError)) throw error;
      // What is wrong with the name is said of the file that names it: here, that is nobody.
      const why =
        error.detail.file === file
          ? l10n.t('it is a link that leads out of the folder of the model, or no file.')
          : whyUnreadable(error);
      return { name, source: undefined, note: optimizerNotUsed(name, why) };
    }
  }
  return undefined;
}

async function extended(
  checkpoint: Checkpoint,
  name: string,
  source: RandomAccessSource,
  signal: AbortSignal | undefined,
): Promise<Checkpoint> {
  let state: OptimizerState;
  try {
    state = await readOptimizerFile(source, checkpoint.files.length, signal);
  } catch (thrown) {
    const error = asFormatError(thrown, source.path);
    if (!(error instanceof FormatError)) throw error;
    return withNote(checkpoint, optimizerNotUsed(name, whyUnreadable(error)));
  }
  if (state.secondMoments.length === 0) {
    return withNote(checkpoint, optimizerNotUsed(name, l10n.t('it has no second moments of Adam that can be read.')));
  }
  if (checkpoint.tensors.length + state.tensors.length > MAX_TENSORS) {
    const why = l10n.t('model and state have more than {0} tensors.', MAX_TENSORS);
    return withNote(checkpoint, optimizerNotUsed(name, why));
  }
  const whole = joined(checkpoint, source, state);
  const fit = momentFit(whole);
  if (fit === undefined || fit.scopes.length > 0) return whole;
  return { ...checkpoint, notes: [...checkpoint.notes, ...momentWarnings(fit, false, name)] };
}

/** The state's tensors after those of the model, so that these keep their places. */
function joined(checkpoint: Checkpoint, source: RandomAccessSource, state: OptimizerState): Checkpoint {
  const names = new UniqueNames();
  for (const tensor of checkpoint.tensors) names.take(tensor.name);
  const renamed = new Map(state.tensors.map(({ name }) => [name, names.take(name)]));
  const nameOf = (name: string): string => renamed.get(name) ?? name;
  return {
    ...checkpoint,
    files: [...checkpoint.files, { path: source.path, size: source.size }],
    optimizerFile: source.path,
    tensors: [
      ...checkpoint.tensors,
      ...state.tensors.map(({ aliasOf, ...tensor }) => ({
        ...tensor,
        name: nameOf(tensor.name),
        ...(aliasOf === undefined ? {} : { aliasOf: nameOf(aliasOf) }),
      })),
    ],
    secondMoments: state.secondMoments.map(({ tensor, step, ...moment }) => ({
      ...moment,
      tensor: nameOf(tensor),
      step: typeof step === 'string' ? nameOf(step) : step,
    })),
  };
}

function withNote(checkpoint: Checkpoint, note: CheckpointNote | undefined): Checkpoint {
  return note === undefined ? checkpoint : { ...checkpoint, notes: [...checkpoint.notes, note] };
}

function whyUnreadable({ detail: { tensor, reason } }: FormatError): string {
  return tensor === undefined ? l10n.t('the file {0}.', reason) : l10n.t('its tensor "{0}": {1}.', tensor, reason);
}

/**
 * Names of further models in the folder, any of which the state may be of. None where the model is named as libraries name
 * the one model of a folder.
 */
async function otherModels({ checkpoint, file }: OpenedCheckpoint): Promise<string[]> {
  if (MAIN_FILES.includes(path.basename(file))) return [];
  const own = new Set([file, ...checkpoint.files.map((each) => each.path)]);
  const folder = path.dirname(file);
  // Of a folder whose files may be opened but not listed, nothing else is known.
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => modelNameCertainty(name) === 'model' && !own.has(path.join(folder, name))).sort();
}
