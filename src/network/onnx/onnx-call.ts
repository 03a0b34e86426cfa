import * as l10n from '@vscode/l10n';
import type { Tensor } from '@tensorflow/tfjs-core';
import { FormatError } from '../../formats/errors';
import type { SingleValue } from '../../formats/onnx/onnx-attribute';
import type { OnnxProgramNode } from '../../formats/onnx/onnx-program';
import type { NetworkParameter } from '../network';
import { type Value } from './onnx-value';
import { product } from '../../formats/shape';

/** Elements of one value while a network runs: 1 GB as float32. Some operators make much of next to nothing in the file. */
const MAX_VALUE_ELEMENTS = 2 ** 28;

/** Dimensions that all operations at hand work on. */
const MAX_RANK = 6;

/** What all operators of one pass share. */
export interface Pass {
  readonly file: string;
  /** Version of ONNX's operators. */
  readonly opset: number;
  /**
   * The batch size that constants in the graph are made for, and the one that is run, if the sizes of batches in constants
   * are to be replaced.
   */
  readonly rebatch?: { readonly from: number; readonly to: number };
  readonly parameters: readonly NetworkParameter[];
  readonly observe: ((parameter: number, input: Tensor) => void) | undefined;
}

/** Gives the outputs of an operator; the further ones only if it can. */
export type Operator = (call: OperatorCall) => Value | readonly Value[];

/** An operator that is run: its inputs and attributes. */
export class OperatorCall {
  private readonly asked = new Set<string>();

  constructor(
    readonly node: OnnxProgramNode,
    readonly inputs: readonly (Value | undefined)[],
    readonly pass: Pass,
  ) {}

  get opset(): number {
    return this.pass.opset;
  }

  /** Attributes that the operator did not ask for: it would be run as if they were not there. */
  get unread(): string[] {
    return [...this.node.attributes.keys()].filter((name) => !this.asked.has(name));
  }

  /** @throws {FormatError} if it is left out */
  input(index: number): Value {
    const value = this.inputs[index];
    if (value === undefined) throw this.refusal(l10n.t('its input {0} is missing', index));
    return value;
  }

  /** Numbers that do not depend on the values of the sample. @throws {FormatError} if they do, or are left out */
  numbers(index: number): readonly number[] {
    const { numbers } = this.input(index);
    if (numbers === undefined) throw this.refusal(l10n.t('its input {0} depends on the values of the sample', index));
    return numbers;
  }

  optionalNumbers(index: number): readonly number[] | undefined {
    return this.inputs[index] === undefined ? undefined : this.numbers(index);
  }

  /** Numbers that are an attribute in old versions of an operator, and an input in new ones. */
  numbersOf(attribute: string, index: number): readonly number[] | undefined {
    return this.integers(attribute) ?? this.optionalNumbers(index);
  }

  integer(name: string, otherwise: number): number {
    return this.integers(name)?.[0] ?? otherwise;
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name)?.integers;
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name)?.floats[0] ?? otherwise;
  }

  floats(name: string): readonly number[] | undefined {
    return this.attribute(name)?.floats;
  }

  text(name: string, otherwise: string): string {
    return this.attribute(name)?.texts[0] ?? otherwise;
  }

  single(name: string): SingleValue | undefined {
    return this.attribute(name)?.single;
  }

  /** Attributes that change nothing when a network is run as at inference. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name);
  }

  /** @throws {FormatError} if an attribute has another value than the only one that is understood */
  expect(name: string, only: number, otherwise = only): void {
    const value = this.integer(name, otherwise);
    if (value !== only) throw this.refusalOf(name, value);
  }

  /** The error for an attribute with a value that is not understood. */
  refusalOf(attribute: string, value: string | number): FormatError {
    return this.refusal(l10n.t('its attribute {0} is {1}', attribute, value));
  }

  refusal(reason: string): FormatError {
    return cannotRun(this.pass.file, this.node, reason);
  }

  /** A dimension, counted from the front. @throws {FormatError} if there is none such */
  axis(axis: number, rank: number): number {
    const own = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(own) || own < 0 || own >= rank) {
      throw this.refusal(l10n.t('it works along dimension {0} of {1}', axis, rank));
    }
    return own;
  }

  /** @throws {FormatError} if a value of this shape would be too large or of too many dimensions, or is none */
  checkShape(shape: readonly number[]): void {
    if (shape.some((size) => !Number.isInteger(size) || size < 0) || shape.length > MAX_RANK) {
      throw this.refusal(l10n.t('it would give the shape [{0}]', shape.join(', ')));
    }
    if (product(shape) > MAX_VALUE_ELEMENTS) {
      throw this.refusal(l10n.t('it would give more than {0} numbers', MAX_VALUE_ELEMENTS));
    }
  }

  /** The shape of two that are broadcast. @throws {FormatError} if they cannot be */
  broadcast(a: readonly number[], b: readonly number[]): number[] {
    const rank = Math.max(a.length, b.length);
    const shape = Array.from({ length: rank }, (_, index) => {
      const first = a[index - rank + a.length] ?? 1;
      const second = b[index - rank + b.length] ?? 1;
      if (first !== second && first !== 1 && second !== 1) {
        throw this.refusal(l10n.t('its inputs [{0}] and [{1}] do not fit one another', a.join(', '), b.join(', ')));
      }
      return first === 1 ? second : first;
    });
    this.checkShape(shape);
    return shape;
  }

  /** Tells the observer what a weight is multiplied with. @param input its last dimension are the weight's inputs */
  observe({ parameter }: Value, input: () => Tensor): void {
    const { observe, parameters } = this.pass;
    if (observe === undefined || parameter === undefined) return;
    const { inputDimension, shape } = parameters[parameter] ?? {};
    if (inputDimension === undefined || shape === undefined) return;
    const tensor = input();
    if (tensor.shape.at(-1) === shape[inputDimension]) observe(parameter, tensor);
  }

  private attribute(name: string): ReturnType<OnnxProgramNode['attributes']['get']> {
    this.asked.add(name);
    const attribute = this.node.attributes.get(name);
    if (attribute?.isOther === true) throw this.refusal(l10n.t('its attribute {0} is not understood', name));
    return attribute;
  }
}

/** The error for an operator that cannot be run. */
export function cannotRun(
  file: string,
  { operator, domain, name }: Pick<OnnxProgramNode, 'operator' | 'domain' | 'name'>,
  reason: string,
): FormatError {
  const shown = domain === '' ? operator : `${domain}.${operator}`;
  return new FormatError({
    file,
    reason: l10n.t('cannot be run: operator {0} (node "{1}"): {2}', shown, name, reason),
    remedy: l10n.t('Export the network with other operators, or measure it in the format of TensorFlow.js or Keras.'),
  });
}
