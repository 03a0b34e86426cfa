import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { JsonObject } from '../../formats/keras/keras-config';
import { activationOf } from './activations';
import type { Layer, LayerVariable } from './layer';
import type { LayerKind, LayerSettings } from './layer-settings';

/** Each step adds some ten operations to what is differentiated; longer sequences are nobody's recurrent network. */
const MAX_STEPS = 4096;

type Function = (x: Tensor) => Tensor;

/** What one step of a recurrent layer computes with. */
interface StepWeights {
  readonly recurrent: Tensor2D;
  readonly recurrentBias: Tensor | undefined;
}

/** A kind of recurrent layer: its gates are side by side in the columns of its kernels. */
interface Cell {
  readonly gates: number;
  /** Vectors that go on to the next step, the output first. */
  readonly states: number;
  /** Rows of the bias: with two, the second one is of the recurrent kernel. */
  readonly biases: 1 | 2;
  step(projected: Tensor, states: readonly Tensor[], weights: StepWeights): Tensor[];
}

function functionOf(settings: LayerSettings, argument: string, otherwise: string): Function {
  const activation = activationOf(settings, argument, otherwise);
  return activation === undefined ? (x) => x : (x) => activation.apply(x);
}

/** Columns of one gate. */
function gate(values: Tensor, number: number, units: number): Tensor2D {
  return tf.slice(values as Tensor2D, [0, number * units], [-1, units]);
}

function simpleCell(settings: LayerSettings): Cell {
  const act = functionOf(settings, 'activation', 'tanh');
  return {
    gates: 1,
    states: 1,
    biases: 1,
    step: (projected, [h], { recurrent }) => [act(tf.add(projected, tf.matMul(known(h), recurrent)))],
  };
}

/** Hochreiter & Schmidhuber (1997) with forget gates: input, forget, candidate, output, in Keras' order. */
function lstmCell(settings: LayerSettings): Cell {
  const units = settings.size('units');
  const act = functionOf(settings, 'activation', 'tanh');
  const open = functionOf(settings, 'recurrent_activation', 'sigmoid');
  return {
    gates: 4,
    states: 2,
    biases: 1,
    step(projected, [h, c], { recurrent }) {
      const z = tf.add(projected, tf.matMul(known(h), recurrent));
      const kept = tf.mul(open(gate(z, 1, units)), known(c));
      const cell = tf.add(kept, tf.mul(open(gate(z, 0, units)), act(gate(z, 2, units))));
      return [tf.mul(open(gate(z, 3, units)), act(cell)), cell];
    },
  };
}

/** Cho et al. (2014): update, reset, candidate. `reset_after`: the form of cuDNN, with a bias of its own. */
function gruCell(settings: LayerSettings): Cell {
  const units = settings.size('units');
  const act = functionOf(settings, 'activation', 'tanh');
  const open = functionOf(settings, 'recurrent_activation', 'sigmoid');
  const resetAfter = settings.flag('reset_after', false);
  return {
    gates: 3,
    states: 1,
    biases: resetAfter ? 2 : 1,
    step(projected, [state], { recurrent, recurrentBias }) {
      const h = known(state);
      const inner = (columns: Tensor2D): Tensor => tf.matMul(h, columns);
      let candidate: Tensor;
      let update: Tensor;
      if (resetAfter) {
        const product = inner(recurrent);
        const all = recurrentBias === undefined ? product : tf.add(product, recurrentBias);
        const both = (number: number): Tensor => tf.add(gate(projected, number, units), gate(all, number, units));
        update = open(both(0));
        candidate = act(tf.add(gate(projected, 2, units), tf.mul(open(both(1)), gate(all, 2, units))));
      } else {
        const columns = (number: number): Tensor2D => gate(recurrent, number, units);
        const both = (number: number): Tensor => open(tf.add(gate(projected, number, units), inner(columns(number))));
        update = both(0);
        const reset = tf.mul<Tensor2D>(both(1), h);
        candidate = act(tf.add(gate(projected, 2, units), tf.matMul(reset, columns(2))));
      }
      return [tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate))];
    },
  };
}

function known(state: Tensor | undefined): Tensor2D {
  if (state === undefined) throw new Error('A recurrent layer lost its state');
  return state as Tensor2D;
}

function recurrent(cellOf: (settings: LayerSettings) => Cell): LayerKind {
  return (settings, inputs) => {
    const shape = settings.single(inputs, 2);
    const [length = -1] = shape;
    if (length > MAX_STEPS) throw settings.unfit(shape);
    const size = settings.known(shape, 1);
    const units = settings.size('units');
    settings.only('return_state', [false]);
    settings.only('time_major', [false]);
    const cell = cellOf(settings);
    const columns = units * cell.gates;
    const sequences = settings.flag('return_sequences', false);
    const backwards = settings.flag('go_backwards', false);
    const hasBias = settings.flag('use_bias', true);
    const matrix = (name: string, rows: number): LayerVariable => {
      return { name, shape: [rows, columns], role: 'weight', inputDimension: 0, outputDimension: 1 };
    };
    const biasShape = cell.biases === 2 ? [2, columns] : [columns];
    return {
      outputShape: sequences ? [length, units] : [units],
      variables: [
        matrix('kernel', size),
        matrix('recurrent_kernel', units),
        ...(hasBias ? [{ name: 'bias', shape: biasShape, role: 'bias' as const }] : []),
      ],
      run([x], [kernel, recurrentKernel, bias], observe) {
        if (x === undefined || kernel === undefined || recurrentKernel === undefined) {
          throw new Error('A recurrent layer has no input');
        }
        const [batch = 0, steps = 0] = x.shape;
        if (steps > MAX_STEPS) throw settings.unfit(x.shape.slice(1));
        observe?.(0, x);
        const product = tf.matMul(tf.reshape(x, [-1, size]), kernel);
        const [own, recurrentBias] = biasesOf(bias, cell.biases, columns);
        const biased = own === undefined ? product : tf.add(product, own);
        const projected = tf.unstack(tf.reshape(biased, [batch, steps, columns]), 1);
        const weights = { recurrent: recurrentKernel as Tensor2D, recurrentBias };
        let states: Tensor[] = Array.from({ length: cell.states }, () => tf.zeros([batch, units]));
        const before: Tensor[] = [];
        const outputs: Tensor[] = [];
        for (const step of backwards ? projected.toReversed() : projected) {
          before.push(known(states[0]));
          states = cell.step(step, states, weights);
          outputs.push(known(states[0]));
        }
        if (observe !== undefined && before.length > 0) observe(1, tf.stack(before, 1));
        return sequences ? tf.stack(outputs, 1) : known(outputs.at(-1) ?? states[0]);
      },
    };
  };
}

