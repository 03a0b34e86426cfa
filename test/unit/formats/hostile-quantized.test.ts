import { describe, expect, it } from 'vitest';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';
import { FormatError } from '../../../src/formats/errors';
import { withQuantizedWeights } from '../../../src/formats/quantized/quantized';
import { readCheckpoint } from '../../../src/formats/registry';
import { BufferSource, type RandomAccessSource } from '../../../src/formats/source';
import { safetensorsFile, type MadeTensor } from './safetensors-bytes';

type Tensors = Readonly<Record<string, MadeTensor>>;

/** Counts what is asked of a source. */
class CountingSource extends BufferSource {
  reads = 0;
  bytesRead = 0;

  override read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.reads++;
    this.bytesRead += length;
    return super.read(offset, length, signal);
  }
}

function open(tensors: Tensors, config?: string | Error, file = 'config.json'): Promise<Checkpoint> {
  return openSource(
    new BufferSource('/models/model.safetensors', safetensorsFile(new Map(Object.entries(tensors)))),
    config,
    file,
  );
}

function openSource(source: RandomAccessSource, config?: string | Error, file = 'config.json'): Promise<Checkpoint> {
  const openSibling = (name: string): Promise<RandomAccessSource> => {
    if (config instanceof Error) return Promise.reject(config);
    if (config !== undefined && name === file)
      return Promise.resolve(new BufferSource(`/models/${name}`, Buffer.from(config)));
    return missing(name);
  };
  return readCheckpoint({ source, openSibling });
}

const tensor = (dtype: string, ...shape: number[]): MadeTensor => ({ dtype, shape });
const text = (dtype: string, content: string): MadeTensor => ({
  dtype,
  shape: [Buffer.byteLength(content)],
  bytes: Buffer.from(content),
});

function missing(name: string): Promise<RandomAccessSource> {
  return Promise.reject(new FormatError({ file: name, reason: 'is missing', remedy: 'None.' }));
}

/** What a decoded model says. */
const codes = ({ notes }: Checkpoint): string[] => notes.map(({ code }) => code);

const GPTQ: Tensors = {
  'x.qweight': tensor('I32', 16, 32),
  'x.qzeros': tensor('I32', 4, 4),
  'x.scales': tensor('F16', 4, 32),
  'x.g_idx': tensor('I32', 128),
};
const AWQ: Tensors = {
  'x.qweight': tensor('I32', 128, 4),
  'x.qzeros': tensor('I32', 4, 4),
  'x.scales': tensor('F16', 4, 32),
};
const STATE =
  '{"quant_type":"nf4","blocksize":64,"dtype":"float32","shape":[16,32],"nested_blocksize":256,"nested_offset":0.5}';
const NF4: Tensors = {
  'x.weight': tensor('U8', 256, 1),
  'x.weight.absmax': tensor('U8', 8),
  'x.weight.quant_map': tensor('F32', 16),
  'x.weight.nested_absmax': tensor('F32', 1),
  'x.weight.nested_quant_map': tensor('F32', 256),
  'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE),
};
const BYTES: Tensors = { 'x.weight': tensor('I8', 8, 16), 'x.SCB': tensor('F32', 8), 'x.weight_format': tensor('U8') };
const shapeBytes = Buffer.alloc(16);
shapeBytes.writeBigInt64LE(16n, 0);
shapeBytes.writeBigInt64LE(64n, 8);
const COMPRESSED: Tensors = {
  'x.weight_packed': tensor('I32', 16, 8),
  'x.weight_scale': tensor('BF16', 16, 2),
  'x.weight_zero_point': tensor('I32', 2, 2),
  'x.weight_shape': { dtype: 'I64', shape: [2], bytes: shapeBytes },
  'x.weight_g_idx': tensor('I32', 64),
};
const FP8: Tensors = { 'x.weight': tensor('F8_E4M3', 200, 300), 'x.weight_scale_inv': tensor('F32', 2, 3) };
const NVFP4: Tensors = {
  'x.weight_packed': tensor('U8', 8, 32),
  'x.weight_scale': tensor('F8_E4M3', 8, 4),
  'x.weight_global_scale': tensor('F32', 1),
};
const BLOCKS: Tensors = { x_blocks: tensor('U8', 2, 8, 4, 16), x_scales: tensor('U8', 2, 8, 4) };
const MLX: Tensors = {
  'x.weight': tensor('U32', 8, 16),
  'x.scales': tensor('F16', 8, 2),
  'x.biases': tensor('F16', 8, 2),
};
const MLX_CONFIG = '{"quantization":{"bits":4,"group_size":64}}';

