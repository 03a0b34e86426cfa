import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../src/network/load-network';
import { formatError } from '../formats/thrown';
import { startTestBackend } from './test-backends';

const folder = mkdtempSync(path.join(tmpdir(), 'hostile-network-'));

beforeAll(async () => {
  await startTestBackend('cpu');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Config = Readonly<Record<string, unknown>>;

const INPUT = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 4] } };
const DENSE = { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'relu' } };

let files = 0;

/** Writes a layers model with the weights `dense/kernel` [4, 2] and `dense/bias` [2]. */
function write(modelTopology: unknown): string {
  const name = `model${files++}`;
  writeFileSync(path.join(folder, `${name}.bin`), new Uint8Array(40));
  const weights = [
    { name: 'dense/kernel', shape: [4, 2], dtype: 'float32' },
    { name: 'dense/bias', shape: [2], dtype: 'float32' },
  ];
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ modelTopology, weightsManifest: [{ paths: [`${name}.bin`], weights }] }));
  return file;
}

function sequential(...layers: readonly Config[]): Config {
  return { class_name: 'Sequential', config: { name: 'model', layers } };
}

async function reasonOf(modelTopology: unknown): Promise<string> {
  return (await formatError(loadNetwork(write(modelTopology), undefined))).reason;
}

/** A layer between the input and the layer with weights. */
function before(className: string, config: Config, shape: readonly (number | null)[] = [null, 4]): Config {
  const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: shape } };
  return sequential(input, { class_name: className, config: { name: 'bad', ...config } }, DENSE);
}

const ATTENTION = { num_heads: 2, key_dim: 2 };

/** A functional model of attention of an input to itself. */
function attention(config: Config, called: Config = {}): Config {
  const call = ['in', 0, 0, { value: ['in', 0, 0], ...called }];
  const layers = [
    {
      class_name: 'InputLayer',
      name: 'in',
      config: { name: 'in', batch_input_shape: [null, 3, 4] },
      inbound_nodes: [],
    },
    { class_name: 'MultiHeadAttention', name: 'att', config: { ...ATTENTION, ...config }, inbound_nodes: [[call]] },
    { ...DENSE, name: 'dense', inbound_nodes: [[['att', 0, 0, {}]]] },
  ];
  return {
    class_name: 'Functional',
    config: { name: 'model', layers, input_layers: [['in', 0, 0]], output_layers: [['dense', 0, 0]] },
  };
}