function biasesOf(
  bias: Tensor | undefined,
  rows: 1 | 2,
  columns: number,
): readonly [Tensor | undefined, Tensor | undefined] {
  if (bias === undefined || rows === 1) return [bias, undefined];
  return [tf.slice(bias, [0, 0], [1, columns]), tf.slice(bias, [1, 0], [1, columns])];
}

export const simpleRnn = recurrent(simpleCell);
export const lstm = recurrent(lstmCell);
export const gru = recurrent(gruCell);

/** A recurrent layer over the sequence, and another one over its reverse. */
export const bidirectional: LayerKind = (settings, inputs) => {
  const { wrapped } = settings.layer;
  if (wrapped === undefined || !['LSTM', 'GRU', 'SimpleRNN'].includes(wrapped.className)) throw settings.wrong('layer');
  if (!isMirrored(wrapped.config, settings.value('backward_layer'))) throw settings.wrong('backward_layer');
  const merge = settings.word('merge_mode', ['concat', 'sum', 'mul', 'ave'], 'concat');
  const { build } = settings.surroundings;
  const forward = build(wrapped, settings.surroundings, inputs);
  const flipped = wrapped.config.go_backwards === true;
  const mirrored = { ...wrapped, config: { ...wrapped.config, go_backwards: !flipped } };
  const backward = build(mirrored, settings.surroundings, inputs);
  const sequences = forward.outputShape.length === 2;
  const count = forward.variables.length;
  const units = forward.outputShape.at(-1) ?? 0;
  return {
    outputShape: [...forward.outputShape.slice(0, -1), merge === 'concat' ? 2 * units : units],
    variables: [...prefixed(forward, 'forward'), ...prefixed(backward, 'backward')],
    run(values, variables, observe) {
      const a = forward.run(values, variables.slice(0, count), observe);
      const ofBackward = observe && ((variable: number, input: Tensor): void => { observe(count + variable, input); }); // prettier-ignore
      const reversed = backward.run(values, variables.slice(count), ofBackward);
      // Step by step with the other, which reads from the start.
      const b = sequences ? tf.reverse(reversed, 1) : reversed;
      switch (merge) {
        case 'concat':
          return tf.concat([a, b], a.rank - 1);
        case 'sum':
          return tf.add(a, b);
        case 'mul':
          return tf.mul(a, b);
        case 'ave':
          return tf.mul(tf.add(a, b), 0.5);
      }
    },
  };
};

/** Arguments in which the layer over the reverse has to be like the other. */
const MIRRORED = ['units', 'activation', 'recurrent_activation', 'use_bias', 'reset_after', 'return_sequences'];

/** Whether the backward layer, which Keras may write down, is the one that follows from the other. */
function isMirrored(config: JsonObject, backward: unknown): boolean {
  if (backward === undefined) return true;
  if (typeof backward !== 'object' || backward === null || !('config' in backward)) return false;
  const other = backward.config;
  if (typeof other !== 'object' || other === null) return false;
  return MIRRORED.every((name) => JSON.stringify(config[name]) === JSON.stringify((other as JsonObject)[name]));
}

function prefixed(layer: Layer, direction: string): LayerVariable[] {
  return layer.variables.map((variable) => ({ ...variable, name: `${direction}/${variable.name}` }));
}

/** A layer at each step of a sequence. */
export const timeDistributed: LayerKind = (settings, inputs) => {
  const { wrapped } = settings.layer;
  if (wrapped === undefined || wrapped.layers !== undefined) throw settings.wrong('layer');
  const [length = -1, ...shape] = settings.single(inputs);
  if (shape.length === 0) throw settings.unfit([length]);
  const inner = settings.surroundings.build(wrapped, settings.surroundings, [shape]);
  return {
    outputShape: [length, ...inner.outputShape],
    variables: inner.variables,
    run([x], variables, observe) {
      if (x === undefined) throw new Error('TimeDistributed: an input is missing');
      const [batch = 0, steps = 0, ...rest] = x.shape;
      const result = inner.run([tf.reshape(x, [batch * steps, ...rest])], variables, observe);
      return tf.reshape(result, [batch, steps, ...result.shape.slice(1)]);
    },
    ...(inner.activation === undefined ? {} : { activation: inner.activation }),
  };
};
