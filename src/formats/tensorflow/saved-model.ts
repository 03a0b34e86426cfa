import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { FormatError } from '../errors';
import { MissingSiblingError } from '../sibling';
import { readBundle, type Bundle } from './bundle';
import { Constants } from './constants';
import { GraphDefReader, type GraphDefBody } from './graph-def';
import { startsAsGraph, startsAsSavedModel } from './starts';
import { graphTopology } from './graph-topology';

const REMEDY = l10n.t('Copy or download the file again.');

/** Where a SavedModel keeps its variables. */
const VARIABLES = 'variables/variables';

/** A SavedModel holds a graph for each way to use it: training, serving, on a TPU. */
const MAX_META_GRAPHS = 100;

/** Files that Keras and TensorFlow write beside `saved_model.pb`, without any weights. */
const COMPANIONS = new Set(['keras_metadata.pb', 'fingerprint.pb']);

/** A SavedModel of TensorFlow (`saved_model.pb` with its folder `variables`), or a frozen graph (`.pb`). */
export const tensorflowGraphReader: FormatReader = {
  id: 'tensorflow-graph',
  extensions: ['pb'],
  matches(head: Uint8Array): boolean {
    return startsAsSavedModel(head) || startsAsGraph(head);
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const name = path.basename(source.path).toLowerCase();
    if (COMPANIONS.has(name)) {
      throw new FormatError({
        file: source.path,
        reason: l10n.t('describes a TensorFlow model, and holds none of its weights'),
        remedy: l10n.t('Open the saved_model.pb beside it.'),
      });
    }
    const head = await source.read(0, Math.min(source.size, 64), signal);
    const input = new ProtobufInput(source, REMEDY, signal);
    if (startsAsSavedModel(head)) return await openSavedModel(context, input);
    return openGraph(context, await new GraphDefReader(input).read(input.whole), l10n.t('TensorFlow graph'));
  },
};

async function openSavedModel(context: OpenContext, input: ProtobufInput): Promise<Checkpoint> {
  const variables = await readVariables(context);
  const graphs: ProtobufRange[] = [];
  const label = l10n.t('TensorFlow SavedModel');
  if (variables !== undefined) {
    const shards = variables.files.length;
    return {
      format: 'tensorflow-savedmodel',
      formatLabel: shards > 1 ? l10n.t('{0}, {1} shards', label, shards) : label,
      ...variables,
    };
  }
  const fields = input.fields(input.whole);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number !== 2) continue;
    if (graphs.length >= MAX_META_GRAPHS) {
      throw input.error(fields.offset, l10n.t('has more than {0} graphs', MAX_META_GRAPHS));
    }
    graphs.push(fields.range);
  }
  const reader = new GraphDefReader(input);
  const bodies: GraphDefBody[] = [];
  for (const graph of graphs) {
    const parts = input.fields(graph);
    while (parts.next() ?? (await parts.load())) {
      // Graphs for other uses repeat the constants of the first.
      if (parts.number === 2 && bodies.length === 0) bodies.push(...(await reader.read(parts.range)));
    }
  }
  const checkpoint = openGraph(context, bodies, l10n.t('TensorFlow SavedModel without variables'));
  if (graphs.length < 2) return checkpoint;
  const note = {
    code: 'other-graphs',
    message: l10n.t('The file has {0} graphs; the constants of the first are analyzed.', graphs.length),
  };
  return { ...checkpoint, notes: [...checkpoint.notes, note] };
}

/** The variables beside a `saved_model.pb`; undefined if there are none. */
async function readVariables(context: OpenContext): Promise<Bundle | undefined> {
  let index;
  try {
    index = await context.openSibling(`${VARIABLES}.index`);
  } catch (error) {
    if (error instanceof MissingSiblingError) return undefined;
    throw error;
  }
  const bundle = await readBundle(context, index, VARIABLES);
  return bundle.tensors.length === 0 ? undefined : bundle;
}

function openGraph({ source }: OpenContext, bodies: readonly GraphDefBody[], formatLabel: string): Checkpoint {
  const constants = new Constants();
  const names = bodies.map((body) => constants.add(body));
  const [main] = bodies;
  const topology = main === undefined ? undefined : graphTopology(main.nodes, names[0] ?? new Map());
  return {
    format: 'tensorflow-graph',
    formatLabel,
    files: [{ path: source.path, size: source.size }],
    tensors: constants.tensors,
    notes: constants.notes(),
    ...(topology?.nodes.some(({ parameters }) => parameters.length > 0) !== true ? {} : { topology }),
  };
}
