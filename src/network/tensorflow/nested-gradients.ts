import { engine, tidy, zerosLike } from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

/** What the engine has recorded; the package does not export the type. */
type Tape = ReturnType<typeof engine>['state']['activeTape'];

/** Float outputs that are constant almost everywhere: their derivative is zero, or none at all. */
const PIECEWISE_CONSTANT = new Set(['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'FloorDiv', 'ZerosLike', 'OnesLike']);

/**
 * Puts the tape into an order in which each tensor comes after what it is computed from, and takes off it what has no
 * derivative.
 *
 * TensorFlow.js records the copy of a saved output before the operation that gives the output. Backpropagation walks
 * the tape from its end, so that what reaches the copy comes too late and is lost: second derivatives of exp, tanh,
 * sigmoid, softmax, max and others are wrong without a word (tensorflow/tfjs#3252). Comparisons and the like have no
 * gradient function, so that a second derivative through a condition fails.
 */
function straighten(tape: Tape): void {
  const producers = new Map<number, number>();
  tape.forEach((node, index) => {
    if (PIECEWISE_CONSTANT.has(node.kernelName) || node.outputs.every(({ dtype }) => dtype !== 'float32')) {
      node.inputs = {};
    }
    for (const { id } of node.outputs) producers.set(id, index);
  });
  const placed = new Set<number>();
  const order: Tape = [];
  const place = (index: number): void => {
    const node = tape[index];
    if (node === undefined || placed.has(index)) return;
    placed.add(index);
    for (const input of Object.values(node.inputs)) {
      const producer = producers.get(input.id);
      if (producer !== undefined && producer > index) place(producer);
    }
    order.push(node);
  };
  for (let index = 0; index < tape.length; index++) place(index);
  tape.splice(0, tape.length, ...order);
}

/** Frees what a tape keeps that will not be walked any more because an operation has failed. */
function dropTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return;
  const tape = state.activeTape as Tape | null;
  for (const node of tape ?? []) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = [];
}

/**
 * A scalar and its gradient by each of `xs`; exact when nested, too. The caller owns the tensors (or a `tidy` around it).
 * @param f of `xs`, made of operations of TensorFlow.js; what does not depend on an x gives zeros
 */
export function valueAndGradients(
  f: () => Scalar,
  xs: readonly Tensor[],
): { readonly value: Scalar; readonly gradients: Tensor[] } {
  try {
    return tidy(() => {
      const { value, grads } = engine().gradients(
        () => {
          const y = f();
          straighten(engine().state.activeTape);
          return y;
        },
        [...xs],
        undefined,
        true,
      );
      const found: readonly (Tensor | undefined)[] = grads;
      return { value, gradients: xs.map((x, index) => found[index] ?? zerosLike(x)) };
    });
  } catch (error) {
    dropTape();
    throw error;
  }
}
