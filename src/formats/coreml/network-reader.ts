import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';
import { WireType, type ProtobufInput, type ProtobufRange } from '../containers/protobuf';
import { UniqueNames } from '../containers/unique-names';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { listed } from '../name-list';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import { LAYER_KINDS, type LayerKind, type LayerWeight } from './network-layers';
import { NetworkWeights } from './network-weights';

/** The deepest published networks have some thousand layers; loops and branches hold more. */
const MAX_LAYERS = 250_000;

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/** Names of all tensors together, of which the largest published networks have some 100,000 characters. */
const MAX_TEXT = 100_000_000;

/** Fields of a layer's parameters that are sizes or switches have numbers up to this. */
const LAST_SIZE = 128;

/** A field that holds the parameters of a layer: below are its name, its inputs and outputs. */
const FIRST_KIND = 100;

/** Reads the weights of neural networks (`NeuralNetwork.proto`): of each layer, under the layer's name. */
export class NetworkReader {
  readonly tensors: TensorEntry[] = [];
  private readonly unread: string[] = [];
  private readonly names = new UniqueNames();
  private readonly weights: NetworkWeights;
  private layers = 0;
  private nameCharacters = 0;

  constructor(private readonly input: ProtobufInput) {
    this.weights = new NetworkWeights(input);
  }

  /**
   * Adds the weights of a network.
   * @param prefix of the names of its layers.
   * @throws {FormatError}
   */
  async add(network: ProtobufRange, prefix: string): Promise<void> {
    const fields = this.input.fields(network);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) await this.layer(fields.range, prefix);
    }
  }

  notes(): CheckpointNote[] {
    const { unread } = this;
    if (unread.length === 0) return this.names.notes();
    return [
      ...this.names.notes(),
      {
        code: 'tensors-not-read',
        message: l10n.t(
          'These tensors are not read, and not counted: {0}. Their values are coded in an unknown way, or do not fit the sizes of their layer; convert the original model again with coremltools.',
          listed(unread.slice(0, MAX_NAMES), unread.length),
        ),
        tensors: unread,
      },
    ];
  }

  private async layer(range: ProtobufRange, prefix: string): Promise<void> {
    const { input } = this;
    if (++this.layers > MAX_LAYERS) {
      throw input.error(range.start, l10n.t('has more than {0} layers', MAX_LAYERS));
    }
    let name = '';
    let kind: LayerKind | undefined;
    let parameters: ProtobufRange | undefined;
    const fields = input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === 1) name = fields.text(MAX_NAME_LENGTH);
      else if (fields.number >= FIRST_KIND && fields.wireType === WireType.Bytes) {
        kind = LAYER_KINDS.get(fields.number);
        parameters = fields.range;
      }
    }
    if (kind === undefined || parameters === undefined) return;
    const path = `${prefix}${name === '' ? String(this.layers) : name}`;
    if (path.length > MAX_NAME_LENGTH) {
      throw input.error(range.start, l10n.t('has names of more than {0} characters', MAX_NAME_LENGTH));
    }
    const { sizes, messages } = await this.fieldsOf(parameters, kind);
    for (const weight of kind.weights) {
      const [first = 0, ...rest] = weight.path;
      const all = messages.get(first) ?? [];
      const wanted = weight.occurrence === undefined ? all : all.slice(weight.occurrence, weight.occurrence + 1);
      for (const [index, message] of wanted.entries()) {
        const place = await this.descend(message, rest);
        const suffix = wanted.length === 1 ? '' : `.${index}`;
        if (place !== undefined) await this.weight(place, weight, sizes, `${path}/${weight.name}${suffix}`);
      }
    }
    for (const [field, label] of kind.networks ?? []) {
      for (const network of messages.get(field) ?? []) await this.add(network, `${path}/${label}/`);
    }
  }

  private async weight(
    range: ProtobufRange,
    { shape: shapeOf, scaleAxis, role }: LayerWeight,
    sizes: ReadonlyMap<number, readonly number[]>,
    wanted: string,
  ): Promise<void> {
    const params = await this.weights.params(range);
    // A bias or a statistic that the layer does not use is there without values.
    if (params === undefined) return;
    if (this.tensors.length + this.unread.length >= MAX_TENSORS) {
      throw this.input.error(range.start, l10n.t('has more than {0} tensors', MAX_TENSORS));
    }
    this.nameCharacters += wanted.length;
    if (this.nameCharacters > MAX_TEXT) {
      throw this.input.error(range.start, l10n.t('has names of more than {0} characters in all', MAX_TEXT));
    }
    const name = this.names.take(wanted);
    const shape = shapeOf === undefined ? [params.count ?? -1] : shapeOf(sizes);
    const count = shape.length > MAX_DIMENSIONS ? undefined : elementCount(shape);
    const decoded =
      count === undefined || count === 0
        ? undefined
        : await this.weights.storage(params, shape, count, scaleAxis?.(sizes) ?? 0);
    if (count === undefined || decoded === undefined) {
      this.unread.push(name);
      return;
    }
    const { dtype } = decoded.storage;
    this.tensors.push({ name, shape, count, role: role ?? tensorRole(name, shape, dtype), dtype, ...decoded });
  }

  /** The first message at the end of a path of fields; the message itself for an empty path. */
  private async descend(range: ProtobufRange, path: readonly number[]): Promise<ProtobufRange | undefined> {
    const [number, ...rest] = path;
    if (number === undefined) return range;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      if (fields.number === number) return await this.descend(fields.range, rest);
    }
    return undefined;
  }

  /** What a layer's parameters hold, by field: whole numbers, and messages. */
  private async fieldsOf(
    range: ProtobufRange,
    { weights, networks = [], lists = [] }: LayerKind,
  ): Promise<{ sizes: Map<number, number[]>; messages: Map<number, ProtobufRange[]> }> {
    const sizes = new Map<number, number[]>();
    const messages = new Map<number, ProtobufRange[]>();
    const wanted = new Set([...weights.map(({ path: [first = 0] }) => first), ...networks.map(([field]) => field)]);
    let count = 0;
    const fields = this.input.fields(range);
    while (fields.next() ?? (await fields.load())) {
      const { number, wireType } = fields;
      if (lists.includes(number)) {
        const numbers = sizes.get(number) ?? [];
        await fields.appendInt64(numbers, MAX_DIMENSIONS);
        sizes.set(number, numbers);
      } else if (wireType === WireType.Varint && number <= LAST_SIZE) {
        sizes.set(number, [fields.int64]);
      } else if (wireType === WireType.Bytes && wanted.has(number)) {
        if (++count > MAX_TENSORS)
          throw this.input.error(range.start, l10n.t('has more than {0} tensors', MAX_TENSORS));
        const ranges = messages.get(number);
        if (ranges === undefined) messages.set(number, [fields.range]);
        else ranges.push(fields.range);
      }
    }
    return { sizes, messages };
  }
}
