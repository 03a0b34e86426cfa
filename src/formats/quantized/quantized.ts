import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, OpenContext, TensorEntry } from '../checkpoint';
import { throwIfCancelled } from '../errors';
import { listed } from '../name-list';
import { adapterNote } from './adapters';
import { byteMethod, nibbleMethod } from './bitsandbytes';
import { compressedMethod } from './compressed-tensors';
import { gptqMethod } from './gptq';
import { microscaledMethod } from './microscaled';
import { mlxMethod } from './mlx';
import { PartReader, UnfitError, type DecodedWeight, type GroupContext, type QuantizationMethod } from './parts';
import { readQuantizationConfig } from './quantization-config';
import { scaledMethod } from './scaled-weights';
import { unreadWeight, type UnreadWeight } from './unread';

/** In the order in which they are asked whether a tensor is theirs. */
const METHODS: readonly QuantizationMethod[] = [
  nibbleMethod,
  byteMethod,
  gptqMethod,
  compressedMethod,
  microscaledMethod,
  mlxMethod,
  scaledMethod,
];

/**
 * Formats of which tensors have no meaning but their names. Others say themselves how weights are quantised, and their
 * readers know it.
 */
const FORMATS = /^(safetensors|pytorch|torch|npy|npz|numpy)/;

/** Kinds of weights that a note names. */
const KINDS_SHOWN = 4;

interface Unfit {
  readonly codes: TensorEntry;
  readonly reason: string;
}

/** What became of the tensors that look like parts of quantised weights. */
interface Outcome {
  readonly decoded: Map<string, DecodedWeight>;
  readonly unread: UnreadWeight[];
  readonly unfit: Unfit[];
}

/**
 * Puts quantised weights together that a checkpoint keeps in several tensors each (codes, scales, zero points): in their
 * place comes the weight that they stand for. What is recognised but not decoded, or does not fit together, stays as it
 * is, with a note; so this refuses nothing.
 */
export async function withQuantizedWeights(checkpoint: Checkpoint, context: OpenContext): Promise<Checkpoint> {
  if (!FORMATS.test(checkpoint.format)) return checkpoint;
  const outcome = await decodeAll(checkpoint, context);
  const notes = [
    ...remainingNotes(checkpoint, outcome),
    ...decodedNote(outcome),
    ...unreadNotes(outcome),
    ...unfitNote(outcome),
    ...adapterNote(checkpoint.tensors),
  ];
  return { ...checkpoint, tensors: replaced(checkpoint.tensors, outcome), notes };
}

async function decodeAll({ tensors, files }: Checkpoint, context: OpenContext): Promise<Outcome> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const outcome: Outcome = { decoded: new Map(), unread: [], unfit: [] };
  let group: GroupContext | undefined;
  for (const codes of tensors) {
    const method = METHODS.find((candidate) => candidate.claims(codes, byName));
    if (method === undefined) {
      const unread = unreadWeight(codes, byName);
      if (unread !== undefined) outcome.unread.push(unread);
      continue;
    }
    throwIfCancelled(context.signal);
    group ??= {
      tensors: byName,
      config: await readQuantizationConfig(context),
      reader: new PartReader(files, context),
    };
    try {
      outcome.decoded.set(codes.name, await method.decode(codes, group));
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      const unread = unreadWeight(codes, byName);
      if (unread === undefined) outcome.unfit.push({ codes, reason: error.message });
      else outcome.unread.push(unread);
    }
  }
  return outcome;
}

/** The tensors with the decoded weights in the place of their codes. */
function replaced(tensors: readonly TensorEntry[], { decoded, unread }: Outcome): TensorEntry[] {
  const consumed = new Set<string>();
  const constants = new Set<string>();
  for (const weight of decoded.values()) {
    for (const { name } of weight.consumed) consumed.add(name);
    for (const { name } of weight.constants) constants.add(name);
  }
  for (const { name } of unread.flatMap(({ parts }) => parts)) constants.add(name);
  return tensors.flatMap((tensor): TensorEntry[] => {
    const weight = decoded.get(tensor.name)?.weight;
    const { aliasOf, ...own } = tensor;
    if (weight !== undefined) {
      // Tied weights: their codes are the same memory, and so is what they stand for.
      const original = aliasOf === undefined ? undefined : decoded.get(aliasOf)?.weight;
      return [original?.count === weight.count ? { ...weight, aliasOf: original.name } : weight];
    }
    if (consumed.has(tensor.name)) return [];
    const isOwn = aliasOf === undefined || consumed.has(aliasOf);
    const kept = isOwn ? own : tensor;
    return [constants.has(tensor.name) ? { ...kept, role: 'constant' } : kept];
  });
}

/** What the reader said, but for what it said of scales that are applied now. */
function remainingNotes({ notes, tensors }: Checkpoint, { decoded }: Outcome): CheckpointNote[] {
  const consumed = new Set([...decoded.values()].flatMap((weight) => weight.consumed.map(({ name }) => name)));
  const known = new Set(tensors.map(({ name }) => name));
  return notes.filter(
    ({ code, tensors: named }) =>
      code !== 'separate-scales' || named?.some((name) => known.has(name) && !consumed.has(name)) !== false,
  );
}

function decodedNote({ decoded }: Outcome): CheckpointNote[] {
  if (decoded.size === 0) return [];
  const counts = new Map<string, number>();
  for (const { weight } of decoded.values()) {
    const kind = weight.storedAs ?? '';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = [...counts].sort((a, b) => b[1] - a[1]).map(([kind, count]) => l10n.t('{0} as {1}', count, kind));
  const message = l10n.t(
    '{0} weights are quantized ({1}). They are analyzed as the values that they stand for, in float32 arithmetic; their scales and zero points are no tensors of their own here.',
    decoded.size,
    listed(kinds.slice(0, KINDS_SHOWN), kinds.length),
  );
  return [{ code: 'quantized-weights', message, tensors: [...decoded.values()].map(({ weight }) => weight.name) }];
}

function unreadNotes({ unread }: Outcome): CheckpointNote[] {
  const methods = new Map<string, string[]>();
  for (const { method, parts } of unread) {
    const names = methods.get(method) ?? [];
    names.push(parts[0]?.name ?? '');
    methods.set(method, names);
  }
  return [...methods].map(([method, tensors]) => ({
    code: 'packed-weights',
    message: l10n.t(
      '{0} weights are packed by {1}, which is not decoded: they are not analyzed. Analyze the model from before it was quantized.',
      tensors.length,
      method,
    ),
    tensors,
  }));
}

function unfitNote({ unfit }: Outcome): CheckpointNote[] {
  const [first] = unfit;
  if (first === undefined) return [];
  const message = l10n.t(
    '{0} tensors look like quantized weights, but could not be decoded; they stay as they are stored. {1}: {2}.',
    unfit.length,
    l10n.t('"{0}"', first.codes.name),
    first.reason,
  );
  return [{ code: 'undecoded-weights', message, tensors: unfit.map(({ codes }) => codes.name) }];
}
