import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext } from '../checkpoint';
import { FlatBuffer } from '../containers/flatbuffer';
import { FormatError, throwIfCancelled } from '../errors';
import { openSiblings } from '../sibling';
import type { RandomAccessSource } from '../source';
import { firstEntryName, isZip, readBundle, type ModelSection } from './tflite-bundle';
import { TensorCollector } from './tflite-collector';
import { readModel, tfliteDialect, type TfliteModel } from './tflite-model';

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Models of TensorFlow Lite (LiteRT) and Circle, and the task bundles of MediaPipe that hold some. */
export const tfliteReader: FormatReader = {
  id: 'tflite',
  extensions: ['tflite', 'lite', 'circle', 'task'],
  matches(head: Uint8Array, source: RandomAccessSource): boolean {
    if (tfliteDialect(head) !== undefined) return true;
    return (
      isZip(head) && (/\.task$/i.test(source.path) || /(\.tflite|\.task|^TF_LITE_\w+)$/.test(firstEntryName(head)))
    );
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const { sections, notes, label } = await findModels(source, signal);
    const models: TfliteModel[] = [];
    for (const { dialect, start, size } of sections) {
      throwIfCancelled(signal);
      models.push(await readModel(new FlatBuffer(source, start, size, signal), dialect));
    }
    // Files that bundles name are not beside the bundle, but with whoever unpacks it.
    const isBundle = sections.some(({ name }) => name !== '');
    const externals = isBundle ? [] : externalFiles(models);
    const files = [source, ...(await openSiblings(source.path, externals, (name) => context.openSibling(name)))];
    const collector = new TensorCollector(files, new Map(externals.map((name, index) => [name, index + 1])));
    for (const [index, model] of models.entries()) {
      await collector.add(model, sections.length > 1 ? `${sections[index]?.name ?? ''}/` : '');
    }
    return {
      format: 'tflite',
      formatLabel: label,
      files: files.map(({ path, size }) => ({ path, size })),
      tensors: collector.tensors(),
      topology: collector.topology(),
      notes: [...notes, ...collector.notes()],
    };
  },
};

interface FoundModels {
  readonly sections: readonly ModelSection[];
  readonly notes: readonly CheckpointNote[];
  readonly label: string;
}

async function findModels(source: RandomAccessSource, signal: AbortSignal | undefined): Promise<FoundModels> {
  const head = await source.read(0, Math.min(8, source.size), signal);
  const dialect = tfliteDialect(head);
  if (dialect !== undefined) {
    return {
      sections: [{ name: '', dialect, start: 0, size: source.size }],
      notes: [],
      label: dialect === 'circle' ? l10n.t('Circle') : l10n.t('TensorFlow Lite'),
    };
  }
  if (!isZip(head)) {
    throw new FormatError({
      file: source.path,
      offset: 4,
      reason: l10n.t('has not the mark of a TensorFlow Lite file, "TFL3"'),
      remedy: REMEDY,
    });
  }
  const { models, compressed } = await readBundle(source, signal);
  if (models.length === 0) {
    const [first] = compressed;
    throw new FormatError({
      file: source.path,
      reason:
        first === undefined
          ? l10n.t('is a zip file without a TensorFlow Lite model')
          : l10n.t('holds {0} compressed, which TensorFlow Lite does not read either', JSON.stringify(first)),
      remedy: l10n.t('Unpack it, and open the model that is in it.'),
    });
  }
  const notes: CheckpointNote[] = [];
  if (compressed.length > 0) {
    notes.push({
      code: 'compressed-models',
      message: l10n.t(
        '{0} models of the bundle are compressed and not analyzed, e.g. {1}.',
        compressed.length,
        JSON.stringify(compressed[0]),
      ),
    });
  }
  return { sections: models, notes, label: l10n.t('TensorFlow Lite task bundle, {0} models', models.length) };
}

/** Names of the files that hold tensors of the models. */
function externalFiles(models: readonly TfliteModel[]): string[] {
  const names = new Set<string>();
  for (const { subgraphs } of models) {
    for (const { tensors } of subgraphs) {
      for (const { data } of tensors) if (data?.file !== undefined) names.add(data.file);
    }
  }
  return [...names];
}
