import * as l10n from '@vscode/l10n';
import { FormatError } from '../../formats/errors';
import type { JsonObject, KerasLayer } from '../../formats/keras/keras-config';
import type { CallArguments } from '../../formats/topology';
import type { Layer, Shape } from './layer';

/**
 * Makes a layer from its configuration.
 * @param inputs Shapes of its inputs, at least one.
 * @throws {FormatError} if it cannot be run, or the shapes do not fit
 */
export type LayerKind = (settings: LayerSettings, inputs: readonly [Shape, ...Shape[]]) => Layer;

/** What a layer has to know besides its own configuration. */
export interface LayerSurroundings {
  /** File that the layer is from, for errors. */
  readonly file: string;
  /** Path of the layer: names of the models around it, and its own. */
  readonly path: string;
  /** First number of the version of Keras whose rules apply; TensorFlow.js follows those of 2. */
  readonly kerasMajor: number;
  /** What the layer is called with, where it is more than inputs by position. */
  readonly call: CallArguments | undefined;
  /** Makes a layer that this one wraps. */
  readonly build: (layer: KerasLayer, surroundings: LayerSurroundings, inputs: readonly [Shape, ...Shape[]]) => Layer;
}

/** Sizes in configurations (units, kernels, paddings): far above any real one, far below where products overflow. */
const MAX_SETTING = 1e7;

/** The arguments of a layer, each checked when it is asked for. */
export class LayerSettings {
  private readonly config: JsonObject;

  constructor(
    readonly layer: KerasLayer,
    readonly surroundings: LayerSurroundings,
  ) {
    this.config = layer.config;
  }

  get kerasMajor(): number {
    return this.surroundings.kerasMajor;
  }

  /** The value of an argument as it is in the file; undefined if there is none. */
  value(name: string): unknown {
    return Object.hasOwn(this.config, name) ? (this.config[name] ?? undefined) : undefined;
  }