describe('networks that are not what they say', () => {
  it('the model that they are made from runs', async () => {
    const network = await loadNetwork(write(sequential(INPUT, DENSE)), undefined);
    expect(network).toMatchObject({ inputs: [{ shape: [4] }], outputShape: [2] });
    network.dispose();
  });

  it.each<[string, unknown, string]>([
    ['no configuration', {}, 'how its layers are connected'],
    ['no layers', sequential(), 'how its layers are connected'],
    ['a class that is none', before('toString', {}), 'layer "bad" of class toString is not among'],
    ['a class of the prototype', before('__proto__', {}), 'is not among'],
    ['a registered class', before('mine>Dense', { units: 4 }), 'not one of Keras itself'],
    [
      'an activation of the prototype',
      before('Activation', { activation: 'constructor' }),
      '"constructor" as "activation"',
    ],
    ['more units than weights', before('Dense', { units: 9_000_000 }), 'lacks the weights "bad/kernel"'],
    ['too many units', before('Dense', { units: 1e12 }), 'has 1000000000000 as "units"'],
    ['units that are no number', before('Dense', { units: '4' }), 'has "4" as "units"'],
    ['other weights', sequential(INPUT, { ...DENSE, config: { name: 'dense', units: 3 } }), 'the network takes [4, 3]'],
    ['repetitions beyond memory', before('RepeatVector', { n: 1e7 }, [null, 4000]), 'values of the shape [4000]'],
    ['zeros beyond memory', before('ZeroPadding2D', { padding: 1e6 }, [null, 2, 2, 1]), 'values of the shape'],
    ['an enlargement beyond memory', before('UpSampling2D', { size: 1e6 }, [null, 2, 2, 1]), 'values of the shape'],
    ['a shape of another size', before('Reshape', { target_shape: [3, -1] }), 'values of the shape [4]'],
    ['attention with one input', before('MultiHeadAttention', ATTENTION, [null, 3, 4]), 'takes 1 inputs'],
    ['attention heads beyond memory', attention({ num_heads: 1e7 }), 'values of the shape [3, 4]'],
    ['attention along other dimensions', attention({ attention_axes: [2] }), 'has [2] as "attention_axes"'],
    ['attention with a gate', attention({ use_gate: true }), 'has true as "use_gate"'],
    ['attention within a window', attention({ sliding_window: 2 }), 'has 2 as "sliding_window"'],
    ['attention with a mask', attention({}, { attention_mask: ['in', 0, 0] }), 'takes an input as "attention_mask"'],
    ['an argument that is not known', attention({}, { training: true }), 'is called with true as "training"'],
    ['an argument of the prototype', attention({}, { ['__proto__']: 'x' }), 'is called with "x" as "__proto__"'],
    [
      'arguments without end',
      attention({}, Object.fromEntries(Array.from({ length: 300_000 }, (_, at) => [`a${at}`, ['in', 0, 0]]))),
      'takes an input as "a0"',
    ],
    ['masking', before('Masking', { mask_value: 0 }, [null, 3, 4]), 'layer "bad" of class Masking masks padding'],
    ['a shape with two unknowns', before('Reshape', { target_shape: [-1, -1] }), '"target_shape"'],
    ['a permutation that is none', before('Permute', { dims: [1, 1] }, [null, 2, 2]), '"dims"'],
    ['a pool larger than the image', before('MaxPooling2D', { pool_size: 9 }, [null, 4, 4, 1]), 'values of the shape'],
    ['more cut away than there is', before('Cropping2D', { cropping: 5 }, [null, 4, 4, 1]), 'values of the shape'],
    ['a sum of one', before('Add', {}), 'takes one input only'],
    ['an axis that is not there', before('Concatenate', { axis: 7 }), 'has 7 as "axis"'],
    ['a wrapper of nothing', before('Bidirectional', {}, [null, 3, 4]), '"layer"'],
    ['a wrapper of a wrapper', before('Bidirectional', { layer: DENSE }, [null, 3, 4]), '"layer"'],
    ['a mask', before('Embedding', { input_dim: 3, output_dim: 4, mask_zero: true }), 'class Embedding masks padding'],
    ['an input without sizes', before('Flatten', {}, [null]), 'which is none of samples'],
    ['an input of no size', before('Flatten', {}, [null, 0]), 'which is none of samples'],
    ['no shape of the input', sequential(DENSE), 'does not say what shape its input has'],
  ])('%s', async (_, modelTopology, reason) => {
    expect(await reasonOf(modelTopology)).toContain(reason);
  });

  it('layers that wait for each other', async () => {
    const node = (name: string): Config => ({ inbound_nodes: [[[name, 0, 0, {}]]] });
    const layers = [
      { ...INPUT, name: 'in', inbound_nodes: [] },
      { ...DENSE, name: 'dense', ...node('other') },
      { class_name: 'ReLU', config: { name: 'other' }, name: 'other', ...node('dense') },
    ];
    const ends = { input_layers: [['in', 0, 0]], output_layers: [['other', 0, 0]] };
    const model = { class_name: 'Functional', config: { name: 'loop', layers, ...ends } };
    expect(await reasonOf(model)).toContain('how its layers are connected');
  });

  it('models within models that grow without end', async () => {
    // Each level calls the one within it twice: 2^40 layers.
    let inner: Config = { class_name: 'ReLU', config: { name: 'relu' } };
    for (let level = 0; level < 15; level++) {
      const layers = [inner, inner, inner, inner];
      inner = { class_name: 'Sequential', config: { name: `level${level}`, layers } };
      if (JSON.stringify(inner).length > 2_000_000) break;
    }
    expect(await reasonOf(inner)).not.toBe('');
  });

  it('leaves the prototype of objects alone', async () => {
    const text = JSON.stringify(sequential(INPUT, DENSE)).replace('"units"', '"__proto__":{"polluted":true},"units"');
    const network = await loadNetwork(write(JSON.parse(text)), undefined);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    network.dispose();
  });
});
