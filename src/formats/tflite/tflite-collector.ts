import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import { MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';
import type { ByteExtent } from '../storage';
import type { Topology } from '../topology';
import { constantRole, subgraphTopology, type SubgraphTopology } from './tflite-graph';
import type { ModelTensor, Subgraph, TfliteModel } from './tflite-model';
import { storedTensor, UnreadableTensorError, type StoredTensor } from './tflite-storage';

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/** Puts the constants of models together: each with a name of its own, and those that share their data as aliases. */
export class TensorCollector {
  private readonly entries: TensorEntry[] = [];
  private readonly graphs: SubgraphTopology[] = [];
  private readonly renamed: string[] = [];
  private readonly skipped: string[] = [];
  private objection = '';
  /** Names of all tensors, also those that are computed. */
  private readonly names = new Set<string>();
  /** The number that the next tensor of a name gets. */
  private readonly nextNumber = new Map<string, number>();
  /** First tensor of each buffer, by where it is. */
  private readonly originals = new Map<string, string>();
  private readonly occupied: { readonly extent: ByteExtent; readonly tensor: string }[] = [];

  /** @param fileIndices Indices in `files` of those that models name. */
  constructor(
    private readonly files: readonly RandomAccessSource[],
    private readonly fileIndices: ReadonlyMap<string, number>,
  ) {}

  /** @param prefix Of all names of the model. */
  async add(model: TfliteModel, prefix: string): Promise<void> {
    for (const [number, subgraph] of model.subgraphs.entries()) {
      const place = subgraph.name === '' ? `subgraph ${number}` : subgraph.name;
      const names = subgraph.tensors.map((tensor, index) => this.uniqueName(tensor, index, prefix, place));
      const entries = new Map<number, TensorEntry>();
      const scales = new Set<number>();
      for (const [index, tensor] of subgraph.tensors.entries()) {
        if (tensor.data === undefined) continue;
        const stored = await this.read(model, subgraph, tensor, names[index] ?? '');
        if (stored === undefined) continue;
        const name = names[index] ?? '';
        entries.set(index, this.entry(name, this.locate(model, tensor, name), tensor, stored));
        for (const scale of stored.scaledBy ?? []) scales.add(scale);
      }
      const graph = subgraphTopology({ subgraph, names, entries }, `${prefix}${place} `);
      this.graphs.push(graph);
      if (this.entries.length + entries.size > MAX_TENSORS) throw this.tooMany();
      for (const [index, entry] of entries) {
        const role = scales.has(index) ? 'quantization' : constantRole(entry, graph.roles.get(entry.name));
        this.entries.push({ ...entry, role });
      }
    }
  }

  /** @throws {FormatError} if tensors share a part of their bytes */
  tensors(): readonly TensorEntry[] {
    const byPlace = this.occupied.toSorted(
      (a, b) => a.extent.file - b.extent.file || a.extent.offset - b.extent.offset,
    );
    for (const [index, { extent, tensor }] of byPlace.entries()) {
      const next = byPlace[index + 1];
      if (next?.extent.file !== extent.file || next.extent.offset >= extent.offset + extent.length) continue;
      throw new FormatError({
        file: this.files[extent.file]?.path ?? '',
        tensor: next.tensor,
        offset: next.extent.offset,
        reason: l10n.t('shares some of its bytes with {0}', JSON.stringify(tensor)),
        remedy: REMEDY,
      });
    }
    return this.entries;
  }

  topology(): Topology {
    return {
      nodes: this.graphs.flatMap(({ nodes }) => nodes),
      inputs: this.graphs.flatMap(({ inputs }) => inputs),
      outputs: this.graphs.flatMap(({ outputs }) => outputs),
    };
  }

  notes(): CheckpointNote[] {
    const notes: CheckpointNote[] = [];
    if (this.skipped.length > 0) {
      notes.push({
        code: 'skipped-tensors',
        message: l10n.t('{0} tensors are not analyzed; the first {1}.', this.skipped.length, this.objection),
        tensors: this.skipped,
      });
    }
    if (this.renamed.length > 0) {
      notes.push({
        code: 'renamed-tensors',
        message: l10n.t(
          '{0} tensors have the name of another one, or none; they are told apart by their subgraph or a number.',
          this.renamed.length,
        ),
        tensors: this.renamed,
      });
    }
    return notes;
  }

  /** How a constant is stored; undefined if it is not read. */
  private async read(
    model: TfliteModel,
    subgraph: Subgraph,
    tensor: ModelTensor,
    name: string,
  ): Promise<StoredTensor | undefined> {
    const [source] = this.files;
    try {
      return await storedTensor(
        model,
        subgraph,
        tensor,
        (other) => this.locate(model, other, name),
        0,
        source?.path ?? '',
      );
    } catch (error) {
      if (!(error instanceof UnreadableTensorError)) throw error;
      if (this.skipped.length === 0) this.objection = error.message;
      this.skipped.push(name);
      return undefined;
    }
  }

  private entry(
    name: string,
    extent: ByteExtent,
    tensor: ModelTensor,
    { dtype, count, storage, storedAs }: StoredTensor,
  ): TensorEntry {
    const key = `${extent.file}:${extent.offset}:${extent.length}`;
    const original = extent.length === 0 ? undefined : this.originals.get(key);
    if (extent.length > 0 && original === undefined) {
      this.originals.set(key, name);
      this.occupied.push({ extent, tensor: name });
    }
    return {
      name,
      dtype,
      shape: tensor.shape,
      count,
      role: 'other',
      storage,
      ...(storedAs === undefined ? {} : { storedAs }),
      ...(original === undefined ? {} : { aliasOf: original }),
    };
  }

  /** Where the data of a constant are in the checkpoint's files. */
  private locate({ buffer }: TfliteModel, { data }: ModelTensor, name: string): ByteExtent {
    const { file: fileName, start, length } = data ?? { start: 0, length: 0 };
    if (fileName === undefined) return { file: 0, offset: buffer.start + start, length };
    const file = this.fileIndices.get(fileName);
    const source = file === undefined ? undefined : this.files[file];
    if (file === undefined || source === undefined)
      throw new UnreadableTensorError(l10n.t('is in a file beside the model'));
    if (start + length <= source.size) return { file, offset: start, length };
    throw new FormatError({
      file: source.path,
      tensor: name,
      offset: source.size,
      reason: l10n.t('ends before byte {0}, where the tensor does', start + length),
      remedy: REMEDY,
    });
  }

  /** Its own name, if no tensor before it has it; else that with the subgraph's before it, or with a number. */
  private uniqueName({ name, data }: ModelTensor, index: number, prefix: string, subgraph: string): string {
    const own = `${prefix}${name}`;
    const candidates = name === '' ? [`${prefix}${subgraph}/tensor ${index}`] : [own, `${prefix}${subgraph}/${name}`];
    let unique = candidates.find((candidate) => !this.names.has(candidate));
    const base = candidates.at(-1) ?? own;
    for (let number = this.nextNumber.get(base) ?? 2; unique === undefined; number++) {
      this.nextNumber.set(base, number + 1);
      if (!this.names.has(`${base} #${number}`)) unique = `${base} #${number}`;
    }
    this.names.add(unique);
    if (unique !== own && data !== undefined) this.renamed.push(unique);
    return unique;
  }

  private tooMany(): FormatError {
    return new FormatError({
      file: this.files[0]?.path ?? '',
      reason: l10n.t('holds more than {0} tensors', MAX_TENSORS),
      remedy: l10n.t('Check where the file comes from.'),
    });
  }
}
