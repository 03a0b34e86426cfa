import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext } from '../checkpoint';
import { FormatError } from '../errors';
import { hasGgufMagic, type GgufMetadata } from './gguf-header';
import { readGgufParts, type GgufParts } from './gguf-parts';
import { withScales } from './gguf-scales';
import { typesOf, type UnreadTensor } from './gguf-tensors';

/** Architectures have short names; a longer one is not shown whole. */
const SHOWN_ARCHITECTURE = 40;

/** GGUF, the format of llama.cpp: one file, or all parts of a model of which any is opened. */
export const ggufReader: FormatReader = {
  id: 'gguf',
  extensions: ['gguf'],
  matches: (head) => hasGgufMagic(head),
  async open(context: OpenContext): Promise<Checkpoint> {
    const model = await readGgufParts(context);
    const { sources, parts, notes } = model;
    const tensors = withScales(parts.flatMap((part) => part.tensors));
    const unread = parts.flatMap((part) => part.unread);
    // The first part has all the metadata, the others next to none.
    const metadata = parts[0]?.header.metadata;
    if (tensors.length === 0) throw nothingToRead(unread, metadata, context.source.path);
    return {
      format: 'gguf',
      formatLabel: label(model),
      files: sources.map(({ path, size }) => ({ path, size })),
      tensors,
      notes: [...notes, ...unreadNote(unread), ...importanceNote(metadata)],
    };
  },
};

function nothingToRead(unread: readonly UnreadTensor[], metadata: GgufMetadata | undefined, file: string): FormatError {
  if (unread.length > 0) {
    return new FormatError({
      file,
      reason: l10n.t('holds only tensors of types that are not read ({0})', typesOf(unread)),
      remedy: l10n.t('Analyze the model in another type, or as it was before it was quantized.'),
    });
  }
  return new FormatError({
    file,
    reason:
      metadata?.hasVocabulary === true
        ? l10n.t('holds a vocabulary, no weights')
        : l10n.t('holds metadata, no weights'),
    remedy: l10n.t('Open the GGUF file of a whole model.'),
  });
}

function label({ parts, sources }: GgufParts): string {
  const header = parts[0]?.header;
  const version =
    header?.bigEndian === true ? l10n.t('GGUF v{0}, big-endian', header.version) : `GGUF v${header?.version}`;
  const architecture = header?.metadata.architecture ?? '';
  const model = architecture === '' ? version : `${version} (${architecture.slice(0, SHOWN_ARCHITECTURE)})`;
  return sources.length === 1 ? model : l10n.t('{0}, {1} shards', model, sources.length);
}

function unreadNote(unread: readonly UnreadTensor[]): CheckpointNote[] {
  if (unread.length === 0) return [];
  const message = l10n.t(
    '{0} tensors are of types that are not read ({1}); they are not analyzed.',
    unread.length,
    typesOf(unread),
  );
  return [{ code: 'unread-types', message, tensors: unread.map(({ name }) => name) }];
}

function importanceNote(metadata: GgufMetadata | undefined): CheckpointNote[] {
  if (metadata?.type !== 'imatrix') return [];
  const message = l10n.t('This is an importance matrix: statistics of activations, not weights.');
  return [{ code: 'importance-matrix', message }];
}
