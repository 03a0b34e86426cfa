import type { TensorEntry } from '../checkpoint';
import { JsonCursor } from '../containers/json-cursor';
import { FormatError } from '../errors';
import { elementCount } from '../shape';
import type { TensorStorage } from '../storage';
import {
  byteLength,
  floatStorage,
  matrixOf,
  plainStorage,
  present,
  required,
  scaled,
  stemOf,
  unfit,
  UnfitError,
  unpacked,
  weightEntry,
  type DecodedWeight,
  type GroupContext,
  type QuantizationMethod,
} from './parts';

/** Real ones have under 400 bytes. */
const MAX_STATE_BYTES = 65_536;

const STATES: readonly string[] = ['nf4', 'fp4'];

/** What bitsandbytes keeps of a 4-bit weight beside its numbers. */
interface State {
  shape: number[];
  blockSize: number;
  nestedBlockSize: number;
  nestedOffset: number;
}

/** bitsandbytes' 4-bit weights (nf4, fp4): the elements in C order, the first of each pair in the upper half of its byte. */
export const nibbleMethod: QuantizationMethod = {
  claims: ({ name }, tensors) => tensors.has(`${name}.absmax`) && stateOf(name, tensors) !== undefined,
  async decode(codes, { tensors, reader }) {
    const { name } = codes;
    const stateTensor = stateOf(name, tensors);
    if (stateTensor === undefined) throw unfit(codes);
    const kind = stateTensor.name.slice(-3);
    const state = parseState(await reader.read(stateTensor, MAX_STATE_BYTES), stateTensor);
    const count = elementCount(state.shape);
    if (count === undefined || count === 0 || Math.ceil(count / 2) !== byteLength(codes)) throw unfit(codes);
    const map = required(tensors, `${name}.quant_map`);
    const absmax = required(tensors, `${name}.absmax`);
    if (absmax.count !== Math.ceil(count / state.blockSize)) throw unfit(absmax);
    const scales = await scalesOf(name, absmax, state, { tensors, reader });
    const table = await numbers(map, 16, reader);
    const storage = scaled({
      codes: unpacked(codes, { bits: 4, wordBytes: 1, columns: 1, order: [1, 0], table }, 'float32'),
      shape: [count],
      block: [state.blockSize],
      scales: scales.storage,
    });
    const label = `${kind} (bitsandbytes, blocks of ${state.blockSize}${scales.constants.length > 0 ? ', nested' : ''})`;
    return {
      weight: weightEntry(name, state.shape, storage, label, codes, tensors),
      consumed: [codes, absmax, ...scales.consumed],
      constants: [stateTensor, map, ...scales.constants],
    };
  },
};

/** bitsandbytes' 8-bit weights (LLM.int8): rows with their largest magnitude, which the code 127 stands for. */
export const byteMethod: QuantizationMethod = {
  claims: ({ name, dtype }, tensors) =>
    dtype === 'int8' && name.endsWith('weight') && tensors.has(`${stemOf(name, 'weight')}SCB`),
  async decode(codes, { tensors, reader }): Promise<DecodedWeight> {
    const [rows, columns] = matrixOf(codes, ['int8']);
    const stem = stemOf(codes.name, 'weight');
    const largest = required(tensors, `${stem}SCB`);
    const layout = tensors.get(`${stem}weight_format`);
    // Anything but rows in order is a layout of one generation of graphics cards.
    if (layout !== undefined && (await reader.read(layout, 8)).some((byte) => byte !== 0)) throw unfit(layout);
    const shape = [rows, columns];
    const scales = floatStorage(largest, rows);
    // Multiplied by 1/127 after the largest magnitude, as `int8_vectorwise_dequant` does.
    const storage = scaled({
      codes: scaled({ codes: plainStorage(codes), shape, block: [1, columns], scales }),
      shape,
      block: shape,
      scales: Math.fround(1 / 127),
    });
    return {
      weight: weightEntry(codes.name, shape, storage, 'int8 (bitsandbytes, per channel)', codes, tensors),
      consumed: [codes, largest],
      constants: layout === undefined ? [] : [layout],
    };
  },
};

function stateOf(name: string, tensors: GroupContext['tensors']): TensorEntry | undefined {
  const [state] = present(
    tensors,
    STATES.map((kind) => `${name}.quant_state.bitsandbytes__${kind}`),
  );
  return state;
}

/** The scales are quantised themselves if there is a second set of numbers for them. */
async function scalesOf(
  name: string,
  absmax: TensorEntry,
  { nestedBlockSize, nestedOffset }: State,
  { tensors, reader }: Pick<GroupContext, 'tensors' | 'reader'>,
): Promise<{ storage: TensorStorage; consumed: TensorEntry[]; constants: TensorEntry[] }> {
  const nested = tensors.get(`${name}.nested_absmax`);
  if (nested === undefined) return { storage: floatStorage(absmax, absmax.count), consumed: [], constants: [] };
  const map = required(tensors, `${name}.nested_quant_map`);
  if (absmax.dtype !== 'uint8') throw unfit(absmax);
  if (nested.count !== Math.ceil(absmax.count / nestedBlockSize)) throw unfit(nested);
  const table = await numbers(map, 256, reader);
  const storage = scaled({
    codes: unpacked(absmax, { bits: 8, wordBytes: 1, columns: 1, table }, 'float32'),
    shape: [absmax.count],
    block: [nestedBlockSize],
    scales: floatStorage(nested, nested.count),
    offsets: Math.fround(nestedOffset),
  });
  return { storage, consumed: [nested], constants: [map] };
}

async function numbers(tensor: TensorEntry, count: number, reader: GroupContext['reader']): Promise<readonly number[]> {
  if (tensor.dtype !== 'float32' || tensor.count !== count) throw unfit(tensor);
  const bytes = Uint8Array.from(await reader.read(tensor, 4 * count));
  return Array.from(new Float32Array(bytes.buffer));
}

function parseState(bytes: Uint8Array, tensor: TensorEntry): State {
  const state: State = { shape: [], blockSize: 0, nestedBlockSize: 0, nestedOffset: 0 };
  try {
    const json = new JsonCursor(bytes, '', '');
    json.readObject('', (key) => {
      const kind = json.peek();
      if (key === 'shape' && kind === 'array') {
        json.readArray('', () => {
          state.shape.push(json.readSize(''));
        });
      } else if (key === 'blocksize' && kind === 'number') state.blockSize = json.readSize('');
      else if (key === 'nested_blocksize' && kind === 'number') state.nestedBlockSize = json.readSize('');
      else if (key === 'nested_offset' && kind === 'number') state.nestedOffset = json.readNumber('');
      else json.skip();
    });
  } catch (error) {
    if (error instanceof FormatError) throw new UnfitError(error.detail.reason);
    throw error;
  }
  if (state.shape.length === 0 || state.blockSize === 0) throw unfit(tensor);
  return state;
}