describe('what fits together is decoded', () => {
  it.each<[string, Tensors, string?]>([
    ['GPTQ', GPTQ],
    ['AWQ', AWQ],
    ['nf4', NF4],
    ['int8', BYTES],
    ['compressed', COMPRESSED],
    ['fp8', FP8],
    ['NVFP4', NVFP4],
    ['NVFP4 of the type F4', { 'x.weight': tensor('F4', 8, 64), 'x.weight_scale': tensor('F8_E4M3', 8, 4) }],
    ['MXFP4 of the type F4', { 'x.weight': tensor('F4', 8, 64), 'x.weight_scale': tensor('F8_E8M0', 8, 2) }],
    ['MXFP4', BLOCKS],
    ['MLX', MLX, MLX_CONFIG],
  ])('%s', async (_, tensors, config) => {
    const checkpoint = await open(tensors, config);
    expect(codes(checkpoint)).toEqual(['quantized-weights']);
    expect(checkpoint.tensors[0]?.dtype).toBe('float32');
  });
});

describe('what does not fit together stays as it is', () => {
  const broken: [string, Tensors, Tensors, string?][] = [
    ['GPTQ: scales of other outputs', GPTQ, { 'x.scales': tensor('F16', 4, 31) }],
    ['GPTQ: scales that are integers', GPTQ, { 'x.scales': tensor('I32', 4, 32) }],
    ['GPTQ: scales of three dimensions', GPTQ, { 'x.scales': tensor('F16', 4, 32, 1) }],
    ['GPTQ: more groups than inputs', GPTQ, { 'x.scales': tensor('F16', 200, 32), 'x.qzeros': tensor('I32', 200, 4) }],
    [
      'GPTQ: groups that do not fill the inputs',
      GPTQ,
      { 'x.scales': tensor('F16', 100, 32), 'x.qzeros': tensor('I32', 100, 4) },
    ],
    ['GPTQ: zero points of other groups', GPTQ, { 'x.qzeros': tensor('I32', 5, 4) }],
    ['GPTQ: codes of 5 bits', GPTQ, { 'x.qzeros': tensor('I32', 4, 5) }],
    ['GPTQ: codes of 32 bits', GPTQ, { 'x.qzeros': tensor('I32', 4, 32) }],
    ['GPTQ: codes of 0 bits', GPTQ, { 'x.qzeros': tensor('I32', 4, 0) }],
    ['GPTQ: no scales at all', GPTQ, { 'x.scales': tensor('F16', 0, 32) }],
    ['GPTQ: no codes at all', GPTQ, { 'x.qweight': tensor('I32', 0, 32) }],
    ['GPTQ: an index of other inputs', GPTQ, { 'x.g_idx': tensor('I32', 127) }],
    ['GPTQ: an index of floats', GPTQ, { 'x.g_idx': tensor('F32', 128) }],
    ['GPTQ: codes of 64 bits', GPTQ, { 'x.qweight': tensor('I64', 16, 32) }],
    ['GPTQ: a weight of that name', GPTQ, { 'x.weight': tensor('F32', 4) }],
    ['GPTQ: a configuration of other bits', GPTQ, {}, '{"quantization_config":{"bits":8}}'],
    ['GPTQ: a configuration of other groups', GPTQ, {}, '{"quantization_config":{"bits":4,"group_size":64}}'],
    ['GPTQ: groups of zero', GPTQ, {}, '{"quantization_config":{"group_size":0}}'],
    ['GPTQ: groups of less than nothing', GPTQ, {}, '{"quantization_config":{"group_size":-128}}'],
    ['GPTQ: giant groups', GPTQ, {}, '{"quantization_config":{"group_size":9007199254740991}}'],
    ['GPTQ: another layout', GPTQ, {}, '{"quantization_config":{"checkpoint_format":"marlin"}}'],
    ['AWQ: zero points of other outputs', AWQ, { 'x.qzeros': tensor('I32', 4, 8) }],
    ['AWQ: a layout by outputs', AWQ, { 'x.scales': tensor('F16', 128, 8), 'x.qzeros': tensor('I32', 128, 1) }],
    ['AWQ: a configuration of other bits', AWQ, {}, '{"quantization_config":{"bits":8}}'],
    ['nf4: a state that is no JSON', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', '{"shape":[') }],
    ['nf4: a state of one number', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', '4') }],
    ['nf4: an empty state', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', '{}') }],
    ['nf4: a state without bytes', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': tensor('U8', 0) }],
    ['nf4: a state of 100 KB', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': tensor('U8', 100_000) }],
    ['nf4: blocks of zero', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('64', '0')) }],
    ['nf4: blocks of −1', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('64', '-1')) }],
    [
      'nf4: nested blocks of zero',
      NF4,
      { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('256', '0')) },
    ],
    ['nf4: giant blocks', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('64', '1e15')) }],
    [
      'nf4: a giant shape',
      NF4,
      { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('16', '9007199254740991')) },
    ],
    ['nf4: another shape', NF4, { 'x.weight.quant_state.bitsandbytes__nf4': text('U8', STATE.replace('16', '17')) }],
    ['nf4: a code book of 15', NF4, { 'x.weight.quant_map': tensor('F32', 15) }],
    ['nf4: a code book of halves', NF4, { 'x.weight.quant_map': tensor('F16', 16) }],
    ['nf4: fewer scales', NF4, { 'x.weight.absmax': tensor('U8', 7) }],
    ['nf4: nested scales of floats', NF4, { 'x.weight.absmax': tensor('F32', 8) }],
    ['nf4: more nested scales', NF4, { 'x.weight.nested_absmax': tensor('F32', 2) }],
    ['int8: scales of other rows', BYTES, { 'x.SCB': tensor('F32', 16) }],
    [
      'int8: a layout of a graphics card',
      BYTES,
      { 'x.weight_format': { dtype: 'U8', shape: [], bytes: Uint8Array.of(2) } },
    ],
    ['int8: three dimensions', BYTES, { 'x.weight': tensor('I8', 8, 4, 4) }],
    ['compressed: scales of other rows', COMPRESSED, { 'x.weight_scale': tensor('BF16', 15, 2) }],
    ['compressed: scales of five groups', COMPRESSED, { 'x.weight_scale': tensor('BF16', 16, 5) }],
    ['compressed: a shape of zeros', COMPRESSED, { 'x.weight_shape': tensor('I64', 2) }],
    ['compressed: a shape of three', COMPRESSED, { 'x.weight_shape': tensor('I64', 3) }],
    ['compressed: a shape of floats', COMPRESSED, { 'x.weight_shape': tensor('F64', 2) }],
    ['compressed: zero points of other rows', COMPRESSED, { 'x.weight_zero_point': tensor('I32', 3, 2) }],
    ['compressed: an index of other inputs', COMPRESSED, { 'x.weight_g_idx': tensor('I32', 63) }],
    ['fp8: scales of no blocks', FP8, { 'x.weight_scale_inv': tensor('F32', 7, 11) }],
    ['fp8: more scales than elements', FP8, { 'x.weight_scale_inv': tensor('F32', 400, 300) }],
    ['fp8: scales of integers', FP8, { 'x.weight_scale_inv': tensor('I32', 2, 3) }],
    ['fp8: scales of more dimensions', FP8, { 'x.weight_scale_inv': tensor('F32', 2, 3, 2) }],
    ['fp8: no scales', FP8, { 'x.weight_scale_inv': tensor('F32', 0) }],
    ['NVFP4: groups of 32', NVFP4, { 'x.weight_scale': tensor('F8_E4M3', 8, 2) }],
    ['NVFP4: scales of rows', NVFP4, { 'x.weight_scale': tensor('F8_E4M3', 8, 1) }],
    ['NVFP4: many second scales', NVFP4, { 'x.weight_global_scale': tensor('F32', 3) }],
    ['NVFP4: a scalar', NVFP4, { 'x.weight_packed': tensor('U8') }],
    ['MXFP4: blocks of 8 bytes', BLOCKS, { x_blocks: tensor('U8', 2, 8, 8, 8) }],
    ['MXFP4: scales of other rows', BLOCKS, { x_scales: tensor('U8', 2, 4, 8) }],
    ['MXFP4: scales of floats', BLOCKS, { x_scales: tensor('F32', 2, 8, 4) }],
    ['MXFP4: one dimension', BLOCKS, { x_blocks: tensor('U8', 16), x_scales: tensor('U8') }],
    ['MLX: no configuration', MLX, {}],
    ['MLX: other bits', MLX, {}, '{"quantization":{"bits":8,"group_size":64}}'],
    ['MLX: 7 bits', MLX, {}, '{"quantization":{"bits":7,"group_size":64}}'],
    ['MLX: no bits', MLX, {}, '{"quantization":{"bits":0,"group_size":64}}'],
    ['MLX: groups of less than nothing', MLX, {}, '{"quantization":{"bits":4,"group_size":-64}}'],
    ['MLX: an unknown mode', MLX, {}, '{"quantization":{"bits":4,"group_size":64,"mode":"fp3"}}'],
    ['MLX: scales of other rows', MLX, { 'x.scales': tensor('F16', 4, 2) }, MLX_CONFIG],
    ['MLX: fewer biases', MLX, { 'x.biases': tensor('F16', 8, 1) }, MLX_CONFIG],
    ['MLX: a layer that lies', MLX, {}, '{"quantization":{"bits":4,"group_size":64,"x":{"bits":2,"group_size":64}}}'],
  ];

  it.each(broken)('%s', async (_, tensors, changes, config) => {
    const all = { ...tensors, ...changes };
    const checkpoint = await open(all, config);
    expect(codes(checkpoint)).toContain('undecoded-weights');
    expect(codes(checkpoint)).not.toContain('quantized-weights');
    expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(all).sort());
  });

  it.each<[string, Tensors, readonly string[]]>([
    ['GPTQ', GPTQ, ['x.scales']],
    ['nf4', NF4, ['x.weight.absmax', 'x.weight.quant_state.bitsandbytes__nf4']],
    ['compressed', COMPRESSED, ['x.weight_scale']],
    ['fp8', FP8, ['x.weight_scale_inv']],
    ['MXFP4', BLOCKS, ['x_scales']],
  ])('%s without a part is no quantized weight', async (_, tensors, parts) => {
    for (const part of parts) {
      const rest = Object.fromEntries(Object.entries(tensors).filter(([name]) => name !== part));
      expect(codes(await open(rest))).not.toContain('quantized-weights');
    }
  });
});

