/**
 * Reference for gradients and Hessian-vector products in float64, without TensorFlow.js: reverse differentiation of
 * scalars whose values, and whose partial derivatives, are dual numbers (value, derivative along a direction). The
 * reverse sweep over duals gives g = ∇f in the values and H·v in the derivatives (Pearlmutter 1994, in the form of
 * forward over reverse; Griewank & Walther, Evaluating Derivatives, 2008, chapter 5).
 */
class Dual {
  gradient = 0;
  gradientAlong = 0;

  constructor(
    readonly value: number,
    readonly along: number,
    readonly inputs: readonly Dual[],
    /** ∂this/∂input, and the derivative of that along the direction. */
    readonly partials: Float64Array,
    readonly partialsAlong: Float64Array,
  ) {
    tape.push(this);
  }
}

let tape: Dual[] = [];
const NONE = new Float64Array(0);

/** An array of duals in C order. */
export interface DualArray {
  readonly shape: readonly number[];
  readonly data: readonly Dual[];
}

export function constant(values: ArrayLike<number>, shape: readonly number[], along?: ArrayLike<number>): DualArray {
  const data = Array.from(values, (value, index) => new Dual(value, along?.[index] ?? 0, [], NONE, NONE));
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for the shape ${shape.join('×')}`);
  return { shape, data };
}

/** The value of f, its gradient by the parameters and the product of its Hessian with a direction. */
export function derivatives(
  f: (parameters: readonly DualArray[]) => DualArray,
  parameters: readonly { readonly values: ArrayLike<number>; readonly shape: readonly number[] }[],
  direction: ArrayLike<number>,
): { value: number; gradient: number[]; hessianTimes: number[] } {
  tape = [];
  let offset = 0;
  const duals = parameters.map(({ values, shape }) => {
    const along = Array.from(values, (_, index) => direction[offset + index]!);
    offset += values.length;
    return constant(values, shape, along);
  });
  const [result] = f(duals).data;
  result!.gradient = 1;
  for (const { inputs, partials, partialsAlong, gradient, gradientAlong } of tape.reverse()) {
    if (gradient === 0 && gradientAlong === 0) continue;
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index]!;
      input.gradient += gradient * partials[index]!;
      input.gradientAlong += gradientAlong * partials[index]! + gradient * partialsAlong[index]!;
    }
  }
  const all = duals.flatMap(({ data }) => data);
  return {
    value: result!.value,
    gradient: all.map(({ gradient }) => gradient),
    hessianTimes: all.map(({ gradientAlong }) => gradientAlong),
  };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function unaryDual(x: Dual, f: number, slope: number, curvature: number): Dual {
  return new Dual(f, slope * x.along, [x], Float64Array.of(slope), Float64Array.of(curvature * x.along));
}

/** Applies f, of which [f, f′, f″] are given. */
export function map(x: DualArray, f: (value: number) => readonly [number, number, number]): DualArray {
  return { shape: x.shape, data: x.data.map((dual) => unaryDual(dual, ...f(dual.value))) };
}

/** Σ aᵢ bᵢ as one node. */
function dot(a: readonly Dual[], b: readonly Dual[]): Dual {
  let value = 0;
  let along = 0;
  const partials = new Float64Array(2 * a.length);
  const partialsAlong = new Float64Array(2 * a.length);
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index]!, b[index]!];
    value += x.value * y.value;
    along += x.along * y.value + x.value * y.along;
    partials[index] = y.value;
    partialsAlong[index] = y.along;
    partials[a.length + index] = x.value;
    partialsAlong[a.length + index] = x.along;
  }
  return new Dual(value, along, [...a, ...b], partials, partialsAlong);
}

function scaledSum(terms: readonly Dual[], scale: number): Dual {
  let value = 0;
  let along = 0;
  for (const term of terms) {
    value += term.value;
    along += term.along;
  }
  return new Dual(
    value * scale,
    along * scale,
    terms,
    new Float64Array(terms.length).fill(scale),
    new Float64Array(terms.length),
  );
}

/** The first of the greatest. */
function greatest(terms: readonly Dual[]): Dual {
  return terms.reduce((best, term) => (term.value > best.value ? term : best));
}

/** Coordinates of the element of a shape at an index. */
function coordinates(index: number, shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return result;
}

function at(x: DualArray, position: readonly number[]): Dual {
  let index = 0;
  for (let axis = 0; axis < x.shape.length; axis++) index = index * x.shape[axis]! + position[axis]!;
  return x.data[index]!;
}

/** A new array each of whose elements is made from its coordinates. */
export function build(shape: readonly number[], element: (position: number[]) => Dual): DualArray {
  return { shape, data: Array.from({ length: sizeOf(shape) }, (_, index) => element(coordinates(index, shape))) };
}

/** Moves elements: `from` tells where each comes from; undefined gives 0. */
export function move(
  x: DualArray,
  shape: readonly number[],
  from: (position: number[]) => readonly number[] | undefined,
): DualArray {
  return build(shape, (position) => {
    const source = from(position);
    return source === undefined ? new Dual(0, 0, [], NONE, NONE) : at(x, source);
  });
}

/** A new array each of whose elements is one of others: which, and where. */
export function pick(
  shape: readonly number[],
  from: (position: number[]) => readonly [DualArray, readonly number[]],
): DualArray {
  return build(shape, (position) => at(...from(position)));
}

/** One length may be −1: what is left. */
export function reshape(x: DualArray, shape: readonly number[]): DualArray {
  const known = sizeOf(shape.filter((size) => size >= 0));
  return { shape: shape.map((size) => (size < 0 ? x.data.length / known : size)), data: x.data };
}

function broadcast(a: DualArray, b: DualArray, combine: (x: Dual, y: Dual) => Dual): DualArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const pad = (shape: readonly number[]): number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [left, right] = [reshape(a, pad(a.shape)), reshape(b, pad(b.shape))];
  const shape = left.shape.map((size, axis) => Math.max(size, right.shape[axis]!));
  const pick = (x: DualArray, position: readonly number[]): Dual =>
    at(
      x,
      position.map((p, axis) => (x.shape[axis] === 1 ? 0 : p)),
    );
  return build(shape, (position) => combine(pick(left, position), pick(right, position)));
}

export function add(a: DualArray, b: DualArray): DualArray {
  return broadcast(a, b, (x, y) => scaledSum([x, y], 1));
}

export function multiply(a: DualArray, b: DualArray): DualArray {
  return broadcast(a, b, (x, y) => dot([x], [y]));
}

/** Reduces axes (kept with length 1). */
function reduce(x: DualArray, axes: readonly number[], combine: (terms: Dual[]) => Dual): DualArray {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const groups: Dual[][] = Array.from({ length: sizeOf(shape) }, () => []);
  x.data.forEach((dual, index) => {
    const position = coordinates(index, x.shape);
    let group = 0;
    shape.forEach((size, axis) => {
      group = group * size + (size === 1 ? 0 : position[axis]!);
    });
    groups[group]!.push(dual);
  });
  return { shape, data: groups.map(combine) };
}

export function sum(x: DualArray, axes: readonly number[]): DualArray {
  return reduce(x, axes, (terms) => scaledSum(terms, 1));
}

export function mean(x: DualArray, axes: readonly number[]): DualArray {
  return reduce(x, axes, (terms) => scaledSum(terms, 1 / terms.length));
}

export function max(x: DualArray, axes: readonly number[]): DualArray {
  return reduce(x, axes, greatest);
}

/** [..., n, k] × [..., k, m]; the same leading dimensions, or none on the right. */
export function matMul(a: DualArray, b: DualArray): DualArray {
  const rows = a.shape.length - 2;
  const inner = a.shape.at(-1)!;
  return build([...a.shape.slice(0, -1), b.shape.at(-1)!], (position) => {
    const lead = b.shape.length === 2 ? [] : position.slice(0, rows);
    const left = Array.from({ length: inner }, (_, k) => at(a, [...position.slice(0, rows + 1), k]));
    const right = Array.from({ length: inner }, (_, k) => at(b, [...lead, k, position.at(-1)!]));
    return dot(left, right);
  });
}

/** What a window covers at one output place, along one dimension: [place in the window, place in the input]. */
function covered(out: number, size: number, window: Window, padding: number, kernel: number): [number, number][] {
  const { stride = 1, dilation = 1 } = window;
  return Array.from({ length: kernel }, (_, k): [number, number] => [k, out * stride - padding + k * dilation]).filter(
    ([, place]) => place >= 0 && place < size,
  );
}

export interface Window {
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad: 'same' | 'valid';
}

/** Output length and padding before, as TensorFlow defines them for `SAME` and `VALID`. */
function geometry(size: number, kernel: number, { stride = 1, dilation = 1, pad }: Window): [number, number] {
  const extent = (kernel - 1) * dilation + 1;
  if (pad === 'valid') return [Math.floor((size - extent) / stride) + 1, 0];
  const out = Math.ceil(size / stride);
  return [out, Math.floor(Math.max((out - 1) * stride + extent - size, 0) / 2)];
}

/** For each output place, the covered places: [row in the window, column, row in the input, column]. */
function windows(
  x: DualArray,
  kernel: readonly [number, number],
  window: Window,
): { height: number; width: number; places: (row: number, column: number) => [number, number, number, number][] } {
  const [height, top] = geometry(x.shape[1]!, kernel[0], window);
  const [width, left] = geometry(x.shape[2]!, kernel[1], window);
  return {
    height,
    width,
    places: (row, column) =>
      covered(row, x.shape[1]!, window, top, kernel[0]).flatMap(([kr, r]) =>
        covered(column, x.shape[2]!, window, left, kernel[1]).map(([kc, c]): [number, number, number, number] => [
          kr,
          kc,
          r,
          c,
        ]),
      ),
  };
}

/** x [batch, rows, columns, inputs], filter [rows, columns, inputs, outputs]. */
export function conv2d(x: DualArray, filter: DualArray, window: Window): DualArray {
  const [rows, columns, inputs, outputs] = filter.shape as [number, number, number, number];
  const { height, width, places } = windows(x, [rows, columns], window);
  return build([x.shape[0]!, height, width, outputs], ([n, row, column, output]) => {
    const left: Dual[] = [];
    const right: Dual[] = [];
    for (const [kr, kc, r, c] of places(row!, column!)) {
      for (let input = 0; input < inputs; input++) {
        left.push(at(x, [n!, r, c, input]));
        right.push(at(filter, [kr, kc, input, output!]));
      }
    }
    return dot(left, right);
  });
}

/** x [batch, rows, columns, channels], filter [rows, columns, channels, multiplier]. */
export function depthwise(x: DualArray, filter: DualArray, window: Window): DualArray {
  const [rows, columns, channels, multiplier] = filter.shape as [number, number, number, number];
  const { height, width, places } = windows(x, [rows, columns], window);
  return build([x.shape[0]!, height, width, channels * multiplier], ([n, row, column, output]) => {
    const channel = Math.floor(output! / multiplier);
    const all = places(row!, column!);
    return dot(
      all.map(([, , r, c]) => at(x, [n!, r, c, channel])),
      all.map(([kr, kc]) => at(filter, [kr, kc, channel, output! % multiplier])),
    );
  });
}

function pool(x: DualArray, size: number, window: Window, combine: (terms: Dual[]) => Dual): DualArray {
  const { height, width, places } = windows(x, [size, size], window);
  return build([x.shape[0]!, height, width, x.shape[3]!], ([n, row, column, channel]) =>
    combine(places(row!, column!).map(([, , r, c]) => at(x, [n!, r, c, channel!]))),
  );
}

export function maxPool(x: DualArray, size: number, window: Window): DualArray {
  return pool(x, size, window, greatest);
}

/** The mean of what the window covers: padding does not count. */
export function avgPool(x: DualArray, size: number, window: Window): DualArray {
  return pool(x, size, window, (terms) => scaledSum(terms, 1 / terms.length));
}

/** erf to about 1e-16: its Maclaurin series for small arguments, the continued fraction of erfc (DLMF 7.9.1) for others. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total) && n < 200; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (magnitude + fraction);
  const complement = Math.exp(-x * x) / Math.sqrt(Math.PI) / (magnitude + fraction);
  return Math.sign(x) * (1 - complement);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** [f, f′, f″] of functions of one number. */
export const FUNCTIONS = {
  relu: (x) => [Math.max(x, 0), x > 0 ? 1 : 0, 0],
  relu6: (x) => [Math.min(Math.max(x, 0), 6), x > 0 && x < 6 ? 1 : 0, 0],
  leakyRelu: (x) => [x > 0 ? x : 0.2 * x, x > 0 ? 1 : 0.2, 0],
  abs: (x) => [Math.abs(x), Math.sign(x), 0],
  elu: (x) => (x > 0 ? [x, 1, 0] : [Math.expm1(x), Math.exp(x), Math.exp(x)]),
  selu: (x) => {
    const [scale, alpha] = [1.0507009873554805, 1.6732632423543772];
    const exp = scale * alpha * Math.exp(x);
    return x > 0 ? [scale * x, scale, 0] : [scale * alpha * Math.expm1(x), exp, exp];
  },
  tanh: (x) => {
    const y = Math.tanh(x);
    return [y, 1 - y * y, -2 * y * (1 - y * y)];
  },
  sigmoid: (x) => {
    const y = sigmoid(x);
    return [y, y * (1 - y), y * (1 - y) * (1 - 2 * y)];
  },
  softplus: (x) => {
    const y = sigmoid(x);
    return [Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0), y, y * (1 - y)];
  },
  swish: (x) => {
    const y = sigmoid(x);
    const slope = y * (1 - y);
    return [x * y, y + x * slope, 2 * slope + x * slope * (1 - 2 * y)];
  },
  hardSigmoid: (x) => [Math.min(Math.max(0.2 * x + 0.5, 0), 1), Math.abs(x) < 2.5 ? 0.2 : 0, 0],
  hardSwish: (x) => (x <= -3 ? [0, 0, 0] : x >= 3 ? [x, 1, 0] : [(x * (x + 3)) / 6, (2 * x + 3) / 6, 1 / 3]),
  exp: (x) => [Math.exp(x), Math.exp(x), Math.exp(x)],
  square: (x) => [x * x, 2 * x, 2],
  sqrt: (x) => [Math.sqrt(x), 0.5 / Math.sqrt(x), -0.25 / (x * Math.sqrt(x))],
  rsqrt: (x) => [1 / Math.sqrt(x), -0.5 * x ** -1.5, 0.75 * x ** -2.5],
  log: (x) => [Math.log(x), 1 / x, -1 / (x * x)],
  reciprocal: (x) => [1 / x, -1 / (x * x), 2 / x ** 3],
  cube: (x) => [x ** 3, 3 * x * x, 6 * x],
  clip: (x) => [Math.min(Math.max(x, -0.5), 0.5), Math.abs(x) < 0.5 ? 1 : 0, 0],
  negative: (x) => [-x, -1, 0],
  geluErf: (x) => {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    const distribution = 0.5 * (1 + erf(x / Math.SQRT2));
    return [x * distribution, distribution + x * density, (2 - x * x) * density];
  },
  geluTanh: (x) => {
    const c = Math.sqrt(2 / Math.PI);
    const [u, du, ddu] = [c * (x + 0.044715 * x ** 3), c * (1 + 0.134145 * x * x), c * 0.26829 * x];
    const t = Math.tanh(u);
    const [dt, ddt] = [(1 - t * t) * du, -2 * t * (1 - t * t) * du * du + (1 - t * t) * ddu];
    return [0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * dt, dt + 0.5 * x * ddt];
  },
} satisfies Record<string, (x: number) => readonly [number, number, number]>;

/** −log softmax at the label, mean over the rows [batch, classes]. */
export function softmaxCrossEntropy(logits: DualArray, labels: ArrayLike<number>): DualArray {
  const [batch, classes] = logits.shape as [number, number];
  const negative = map(logSoftmax(logits), FUNCTIONS.negative);
  const picked = move(negative, [batch], ([row]) => [row!, labels[row!]!]);
  if (classes < 1) throw new Error('No classes');
  return mean(picked, [0]);
}

/** log softmax along the last axis. */
export function logSoftmax(logits: DualArray): DualArray {
  const last = logits.shape.length - 1;
  const shift = map(max(logits, [last]), (x) => [-x, 0, 0]);
  const shifted = add(logits, shift);
  const logSum = map(sum(map(shifted, FUNCTIONS.exp), [last]), FUNCTIONS.log);
  return add(shifted, map(logSum, FUNCTIONS.negative));
}
