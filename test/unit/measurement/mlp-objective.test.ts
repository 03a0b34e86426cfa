import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/curvature/random-stream';
import { MlpObjective, type Activation } from './mlp-objective';

const random = new RandomStream(4);
const uniform = (): number => (2 * random.nextUint32()) / 2 ** 32 - 1;

describe.each<Activation>(['tanh', 'relu'])('the oracle with %s', (activation) => {
  const data = {
    inputs: Float64Array.from({ length: 20 * 5 }, uniform),
    labels: Uint8Array.from({ length: 20 }, (_, index) => index % 3),
  };
  const objective = new MlpObjective([5, 7, 4, 3], activation, data);
  const weights = Float64Array.from({ length: objective.size }, uniform);
  const direction = Float64Array.from({ length: objective.size }, uniform);
  const moved = (step: number): Float64Array => weights.map((weight, index) => weight + step * direction[index]!);
  // Small enough that no ReLU changes sides, large enough for float64.
  const step = 1e-6;

  it('has the gradient that differences of the loss have', () => {
    const { gradient } = objective.exactGradient(weights);
    const slope = gradient.reduce((sum, value, index) => sum + value * direction[index]!, 0);
    const difference = objective.exactGradient(moved(step)).loss - objective.exactGradient(moved(-step)).loss;
    expect(slope).toBeCloseTo(difference / (2 * step), 7);
  });

  it('has the Hessian that differences of the gradient have', () => {
    const product = objective.exactHessianTimes(weights, direction);
    const ahead = objective.exactGradient(moved(step)).gradient;
    const behind = objective.exactGradient(moved(-step)).gradient;
    for (const [index, value] of product.entries()) {
      expect(value).toBeCloseTo((ahead[index]! - behind[index]!) / (2 * step), 6);
    }
  });

  it('has the squared gradients of single samples, and the norms of its inputs', async () => {
    const squares = await objective.squaredGradients(weights);
    const expected = new Float64Array(objective.size);
    for (let sample = 0; sample < 20; sample++) {
      const { gradient } = objective.exactGradient(weights, [sample]);
      for (const [index, value] of gradient.entries()) expected[index]! += value ** 2 / 20;
    }
    for (const [index, value] of expected.entries()) expect(squares[index]).toBeCloseTo(value, 6);
    const [norms, none] = await objective.inputNorms(weights);
    expect(none).toBeUndefined();
    const second = data.inputs.filter((_, index) => index % 5 === 1);
    expect(norms![1]).toBeCloseTo(Math.sqrt(second.reduce((sum, value) => sum + value ** 2, 0) / 20), 6);
  });

  it('has the mean of the losses of its samples', async () => {
    const { loss, losses, accuracy } = await objective.evaluate(weights);
    expect(losses.reduce((sum, value) => sum + value, 0) / 20).toBeCloseTo(loss, 6);
    expect(loss).toBeCloseTo(objective.exactGradient(weights).loss, 12);
    expect(accuracy! * 20).toBeCloseTo(Math.round(accuracy! * 20), 9);
  });
});