describe('a configuration', () => {
  it.each([
    ['no JSON', 'model: llama'],
    ['cut off', '{"quantization_config":{"bits":4'],
    ['a list', '[4]'],
    ['another type', '{"quantization_config":4}'],
    [
      'other types within',
      '{"quantization_config":{"bits":"4","group_size":[1],"checkpoint_format":7,"weight_block_size":["a",null]}}',
    ],
    ['very deep', `{"a":${'['.repeat(10_000)}`],
    ['names of objects', '{"quantization_config":{"__proto__":{"bits":8},"constructor":{"bits":8}}}'],
    ['too large', `{"a":"${'x'.repeat(8_100_000)}"}`],
  ])('that is %s is as good as none', async (_, config) => {
    expect(codes(await open(GPTQ, config))).toEqual(['quantized-weights']);
  });

  it.each([
    ['of a language model within', '{"text_config":{"quantization_config":{"bits":8}}}', 'config.json'],
    ['of its own file', '{"bits":8}', 'quantize_config.json'],
  ])('counts: one %s', async (_, config, file) => {
    expect(codes(await open(GPTQ, config, file))).toEqual(['undecoded-weights']);
  });

  it('that cannot be opened is as good as none', async () => {
    const error = new FormatError({ file: 'config.json', reason: 'leads out of the folder', remedy: 'None.' });
    expect(codes(await open(GPTQ, error))).toEqual(['quantized-weights']);
  });

  it('that fails for another reason is not hidden', async () => {
    await expect(open(GPTQ, new TypeError('a bug'))).rejects.toThrow(TypeError);
  });

  it('is not looked for where nothing is quantized', async () => {
    const plain = { 'x.weight': tensor('F32', 4, 4) };
    await expect(open(plain, new TypeError('asked for'))).resolves.toMatchObject({ notes: [] });
  });
});

