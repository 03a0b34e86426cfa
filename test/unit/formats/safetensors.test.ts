import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensorsFile, safetensorsReader } from '../../../src/formats/safetensors/safetensors';
import { safetensorsIndexReader } from '../../../src/formats/sharded-index';
import { BufferSource } from '../../../src/formats/source';
import { FIXTURES, openWith, storedBytes, valuesSha256 } from './stored-values';

const FOLDER = path.join(FIXTURES, 'safetensors');
const DTYPES: Record<string, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64' };

type Reference = Record<string, Record<string, { shape: number[]; dtype: string; sha256: string | null }>>;

function load(name: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'));
}

/** A file with the given header object and a data part of `dataBytes` zeros. */
function build(header: unknown, dataBytes: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

describe('reference files', () => {
  const reference = load('reference.json') as Reference;
  for (const [file, tensors] of Object.entries(reference)) {
    it(`reads every value of ${file}`, async () => {
      const reader = file.endsWith('.json') ? safetensorsIndexReader : safetensorsReader;
      const checkpoint = await openWith(reader, path.join(FOLDER, file));
      expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(tensors).sort());
      for (const tensor of checkpoint.tensors) {
        const expected = tensors[tensor.name]!;
        expect(tensor.shape).toEqual(expected.shape);
        expect(tensor.dtype).toBe(DTYPES[expected.dtype]);
        expect(valuesSha256(checkpoint, tensor), tensor.name).toBe(expected.sha256);
      }
    });
  }

  it('labels shards, and says when one of them is opened alone', async () => {
    const whole = await openWith(safetensorsIndexReader, path.join(FOLDER, 'sharded.safetensors.index.json'));
    expect(whole.formatLabel).toBe('safetensors, 2 shards');
    expect(whole.notes).toEqual([]);
    expect(whole.files.map(({ path: file }) => path.basename(file))).toEqual([
      'sharded-00001-of-00002.safetensors',
      'sharded-00002-of-00002.safetensors',
    ]);
    const shard = await openWith(safetensorsReader, path.join(FOLDER, 'sharded-00002-of-00002.safetensors'));
    expect(shard.notes.map(({ code }) => code)).toEqual(['one-shard-of-many']);
    expect(shard.notes[0]?.message).toContain('part 2 of 2');
    expect(shard.notes[0]?.message).toContain('sharded.safetensors.index.json');
  });
});

describe('files of the official library', () => {
  it('reads all element types, a scalar, an empty tensor and odd names', async () => {
    const expected = load('dtypes.expected.json') as Reference[string];
    const checkpoint = await openWith(safetensorsReader, path.join(FOLDER, 'dtypes.safetensors'));
    expect(checkpoint.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
    for (const tensor of checkpoint.tensors) {
      const { dtype, shape, sha256 } = Object.getOwnPropertyDescriptor(expected, tensor.name)!
        .value as Reference[string][string];
      expect(tensor.shape, tensor.name).toEqual(shape);
      expect(tensor.dtype, tensor.name).toBe(dtype);
      if (sha256 === null) expect(storedBytes(checkpoint, tensor)).toHaveLength(15 * 8);
      else expect(valuesSha256(checkpoint, tensor), tensor.name).toBe(sha256);
    }
    expect(checkpoint.tensors.find(({ name }) => name === 'empty')?.storage.extents).toEqual([]);
  });

  it('keeps the tensors in the order of their bytes', async () => {
    const { tensors } = await openWith(safetensorsReader, path.join(FOLDER, 'dtypes.safetensors'));
    const offsets = tensors.flatMap(({ storage }) => storage.extents.map(({ offset }) => offset));
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  });

  it('reads packed 4-bit floats', async () => {
    const checkpoint = await openWith(safetensorsReader, path.join(FOLDER, 'packed.safetensors'));
    expect(checkpoint.tensors.map(({ name, storedAs }) => [name, storedAs])).toEqual([
      ['weight', undefined],
      ['weight_packed', 'F4'],
    ]);
    expect(checkpoint.notes).toEqual([]);
  });
});

describe('headers', () => {
  it('accepts unknown keys, escapes, white space and trailing spaces', async () => {
    const text = ' {"a\\u0062c" : {"extra": [1, {"x": null}], "dtype":"F32", "shape":[ 2 ], "data_offsets":[0, 8]} } ';
    const { tensors } = await readSafetensorsFile(new BufferSource('/m', build(text.trimStart(), 8)), 0);
    expect(tensors).toMatchObject([{ name: 'abc', shape: [2], count: 2 }]);
  });

  it('takes time in proportion to the number of tensors', async () => {
    const header: Record<string, unknown> = {};
    const count = 100_000;
    for (let index = 0; index < count; index++) {
      const name = `model.layers.${String(index >> 8)}.mlp.experts.${String(index & 255)}.down_proj.weight`;
      header[name] = { dtype: 'BF16', shape: [2, 2], data_offsets: [8 * index, 8 * index + 8] };
    }
    const file = build(header, 8 * count);
    const start = performance.now();
    const { tensors } = await readSafetensorsFile(new BufferSource('/m', file), 0);
    const milliseconds = performance.now() - start;
    expect(tensors).toHaveLength(count);
    // A quarter of a second on an idle machine; a quadratic reader would take minutes.
    expect(milliseconds).toBeLessThan(4000);
  });

  it('is told by its content', () => {
    const file = build({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }, 1);
    const head = file.subarray(0, 4096);
    expect(safetensorsReader.matches(head, new BufferSource('/m', file))).toBe(true);
    expect(safetensorsReader.matches(head, new BufferSource('/m', file.subarray(0, 20)))).toBe(false);
    expect(safetensorsReader.matches(Buffer.from('{"weight_map":{}}'), new BufferSource('/m', file))).toBe(false);
  });
});