  number(name: string, otherwise: number): number {
    const value = this.value(name) ?? otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name);
    return value;
  }

  /** A number that may be there or not. */
  optionalNumber(name: string): number | undefined {
    return this.value(name) === undefined ? undefined : this.number(name, 0);
  }

  /** A whole number from 1 on. @param otherwise If undefined, it has to be there. */
  size(name: string, otherwise?: number): number {
    const value = this.value(name) ?? otherwise;
    if (!isWhole(value) || value < 1) throw this.wrong(name);
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.value(name) ?? otherwise;
    if (typeof value !== 'boolean') throw this.wrong(name);
    return value;
  }

  /** One of several words. */
  word<W extends string>(name: string, words: readonly W[], otherwise: W): W {
    const value = this.value(name) ?? otherwise;
    const word = words.find((one) => one === value);
    if (word === undefined) throw this.wrong(name);
    return word;
  }

  /** As many whole numbers as there are dimensions; one number stands for all. */
  sizes(name: string, dimensions: number, otherwise?: readonly number[]): number[] {
    const value = this.value(name) ?? otherwise;
    const list: readonly unknown[] = Array.isArray(value) ? value : new Array<unknown>(dimensions).fill(value);
    if (list.length !== dimensions || !list.every((one) => isWhole(one) && one >= 1)) throw this.wrong(name);
    return list as number[];
  }

  /** Whole numbers, negative ones included. */
  integers(name: string, otherwise?: readonly number[]): number[] {
    const value = this.value(name) ?? otherwise;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!list.every(isWhole)) throw this.wrong(name);
    return [...list];
  }

  /** Pairs for the beginning and the end of each dimension: one number, one a dimension, or two a dimension. */
  margins(name: string, dimensions: number, otherwise: number): [number, number][] {
    const value = this.value(name) ?? otherwise;
    // One dimension has its pair without a list around it.
    const bare = dimensions === 1 && Array.isArray(value) && value.length === 2 ? [value] : value;
    const list: readonly unknown[] = Array.isArray(bare) ? bare : new Array<unknown>(dimensions).fill(bare);
    if (list.length !== dimensions) throw this.wrong(name);
    return list.map((one) => {
      const [start, end] = Array.isArray(one) ? (one as readonly unknown[]) : [one, one];
      if (!isWhole(start) || !isWhole(end) || start < 0 || end < 0) throw this.wrong(name);
      return [start, end];
    });
  }

  /** The dimension (from 0, without the batch) that an axis counted with the batch means. */
  dimension(axis: number, rank: number): number {
    const dimension = axis < 0 ? rank + axis : axis - 1;
    if (!Number.isSafeInteger(dimension) || dimension < 0 || dimension >= rank) throw this.wrong('axis');
    return dimension;
  }

  /** Throws unless the argument is absent, or one of these values. */
  only(name: string, allowed: readonly unknown[]): void {
    const value = this.value(name);
    if (value !== undefined && !allowed.includes(value)) throw this.wrong(name);
  }

  /**
   * The inputs by the names of the arguments that they are; those by position have these names, in this order.
   * @throws {FormatError} for inputs of other names
   */
  named<N extends string>(inputs: readonly Shape[], names: readonly N[]): ReadonlyMap<N, number> {
    const found = new Map<N, number>();
    for (const index of inputs.keys()) {
      const given = this.surroundings.call?.inputNames[index];
      const name = given === undefined ? names[index] : names.find((one) => one === given);
      if (name === undefined || found.has(name)) {
        throw this.refused(l10n.t('takes an input as "{0}"', (given ?? String(index + 1)).slice(0, 100)));
      }
      found.set(name, index);
    }
    return found;
  }

  /** Whether the layer is called with a flag. */
  called(name: string): boolean {
    return this.surroundings.call?.settings.some(([own, value]) => own === name && value === true) ?? false;
  }

  /** Throws if the layer is called with arguments that are no inputs, but for flags of these names. */
  onlyCalled(names: readonly string[]): void {
    const other = this.surroundings.call?.settings.find(([name, value]) => !names.includes(name) || value !== true);
    if (other === undefined) return;
    const [name, value] = other;
    throw this.refused(l10n.t('is called with {0} as "{1}"', JSON.stringify(value).slice(0, 80), name.slice(0, 100)));
  }

  /** Throws unless there is one input of so many dimensions. */
  single(inputs: readonly [Shape, ...Shape[]], ...ranks: readonly number[]): Shape {
    const [shape] = inputs;
    if (inputs.length !== 1) throw this.refused(l10n.t('takes {0} inputs', inputs.length));
    if (ranks.length > 0 && !ranks.includes(shape.length)) throw this.unfit(shape);
    return shape;
  }

  /** The size of a dimension that weights or the arrangement of values depend on. */
  known(shape: Shape, dimension: number): number {
    const size = shape[dimension];
    if (size === undefined || size < 1) throw this.unfit(shape);
    return size;
  }

  /** An argument has a value that is not understood, or not supported. */
  wrong(name: string): FormatError {
    const value = this.value(name);
    const shown = value === undefined ? l10n.t('nothing') : JSON.stringify(value).slice(0, 80);
    return this.refused(l10n.t('has {0} as "{1}"', shown, name));
  }

  /** The shape of an input is none that the layer takes. */
  unfit(shape: Shape): FormatError {
    return this.refused(l10n.t('is given values of the shape [{0}]', shape.join(', ')));
  }

  refused(why: string): FormatError {
    return cannotRun(this.surroundings.file, this.surroundings.path, this.layer.className, why);
  }
}

/** Why layers that mask steps are refused. */
export const MASKS_PADDING = l10n.t(
  'masks padding: the layers after it would have to leave those steps out, each in its own way, which is not done here',
);

/** The error for a layer that stands in the way of running its model. */
export function cannotRun(file: string, path: string, className: string, why: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('cannot be run: layer "{0}" of class {1} {2}', path.slice(0, 200), className.slice(0, 100), why),
    remedy: l10n.t('Export the model to ONNX, or measure one that is made of the usual layers.'),
  });
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) <= MAX_SETTING;
}
