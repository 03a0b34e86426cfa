import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { CheckpointNote, OpenContext, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import { MAX_FILES, MAX_TENSORS } from '../limits';
import { openSiblings } from '../sibling';
import type { RandomAccessSource } from '../source';
import { GgufCursor } from './gguf-cursor';
import { readGgufHeader, type GgufHeader } from './gguf-header';
import { ggufTensors, type UnreadTensor } from './gguf-tensors';

/** Name of one part of a model, as llama.cpp writes it. */
const PART_NAME = /^(.+)-\d{5}-of-\d{5}(\.[^.]*)?$/;

const REMEDY = l10n.t('Download all parts again, from one revision of the model.');

/** What one file holds; extents refer to the file by its index in the checkpoint. */
export interface GgufPart {
  readonly header: GgufHeader;
  readonly tensors: readonly TensorEntry[];
  readonly unread: readonly UnreadTensor[];
}

/** The files of a model, in their order, with what each of them holds. */
export interface GgufParts {
  readonly sources: readonly RandomAccessSource[];
  readonly parts: readonly GgufPart[];
  readonly notes: readonly CheckpointNote[];
}

/**
 * Reads the headers of a model of one file, or of all the files of a model of which any part is opened: their names
 * follow from that of the opened one.
 * @throws {FormatError}
 */
export async function readGgufParts(context: OpenContext): Promise<GgufParts> {
  const { source, signal } = context;
  const opened = await readPart(source, 0, signal);
  const { split } = opened.header.metadata;
  if (split === undefined) return { sources: [source], parts: [opened], notes: [] };
  const own = path.basename(source.path);
  const match = PART_NAME.exec(own);
  if (match === null) {
    const message = l10n.t(
      'This is part {0} of {1} of a model, but its name does not say so: the other parts are not found by it.',
      split.no + 1,
      split.count,
    );
    return { sources: [source], parts: [opened], notes: [{ code: 'one-shard-of-many', message }] };
  }
  if (split.count > MAX_FILES) {
    const reason = l10n.t('is part of a model of {0} files; at most {1} are read', split.count, MAX_FILES);
    throw new FormatError({ file: source.path, reason, remedy: REMEDY });
  }
  const [, model = '', extension = ''] = match;
  const padded = (number: number): string => String(number).padStart(5, '0');
  const names = Array.from(
    { length: split.count },
    (_, i) => `${model}-${padded(i + 1)}-of-${padded(split.count)}${extension}`,
  );
  const sources = await openSiblings(source.path, names, (name) =>
    name === own ? Promise.resolve(source) : context.openSibling(name),
  );
  const parts: GgufPart[] = [];
  for (const [file, partSource] of sources.entries()) {
    const part = await readPart(partSource, file, signal);
    checkPart(part, file, split.count, partSource.path);
    parts.push(part);
  }
  checkNames(parts, sources, split.tensors);
  return { sources, parts, notes: [] };
}

async function readPart(source: RandomAccessSource, file: number, signal: AbortSignal | undefined): Promise<GgufPart> {
  const cursor = new GgufCursor(source, signal);
  const header = await readGgufHeader(cursor, source);
  return { header, ...ggufTensors(header, source, file, cursor) };
}

function checkPart({ header }: GgufPart, file: number, count: number, partPath: string): void {
  const { split } = header.metadata;
  if (split?.no === file && split.count === count) return;
  throw new FormatError({
    file: partPath,
    reason:
      split === undefined
        ? l10n.t('is not part {0} of {1}, as its name says: it is a model of its own', file + 1, count)
        : l10n.t('is part {0} of {1} of a model, not part {2} of {3}', split.no + 1, split.count, file + 1, count),
    remedy: REMEDY,
  });
}

function checkNames(
  parts: readonly GgufPart[],
  sources: readonly RandomAccessSource[],
  expected: number | undefined,
): void {
  const main = sources[0]?.path ?? '';
  const names = new Set<string>();
  for (const [file, { header }] of parts.entries()) {
    for (const { name } of header.tensors) {
      if (names.has(name)) {
        const reason = l10n.t('is also in another part of the model');
        throw new FormatError({ file: sources[file]?.path ?? main, tensor: name, reason, remedy: REMEDY });
      }
      names.add(name);
    }
    if (names.size > MAX_TENSORS) {
      const reason = l10n.t('leads to more than {0} tensors', MAX_TENSORS);
      throw new FormatError({ file: main, reason, remedy: REMEDY });
    }
  }
  if (expected === undefined || names.size === expected) return;
  const reason = l10n.t('says the model has {0} tensors, but its parts have {1}', expected, names.size);
  throw new FormatError({ file: main, reason, remedy: REMEDY });
}
