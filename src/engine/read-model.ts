import * as l10n from '@vscode/l10n';
import type { AnalyzedModel } from '../compare/comparison-builder';
import type { Checkpoint } from '../formats/checkpoint';
import { FormatError, throwIfCancelled } from '../formats/errors';
import type { AnalysisEvent } from '../protocol/analysis';
import type { ModelReport } from '../report/report';
import type { ValueCells } from '../sketch/cells';
import { filesHash, modelFiles } from './model-key';
import { storedBytes } from './plan';
import { openModel } from './open-model';

/** Analyses a model file, or tells again what is known of it: its events, and its report. */
export type Analyze = (
  path: string,
  onEvent: (event: AnalysisEvent) => void,
  signal: AbortSignal,
) => Promise<ModelReport>;

/** A model whose header has been read. */
export interface ModelHeader {
  /** As it was asked for. */
  readonly path: string;
  readonly checkpoint: Checkpoint;
  /** The main file, and all that hold weights. */
  readonly files: readonly string[];
  /** Of these files, as they were then. */
  readonly filesHash: string;
}

/**
 * Reads the header. The file is closed again: threads open it themselves.
 * @throws {FormatError}
 */
export async function readHeader(path: string, signal: AbortSignal): Promise<ModelHeader> {
  const opened = await openModel(path, signal);
  try {
    const files = modelFiles(opened);
    return { path, checkpoint: opened.checkpoint, files, filesHash: await hashOf(files) };
  } finally {
    await opened.close();
  }
}

/** Bytes that an analysis reads, shared memory once. */
export function bytesToAnalyze({ checkpoint }: ModelHeader): number {
  return checkpoint.tensors.reduce((sum, tensor) => sum + (tensor.aliasOf === undefined ? storedBytes(tensor) : 0), 0);
}

/**
 * Analyses a model whose header is known.
 * @param onBytes gets the number of bytes read so far.
 * @throws {FormatError} also if the file was written since its header was read.
 */
export async function readModel(
  header: ModelHeader,
  analyze: Analyze,
  onBytes: (bytesDone: number) => void,
  signal: AbortSignal,
): Promise<AnalyzedModel> {
  const cells = new Array<ValueCells | undefined>(header.checkpoint.tensors.length);
  const report = await analyze(
    header.path,
    (event) => {
      if (event.type === 'opened') return;
      if (event.type === 'layers') for (const layer of event.layers) cells[layer.index] = layer.cells;
      onBytes(event.bytesDone);
    },
    signal,
  );
  throwIfCancelled(signal);
  await checkUnchanged(header);
  return { report, cells };
}

/**
 * Numbers of one version of a file must not be put beside those of another.
 * @throws {FormatError} if the file was written since its header was read.
 */
export async function checkUnchanged(header: ModelHeader): Promise<void> {
  if ((await hashOf(header.files)) === header.filesHash) return;
  throw changed(header.files);
}

async function hashOf(files: readonly string[]): Promise<string> {
  try {
    return await filesHash(files);
  } catch {
    throw changed(files);
  }
}

function changed([file = '']: readonly string[]): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('was changed while it was read'),
    remedy: l10n.t('Another program is writing it: compare it again once that is done.'),
  });
}
