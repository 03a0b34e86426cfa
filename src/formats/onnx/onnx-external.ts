import * as l10n from '@vscode/l10n';
import type { OpenContext } from '../checkpoint';
import type { ProtobufInput } from '../containers/protobuf';
import { FormatError } from '../errors';
import { openSiblings } from '../sibling';
import type { RandomAccessSource } from '../source';
import type { ByteExtent } from '../storage';
import type { OnnxGraph, OnnxModel } from './onnx-graph';
import type { ProtoTensor } from './onnx-tensor';

/** The files beside the model that hold values of its tensors. */
export class ExternalFiles {
  private constructor(
    private readonly input: ProtobufInput,
    private readonly indices: ReadonlyMap<string, number>,
    private readonly sources: readonly RandomAccessSource[],
  ) {}

  /**
   * Opens all files that the model's tensors name.
   * @throws {FormatError} if there is one without a name, that is missing, or outside the model's folder
   */
  static async open(input: ProtobufInput, model: OnnxModel, context: OpenContext): Promise<ExternalFiles> {
    const indices = new Map<string, number>();
    for (const { external, offset, name } of externalTensors(model)) {
      const location = external?.get('location');
      if (location === undefined) {
        throw input.error(offset, l10n.t('is said to be in another file, which is not named'), name);
      }
      // The model itself is the first file.
      if (!indices.has(location)) indices.set(location, indices.size + 1);
    }
    const sources = await openSiblings(input.source.path, [...indices.keys()], (name) => context.openSibling(name));
    return new ExternalFiles(input, indices, [input.source, ...sources]);
  }

  /** The model's file and all others. */
  get files(): readonly RandomAccessSource[] {
    return this.sources;
  }

  /** Where `bytes` bytes of values are. @throws {FormatError} if they are not there */
  extent(entries: ReadonlyMap<string, string>, bytes: number, name: string, at: number): ByteExtent {
    const file = this.indices.get(entries.get('location') ?? '') ?? 0;
    const source = this.sources[file];
    const offset = this.number(entries, 'offset', name, at) ?? 0;
    const length = this.number(entries, 'length', name, at);
    if (length !== undefined && length !== bytes) {
      throw this.input.error(at, l10n.t('has {0} bytes of values where its shape takes {1}', length, bytes), name);
    }
    const size = source?.size ?? 0;
    if (offset + bytes > size) {
      throw new FormatError({
        file: source?.path ?? this.input.source.path,
        tensor: name,
        offset: size,
        reason: l10n.t('is cut off: the model places it in bytes {0} to {1} of {2}', offset, offset + bytes, size),
        remedy: l10n.t('The file is incomplete: copy or download it again.'),
      });
    }
    return { file, offset, length: bytes };
  }

  private number(entries: ReadonlyMap<string, string>, key: string, name: string, at: number): number | undefined {
    const text = entries.get(key);
    if (text === undefined || text === '') return undefined;
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(number)) return number;
    const shown = JSON.stringify(text.slice(0, 40));
    throw this.input.error(at, l10n.t('is placed in another file by {0} {1}, which is no number', key, shown), name);
  }
}

function* externalTensors({ graph, functions, training }: OnnxModel): Generator<ProtoTensor> {
  for (const part of [graph, ...functions, ...training]) {
    for (const tensor of tensorsOf(part)) if (tensor.external !== undefined) yield tensor;
  }
}

function* tensorsOf({ initializers, sparseInitializers, nodes }: OnnxGraph): Generator<ProtoTensor> {
  yield* initializers;
  for (const { values, indices } of sparseInitializers) yield* [values, indices];
  for (const { constant, graphs } of nodes) {
    if (constant?.kind === 'tensor') yield constant.tensor;
    else if (constant?.kind === 'sparse') yield* [constant.sparse.values, constant.sparse.indices];
    for (const { graph } of graphs) yield* tensorsOf(graph);
  }
}
