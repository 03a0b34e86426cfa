import { throwIfCancelled } from '../../../src/formats/errors';
import type { Evaluation, Objective, ParameterLayout } from '../../../src/measurement/objective';

/** Samples of classes: `inputs` holds `size` numbers for each. */
export interface ClassSamples {
  readonly inputs: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

export type Activation = 'relu' | 'tanh';

type Vector = Float32Array | Float64Array;

/** What one sample leaves in each layer. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Where the matrix [outputs, inputs] and the bias begin in the vector of all parameters. */
  readonly matrix: number;
  readonly bias: number;
  /** Activations that go in; their change along the direction. */
  readonly input: Float64Array;
  readonly inputChange: Float64Array;
  /** ∂loss/∂(output before the activation); its change. */
  readonly delta: Float64Array;
  readonly deltaChange: Float64Array;
  /** Change of the output before the activation. */
  readonly sumChange: Float64Array;
}

/**
 * Mean cross-entropy of a fully connected network, in float64 and by hand: gradients by back-propagation, exact
 * Hessian-vector products by Pearlmutter's R-operator (Fast exact multiplication by the Hessian, Neural Computation 6, 1994).
 * An oracle that shares nothing with TensorFlow.js.
 */
export class MlpObjective implements Objective {
  readonly size: number;
  readonly samples: number;
  readonly layout: readonly ParameterLayout[];
  /** Calls so far, by method. */
  readonly calls = { evaluate: 0, gradient: 0, hessianTimes: 0, squaredGradients: 0, inputNorms: 0 };
  private readonly layers: Layer[];
  private readonly logits: Float64Array;

  /** @param sizes of the inputs, of each hidden layer and of the outputs */
  constructor(
    sizes: readonly number[],
    private readonly activation: Activation,
    private readonly data: ClassSamples,
  ) {
    this.samples = data.labels.length;
    this.layers = [];
    const layout: ParameterLayout[] = [];
    let offset = 0;
    for (const [index, inputs] of sizes.slice(0, -1).entries()) {
      const outputs = sizes[index + 1]!;
      const bias = offset + inputs * outputs;
      this.layers.push({ inputs, outputs, matrix: offset, bias, ...layerMemory(inputs, outputs) });
      layout.push({
        ...{ name: `fc${index + 1}.weight`, shape: [outputs, inputs], offset, count: inputs * outputs },
        ...{ prunable: true, outputDimension: 0, inputDimension: 1 },
      });
      layout.push({ name: `fc${index + 1}.bias`, shape: [outputs], offset: bias, count: outputs, prunable: false });
      offset = bias + outputs;
    }
    this.size = offset;
    this.layout = layout;
    this.logits = new Float64Array(sizes.at(-1)!);
  }

  evaluate(weights: Vector, signal?: AbortSignal): Promise<Evaluation> {
    this.calls.evaluate++;
    throwIfCancelled(signal);
    const numbers = Float64Array.from(weights);
    const losses = new Float32Array(this.samples);
    let sum = 0;
    let right = 0;
    for (let sample = 0; sample < this.samples; sample++) {
      this.forward(numbers, sample);
      const loss = this.loss(sample);
      losses[sample] = loss;
      sum += loss;
      if (this.logits.indexOf(Math.max(...this.logits)) === this.data.labels[sample]) right++;
    }
    return Promise.resolve({ loss: sum / this.samples, losses, accuracy: right / this.samples });
  }

  async gradient(
    weights: Vector,
    signal?: AbortSignal,
  ): Promise<{ readonly loss: number; readonly gradient: Float32Array }> {
    this.calls.gradient++;
    throwIfCancelled(signal);
    const { loss, gradient } = this.exactGradient(Float64Array.from(weights));
    return Promise.resolve({ loss, gradient: Float32Array.from(gradient) });
  }

  hessianTimes(weights: Vector, vector: Vector, signal?: AbortSignal): Promise<Float32Array> {
    this.calls.hessianTimes++;
    throwIfCancelled(signal);
    return Promise.resolve(
      Float32Array.from(this.exactHessianTimes(Float64Array.from(weights), Float64Array.from(vector))),
    );
  }

  squaredGradients(weights: Vector, signal?: AbortSignal): Promise<Float32Array> {
    this.calls.squaredGradients++;
    throwIfCancelled(signal);
    const numbers = Float64Array.from(weights);
    const squares = new Float64Array(this.size);
    for (let sample = 0; sample < this.samples; sample++) {
      this.forward(numbers, sample);
      this.backward(numbers, sample, 1);
      for (const { inputs, outputs, matrix, bias, input, delta } of this.layers) {
        for (let output = 0; output < outputs; output++) {
          const square = delta[output]! ** 2 / this.samples;
          squares[bias + output]! += square;
          const row = matrix + output * inputs;
          for (let at = 0; at < inputs; at++) squares[row + at]! += square * input[at]! ** 2;
        }
      }
    }
    return Promise.resolve(Float32Array.from(squares));
  }

  inputNorms(weights: Vector, signal?: AbortSignal): Promise<readonly (Float32Array | undefined)[]> {
    this.calls.inputNorms++;
    throwIfCancelled(signal);
    const numbers = Float64Array.from(weights);
    const sums = this.layers.map(({ inputs }) => new Float64Array(inputs));
    for (let sample = 0; sample < this.samples; sample++) {
      this.forward(numbers, sample);
      for (const [index, { input }] of this.layers.entries()) {
        for (const [at, value] of input.entries()) sums[index]![at]! += value ** 2;
      }
    }
    return Promise.resolve(
      sums.flatMap((sum) => [Float32Array.from(sum, (value) => Math.sqrt(value / this.samples)), undefined]),
    );
  }