it('names what is packed in a way that it does not decode', async () => {
  const checkpoint = await open({
    'a.codes': tensor('I16', 4, 4, 1),
    'a.codebooks': tensor('F16', 1, 256, 1, 8),
    'a.scales': tensor('F16', 4, 1, 1, 1),
    'b.W_q': tensor('U8', 8, 8),
    'b.zero': tensor('F16', 8, 8),
    'c.weight': tensor('U8', 4, 16),
    'c.weight_scale': tensor('BF16', 1),
    'd.weight': tensor('I8', 4, 16),
    'd.weight_scales': tensor('F16', 16),
    'e.weight': tensor('F32', 4, 4),
  });
  expect(codes(checkpoint)).toEqual(['packed-weights', 'packed-weights', 'packed-weights', 'packed-weights']);
  expect(checkpoint.notes.map(({ message }) => /by (\S+),/.exec(message)?.[1]).sort()).toEqual([
    'AQLM',
    'BitNet',
    'EETQ',
    'HQQ',
  ]);
  expect(checkpoint.tensors.filter(({ role }) => role !== 'constant').map(({ name }) => name)).toEqual(['e.weight']);
});

it('reads a few bytes of each weight while it opens a model, and no more than that', async () => {
  const tensors = new Map<string, MadeTensor>();
  for (let layer = 0; layer < 400; layer++) {
    for (const [name, part] of Object.entries(NF4)) tensors.set(name.replace('x', `layers.${layer}`), part);
  }
  const file = safetensorsFile(tensors);
  const source = new CountingSource('/models/model.safetensors', file);
  const checkpoint = await openSource(source);
  expect(checkpoint.tensors.filter(({ storedAs }) => storedAs !== undefined)).toHaveLength(400);
  const header = 8 + Number(file.readBigUInt64LE(0));
  const head = 2 * 4096;
  expect(source.bytesRead).toBeLessThan(head + header + 400 * (STATE.length + 64 + 1024) + 1);
  expect(source.reads).toBeLessThan(400 * 3 + 10);
});

