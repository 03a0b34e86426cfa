import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from '../../formats/errors';
import type { OnnxProgramNode } from '../../formats/onnx/onnx-program';
import type { NetworkParameter } from '../network';
import { cannotRun, OperatorCall, type Pass } from './onnx-call';
import { operatorFor } from './onnx-operators';
import type { OnnxPlan } from './onnx-plan';
import type { OnnxTensors } from './onnx-tensors';
import { plain, tensorValue, type Value } from './onnx-value';

/** What a pass is given besides the inputs. */
export interface PassOptions {
  readonly rebatch?: Pass['rebatch'];
  readonly observe?: Pass['observe'];
}

/** Runs the nodes of a plan, those apart that depend on constants only: they have been run once. */
export class OnnxRunner {
  private readonly nodes: OnnxProgramNode[] = [];
  private readonly checked = new Set<OnnxProgramNode>();
  private readonly constants: Map<string, Value>;

  private constructor(
    private readonly plan: OnnxPlan,
    private readonly tensors: OnnxTensors,
    private readonly opset: number,
    private readonly file: string,
  ) {
    this.constants = new Map(tensors.constants);
  }

  /** @throws {FormatError} for constants that cannot be computed; {@link CancelledError} once the signal is raised */
  static create(
    plan: OnnxPlan,
    tensors: OnnxTensors,
    opset: number,
    file: string,
    signal: AbortSignal | undefined,
  ): OnnxRunner {
    const runner = new OnnxRunner(plan, tensors, opset, file);
    for (const node of plan.nodes) {
      throwIfCancelled(signal);
      runner.fold(node);
    }
    return runner;
  }

  get parameters(): readonly NetworkParameter[] {
    return this.tensors.parameters;
  }

  /**
   * The output of the plan.
   * @throws {FormatError} for operators that cannot be run on these inputs
   */
  run(inputs: readonly tf.Tensor[], parameters: readonly tf.Tensor[], options: PassOptions = {}): tf.Tensor {
    const { plan, tensors } = this;
    const values = new Map(this.constants);
    for (const [name, index] of tensors.parameterOf) {
      const tensor = parameters[index];
      if (tensor === undefined) throw new RangeError(`Parameter ${index} is missing`);
      const value = tensorValue(tensor, index);
      values.set(name, tensors.dequantised.has(index) ? { ...value, dequantised: true } : value);
    }
    for (const [index, { name, takesIntegers }] of plan.inputs.entries()) {
      const input = inputs[index];
      if (input === undefined) throw new RangeError(`Input ${index} is missing`);
      values.set(name, tensorValue(takesIntegers ? tf.cast(input, 'int32') : input));
    }
    const { rebatch, observe } = options;
    const pass = this.pass({ observe, ...(rebatch === undefined ? {} : { rebatch }) });
    for (const node of this.nodes) this.runNode(node, values, pass);
    const output = values.get(plan.output);
    if (output === undefined) throw this.missing(plan.output);
    return tf.cast(plain(output), 'float32');
  }

  dispose(): void {
    for (const { tensor } of this.constants.values()) tensor?.dispose();
    this.constants.clear();
  }

  private pass(options: Pick<Pass, 'observe' | 'rebatch'>): Pass {
    return { file: this.file, opset: this.opset, parameters: this.tensors.parameters, ...options };
  }

  /** Runs a node at once if all that it takes is constant; else it is run in each pass. */
  private fold(node: OnnxProgramNode): void {
    if (!node.inputs.every((name) => name === '' || this.constants.has(name))) {
      this.nodes.push(node);
      return;
    }
    tf.tidy(() => {
      this.runNode(node, this.constants, this.pass({ observe: undefined }));
      for (const name of node.outputs) {
        const tensor = this.constants.get(name)?.tensor;
        // A constant that is given on as it is stays one tensor: disposing of it twice does no harm.
        if (tensor !== undefined) tf.keep(tensor);
      }
    });
  }

  private runNode(node: OnnxProgramNode, values: Map<string, Value>, pass: Pass): void {
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const value = values.get(name);
      if (value === undefined) throw this.missing(name);
      return value;
    });
    const call = new OperatorCall(node, inputs, pass);
    const results = this.resultsOf(call);
    const [unread] = this.checked.has(node) ? [] : call.unread;
    if (unread !== undefined) throw call.refusal(l10n.t('its attribute {0} is not understood', unread));
    this.checked.add(node);
    for (const [index, name] of node.outputs.entries()) {
      const result = results[index];
      // A further output that nothing takes may be missing; one that is taken is missed where it is.
      if (name !== '' && result !== undefined) values.set(name, result);
    }
  }

  /** @throws {FormatError} also for what TensorFlow.js finds wrong with the operands */
  private resultsOf(call: OperatorCall): readonly Value[] {
    const { node } = call;
    const operator = operatorFor(node);
    if (operator === undefined) throw cannotRun(this.file, node, l10n.t('is not among those that can be run'));
    try {
      const results = operator(call);
      return 'shape' in results ? [results] : results;
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw cannotRun(this.file, node, error instanceof Error ? error.message : String(error));
    }
  }

  private missing(name: string): FormatError {
    const taker = this.plan.nodes.find((node) => node.inputs.includes(name));
    const producer = this.plan.nodes.find((node) => node.outputs.includes(name)) ?? taker;
    const { operator = '', domain = '', name: nodeName = '' } = producer ?? {};
    return cannotRun(this.file, { operator, domain, name: nodeName }, l10n.t('there is no value "{0}"', name));
  }
}