  /** Loss and gradient over all samples, or over those with these indices. */
  exactGradient(
    weights: Float64Array,
    samples: ArrayLike<number> = Uint32Array.from({ length: this.samples }, (_, index) => index),
  ): { readonly loss: number; readonly gradient: Float64Array } {
    const gradient = new Float64Array(this.size);
    let loss = 0;
    for (const sample of Array.from(samples)) {
      this.forward(weights, sample);
      loss += this.loss(sample) / samples.length;
      this.backward(weights, sample, samples.length);
      for (const { inputs, outputs, matrix, bias, input, delta } of this.layers) {
        for (let output = 0; output < outputs; output++) {
          const error = delta[output]!;
          if (error === 0) continue;
          gradient[bias + output]! += error;
          const row = matrix + output * inputs;
          for (let at = 0; at < inputs; at++) gradient[row + at]! += error * input[at]!;
        }
      }
    }
    return { loss, gradient };
  }

  exactHessianTimes(weights: Float64Array, vector: Float64Array): Float64Array {
    const product = new Float64Array(this.size);
    for (let sample = 0; sample < this.samples; sample++) {
      this.forward(weights, sample, vector);
      this.backward(weights, sample, this.samples, vector);
      for (const { inputs, outputs, matrix, bias, input, inputChange, delta, deltaChange } of this.layers) {
        for (let output = 0; output < outputs; output++) {
          const [error, change] = [delta[output]!, deltaChange[output]!];
          if (error === 0 && change === 0) continue;
          product[bias + output]! += change;
          const row = matrix + output * inputs;
          for (let at = 0; at < inputs; at++) product[row + at]! += change * input[at]! + error * inputChange[at]!;
        }
      }
    }
    return product;
  }

  private loss(sample: number): number {
    const largest = Math.max(...this.logits);
    const sum = this.logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return largest + Math.log(sum) - this.logits[this.data.labels[sample]!]!;
  }

  /** Activations of all layers and the logits; with a direction, their changes along it. */
  private forward(weights: Float64Array, sample: number, direction?: Float64Array): void {
    const [first] = this.layers;
    const start = sample * first!.inputs;
    for (let at = 0; at < first!.inputs; at++) first!.input[at] = this.data.inputs[start + at]!;
    for (const [index, layer] of this.layers.entries()) {
      const { inputs, outputs, matrix, bias, input, inputChange, sumChange } = layer;
      const next = this.layers[index + 1];
      for (let output = 0; output < outputs; output++) {
        const row = matrix + output * inputs;
        let sum = weights[bias + output]!;
        for (let at = 0; at < inputs; at++) sum += weights[row + at]! * input[at]!;
        let change = 0;
        if (direction !== undefined) {
          change = direction[bias + output]!;
          for (let at = 0; at < inputs; at++) {
            change += direction[row + at]! * input[at]! + weights[row + at]! * inputChange[at]!;
          }
          sumChange[output] = change;
        }
        if (next === undefined) {
          this.logits[output] = sum;
        } else {
          const value = this.activation === 'relu' ? Math.max(0, sum) : Math.tanh(sum);
          next.input[output] = value;
          next.inputChange[output] = this.slope(value) * change;
        }
      }
    }
  }

  /** Derivatives by the sums of all layers, divided by `count`; with a direction, their changes along it. */
  private backward(weights: Float64Array, sample: number, count: number, direction?: Float64Array): void {
    const last = this.layers.at(-1)!;
    const largest = Math.max(...this.logits);
    const powers = this.logits.map((logit) => Math.exp(logit - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const mean = powers.reduce((sum, power, output) => sum + (power / total) * last.sumChange[output]!, 0);
    for (const [output, power] of powers.entries()) {
      const probability = power / total;
      last.delta[output] = (probability - (output === this.data.labels[sample] ? 1 : 0)) / count;
      last.deltaChange[output] = (probability * (last.sumChange[output]! - mean)) / count;
    }
    for (let index = this.layers.length - 1; index > 0; index--) {
      const layer = this.layers[index]!;
      const before = this.layers[index - 1]!;
      before.delta.fill(0);
      before.deltaChange.fill(0);
      for (let output = 0; output < layer.outputs; output++) {
        const row = layer.matrix + output * layer.inputs;
        const [error, change] = [layer.delta[output]!, layer.deltaChange[output]!];
        if (direction === undefined) {
          for (let at = 0; at < layer.inputs; at++) before.delta[at]! += error * weights[row + at]!;
          continue;
        }
        for (let at = 0; at < layer.inputs; at++) {
          before.delta[at]! += error * weights[row + at]!;
          before.deltaChange[at]! += change * weights[row + at]! + error * direction[row + at]!;
        }
      }
      for (let at = 0; at < layer.inputs; at++) {
        const value = layer.input[at]!;
        const slope = this.slope(value);
        // For tanh, slope = 1 − value², whose derivative by the sum is −2·value·slope; ReLU has none but at 0.
        const bend = this.activation === 'tanh' ? -2 * value * slope : 0;
        before.deltaChange[at] = before.deltaChange[at]! * slope + before.delta[at]! * bend * before.sumChange[at]!;
        before.delta[at] = before.delta[at]! * slope;
      }
    }
  }

  /** Derivative of the activation, told by its value. */
  private slope(value: number): number {
    if (this.activation === 'tanh') return 1 - value * value;
    return value > 0 ? 1 : 0;
  }
}

function layerMemory(inputs: number, outputs: number): Omit<Layer, 'inputs' | 'outputs' | 'matrix' | 'bias'> {
  return {
    input: new Float64Array(inputs),
    inputChange: new Float64Array(inputs),
    delta: new Float64Array(outputs),
    deltaChange: new Float64Array(outputs),
    sumChange: new Float64Array(outputs),
  };
}