it('reads at most so many small tensors', async () => {
  const tensors = new Map<string, MadeTensor>();
  for (let layer = 0; layer < 20_005; layer++) {
    tensors.set(`${layer}.weight`, tensor('I8', 1, 1));
    tensors.set(`${layer}.SCB`, tensor('F32', 1));
    tensors.set(`${layer}.weight_format`, tensor('U8'));
  }
  const source = new CountingSource('/models/model.safetensors', safetensorsFile(tensors));
  const checkpoint = await openSource(source);
  expect(source.reads).toBeLessThan(20_010);
  expect(codes(checkpoint)).toEqual(['quantized-weights', 'undecoded-weights']);
});

it('leaves formats alone that say themselves how their weights are quantized', async () => {
  const { tensors } = await open(FP8);
  const checkpoint: Checkpoint = { format: 'onnx', formatLabel: 'ONNX', files: [], tensors, notes: [] };
  const context = {
    source: new BufferSource('/m', new Uint8Array(0)),
    openSibling: () => Promise.reject(new Error('no')),
  };
  expect(await withQuantizedWeights(checkpoint, context)).toBe(checkpoint);
});

it('ties weights of which the codes are tied', async () => {
  const codesOf = (name: string, aliasOf?: string): TensorEntry[] => {
    const extents = [{ file: 0, offset: 0, length: 128 }];
    const weight = { name: `${name}.weight`, dtype: 'int8', shape: [8, 16], count: 128, role: 'other' } as const;
    const scale = { name: `${name}.SCB`, dtype: 'float32', shape: [8], count: 8, role: 'constant' } as const;
    return [
      {
        ...weight,
        storage: { dtype: 'int8', extents },
        ...(aliasOf === undefined ? {} : { aliasOf: `${aliasOf}.weight` }),
      },
      {
        ...scale,
        storage: { dtype: 'float32', extents: [{ file: 0, offset: 128, length: 32 }] },
        ...(aliasOf === undefined ? {} : { aliasOf: `${aliasOf}.SCB` }),
      },
    ];
  };
  const checkpoint: Checkpoint = {
    format: 'pytorch',
    formatLabel: 'PyTorch',
    files: [{ path: '/m', size: 160 }],
    tensors: [...codesOf('a'), ...codesOf('b', 'a')],
    notes: [],
  };
  const context = { source: new BufferSource('/m', new Uint8Array(160)), openSibling: missing };
  const tied = await withQuantizedWeights(checkpoint, context);
  expect(tied.tensors.map(({ name, aliasOf }) => [name, aliasOf])).toEqual([
    ['a.weight', undefined],
    ['b.weight', 'a.weight'],
  ]);
});

it('takes names for names', async () => {
  const renamed = Object.fromEntries(
    Object.entries(GPTQ).map(([name, part]) => [name.replace('x.', '__proto__.'), part]),
  );
  const checkpoint = await open(renamed);
  expect(checkpoint.tensors.map(({ name }) => name)).toEqual(['__proto__.weight']);
  const bare = await open({
    qweight: tensor('I32', 1, 1),
    scales: tensor('F16', 1, 1),
    '.qweight': tensor('I32', 1, 1),
  });
  expect(bare.tensors).toHaveLength(3);
});
