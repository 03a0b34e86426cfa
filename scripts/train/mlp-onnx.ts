import { attribute, field, message, node, tensor } from '../../test/unit/formats/onnx-bytes';

/** What the file says that it was made by. */
const PRODUCER = 'npm run train';

/** A parameter of the network, float32 in C order. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Names and shapes of the parameters of a fully connected network, as PyTorch names them and lays them out. */
export function parameterShapes(
  sizes: readonly number[],
): { readonly name: string; readonly shape: readonly number[] }[] {
  return sizes.slice(1).flatMap((outputs, index) => [
    { name: `fc${index + 1}.weight`, shape: [outputs, sizes[index]!] },
    { name: `fc${index + 1}.bias`, shape: [outputs] },
  ]);
}

/**
 * An ONNX file of a fully connected network: Gemm and ReLU in turn, as PyTorch exports them; the outputs are logits.
 * @param sizes of the input, of each hidden layer and of the output
 * @param parameters those of {@link parameterShapes}
 */
export function mlpOnnx(name: string, sizes: readonly number[], parameters: readonly Parameter[]): Uint8Array {
  const layers = sizes.length - 1;
  const nodes: Uint8Array[] = [];
  let input = 'input';
  for (let layer = 1; layer <= layers; layer++) {
    const output = layer === layers ? 'logits' : `sum${layer}`;
    const inputs = [input, `fc${layer}.weight`, `fc${layer}.bias`];
    // The type of a whole number is 2.
    const transposed = message(attribute('transB', 3, 1), field(20, 2));
    nodes.push(node({ operator: 'Gemm', name: `fc${layer}`, inputs, outputs: [output], attributes: [transposed] }));
    if (layer === layers) break;
    input = `hidden${layer}`;
    nodes.push(node({ operator: 'Relu', name: `relu${layer}`, inputs: [output], outputs: [input] }));
  }
  const initialisers = parameters.map(({ name: title, shape, values }) =>
    tensor({ name: title, dims: shape, raw: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }),
  );
  const graph = message(
    ...nodes.map((one) => field(1, one)),
    field(2, name),
    ...initialisers.map((one) => field(5, one)),
    field(11, batchOf('input', sizes[0]!)),
    field(12, batchOf('logits', sizes[layers]!)),
  );
  return message(field(1, 8), field(2, PRODUCER), field(7, graph), field(8, message(field(1, ''), field(2, 17))));
}

/** A value of shape [batch, size] and type float32. */
function batchOf(name: string, size: number): Uint8Array {
  const shape = message(field(1, field(2, 'batch')), field(1, field(1, size)));
  return message(field(1, name), field(2, field(1, message(field(1, 1), field(2, shape)))));
}
