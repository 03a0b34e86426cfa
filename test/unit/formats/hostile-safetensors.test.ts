import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_HEADER_BYTES } from '../../../src/formats/limits';
import { safetensorsReader } from '../../../src/formats/safetensors/safetensors';
import { safetensorsIndexReader } from '../../../src/formats/sharded-index';
import { FileSource } from '../../../src/formats/source';
import { openWith } from './stored-values';
import { formatError, HANG_MS, readBytes } from './thrown';

/** A file with a header of the given text; `claimed` is the length that it claims to have. */
function build(text: string, dataBytes = 0, claimed?: bigint): Uint8Array {
  const header = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(dataBytes)]);
}

function tensor(begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32'): string {
  return JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
}

async function refusal(bytes: Uint8Array): Promise<{ reason: string; offset?: number; tensor?: string }> {
  const start = performance.now();
  const detail = await formatError(readBytes(safetensorsReader, bytes, '/models/evil.safetensors'));
  expect(performance.now() - start).toBeLessThan(HANG_MS);
  expect(detail.file).toBe('/models/evil.safetensors');
  const { reason, offset, tensor: name } = detail;
  return { reason, ...(offset === undefined ? {} : { offset }), ...(name === undefined ? {} : { tensor: name }) };
}

describe('hostile safetensors files', () => {
  it.each([
    ['too short', Buffer.from([1, 2, 3]), 3, 'too few'],
    ['a header of 2^60 bytes', build('{}', 0, 2n ** 60n), 0, '1152921504606846976 bytes'],
    ['a header of 2^64-1 bytes', build('{}', 0, 2n ** 64n - 1n), 0, 'are read'],
    ['a header just over the limit', build('{}', 0, BigInt(MAX_HEADER_BYTES) + 1n), 0, 'are read'],
    ['a header longer than the file', build('{}', 5, 1000n), 15, 'inside its header'],
    ['no brace first', build(' {}'), 8, 'does not start'],
    ['an array', build('[]'), 8, 'does not start'],
    ['broken JSON', build('{"a":}'), 13, 'where a value should be'],
    ['JSON that ends too early', build('{"a":{"dtype"'), 21, 'colon'],
    ['text after the header', build('{}x'), 10, 'after its end'],
    ['a tensor that is no object', build('{"a":[1]}'), 13, 'should be an object'],
    ['metadata that is not text', build('{"__metadata__":{"a":1}}'), 29, 'should be a string'],
    ['no dtype', build('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), 9, 'no "dtype"'],
    ['no shape', build('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), 9, 'no "shape"'],
    ['no offsets', build('{"a":{"dtype":"F32","shape":[1]}}', 4), 9, 'no "data_offsets"'],
    ['one offset', build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', 4), 9, 'fewer than two'],
    ['three offsets', build('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4), 60, 'more than 2'],
    ['two shapes', build('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4), 40, 'two entries'],
    ['an unknown dtype', build(`{"a":${tensor(0, 4, [1], 'F33')}}`, 4), 9, '"F33"'],
    ['a dtype that is on every object', build(`{"a":${tensor(0, 4, [1], 'constructor')}}`, 4), 9, 'unknown dtype'],
    ['a negative size', build(`{"a":${tensor(0, 4, [-1])}}`, 4), 37, 'not a whole number'],
    ['a fractional size', build(`{"a":${tensor(0, 4, [0.5])}}`, 4), 37, 'not a whole number'],
    ['a shape whose product overflows', build(`{"a":${tensor(0, 4, [2 ** 40, 2 ** 40])}}`, 4), 9, 'too large'],
    ['bytes whose number overflows', build(`{"a":${tensor(0, 4, [2 ** 52], 'F64')}}`, 4), 9, 'too large'],
    ['65 dimensions', build(`{"a":${tensor(0, 4, Array(65).fill(1))}}`, 4), 165, 'more than 64'],
    ['four bits that fill no byte', build(`{"a":${tensor(0, 1, [3], 'F4')}}`, 1), 9, 'no whole bytes'],
    ['an end before the begin', build(`{"a":${tensor(4, 0, [1])}}`, 4), 9, 'before it begins'],
    ['a wrong byte count', build(`{"a":${tensor(0, 8, [1])}}`, 8), 9, 'takes 4 bytes'],
    ['an end outside the file', build(`{"a":${tensor(0, 400)}}`, 4), 9, 'the file has'],
    [
      'offsets of 2^53',
      build(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740992,9007199254740996]}}`),
      56,
      '2^53',
    ],
    ['overlapping tensors', build(`{"a":${tensor(0, 8)},"b":${tensor(4, 12)}}`, 12), 62, 'overlaps'],
    ['the same bytes twice', build(`{"a":${tensor(0, 8)},"b":${tensor(0, 8)}}`, 8), 62, 'overlaps'],
    ['a hole', build(`{"a":${tensor(0, 4)},"b":${tensor(8, 12)}}`, 12), 62, 'unused'],
    ['a hole at the start', build(`{"a":${tensor(4, 8)}}`, 8), 9, 'unused'],
    ['bytes after the end', build(`{"a":${tensor(0, 4)}}`, 9), 66, 'after its last tensor'],
    ['a name twice', build(`{"a":${tensor(0, 4)},"a":${tensor(4, 8)}}`, 8), 62, 'twice'],
    ['a name of 5,000 characters', build(`{"${'n'.repeat(5000)}":${tensor(0, 4)}}`, 4), 9, '5000 characters'],
  ] as const)('refuses %s', async (_, bytes, offset, reason) => {
    const refused = await refusal(bytes);
    expect(refused.reason).toContain(reason);
    expect(refused.offset).toBe(offset);
  });

  it('names the tensor at fault', async () => {
    expect((await refusal(build(`{"layer.weight":${tensor(0, 8, [1])}}`, 8))).tensor).toBe('layer.weight');
    expect((await refusal(build(`{"layer.weight":${tensor(0, 400)}}`, 8))).tensor).toBe('layer.weight');
  });

  it('takes __proto__ and constructor for mere names', async () => {
    const bytes = build(
      `{"__proto__":${tensor(0, 4)},"constructor":${tensor(4, 8)},"__metadata__":{"__proto__":"x"}}`,
      8,
    );
    const { tensors } = await readBytes(safetensorsReader, bytes, '/m.safetensors');
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    expect('dtype' in {}).toBe(false);
  });

  it('refuses headers that would become gigabytes of objects, at once', async () => {
    const megabytes = 20;
    const filler = '[],'.repeat((megabytes * 2 ** 20) / 3);
    expect((await refusal(build(`{"a":{"x":[${filler}1]}}`))).reason).toContain('no "dtype"');
    expect((await refusal(build(`{"a":{"x":${'['.repeat(megabytes * 2 ** 20)}`))).reason).toContain('nests deeper');
  });
});

describe('files on disk', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'safetensors-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, bytes: Uint8Array | string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, bytes);
    return file;
  };

  it('says so if the file shrinks after it was opened', async () => {
    const file = write('shrinks.safetensors', build(`{"a":${tensor(0, 4096)}}`, 4096));
    const source = await FileSource.open(file);
    truncateSync(file, 20);
    const detail = await formatError(
      safetensorsReader.open({ source, openSibling: () => Promise.reject(new Error()) }),
    );
    await source.close();
    expect(detail.reason).toContain('became shorter');
    expect(detail.offset).toBe(20);
  });

  it.each([
    ['not an object', '[]', 'should be an object'],
    ['no weight_map', '{"metadata":{}}', 'no "weight_map"'],
    ['an empty weight_map', '{"weight_map":{}}', 'no weights'],
    ['two weight_maps', '{"weight_map":{"a":"s"},"weight_map":{"a":"s"}}', 'twice'],
    ['a shard that is no name', '{"weight_map":{"a":1}}', 'should be a string'],
    ['a tensor twice', '{"weight_map":{"a":"s","a":"s"}}', 'twice'],
    ['a shard outside the folder', '{"weight_map":{"a":"../a.safetensors"}}', 'leads out of the folder'],
    ['an absolute shard', '{"weight_map":{"a":"/etc/passwd"}}', 'absolute'],
    ['a URL', '{"weight_map":{"a":"https://example.com/a.safetensors"}}', 'nothing is downloaded'],
    ['missing shards', '{"weight_map":{"a":"s1","b":"s2","c":"s3","d":"s4"}}', '"s1", "s2", "s3" and 1 more'],
  ])('refuses an index with %s', async (_, text, reason) => {
    const file = write('evil.safetensors.index.json', text);
    const detail = await formatError(openWith(safetensorsIndexReader, file));
    expect(detail.file).toBe(file);
    expect(detail.reason).toContain(reason);
  });

  it('counts neither scales nor packed tensors as repeated or missing', async () => {
    const fp8 = JSON.stringify({ dtype: 'F8_E4M3', shape: [2, 2], data_offsets: [0, 4] });
    const packed = JSON.stringify({ dtype: 'F4', shape: [2], data_offsets: [8, 9] });
    write('q', build(`{"q.weight":${fp8},"q.weight_scale_inv":${tensor(4, 8, [1, 1])},"p":${packed}}`, 9));
    const map = { 'q.weight': 'q', 'q.weight_scale_inv': 'q', p: 'q' };
    const index = write('q.safetensors.index.json', JSON.stringify({ weight_map: map }));
    const { tensors, notes } = await openWith(safetensorsIndexReader, index);
    expect(tensors.map(({ name, role }) => [name, role])).toEqual([
      ['q.weight', 'weight'],
      ['q.weight_scale_inv', 'quantization'],
      ['p', 'other'],
    ]);
    expect(notes.map(({ code }) => code)).toEqual(['separate-scales']);
  });

  it('compares the index with its shards', async () => {
    const first = write('x-00001-of-00002.safetensors', build(`{"a":${tensor(0, 4)},"extra":${tensor(4, 8)}}`, 8));
    write('x-00002-of-00002.safetensors', build(`{"a":${tensor(0, 4)},"b":${tensor(4, 12)}}`, 12));
    const map = { a: 'x-00001-of-00002.safetensors', b: 'x-00002-of-00002.safetensors' };
    const index = write('x.safetensors.index.json', JSON.stringify({ weight_map: map }));
    const { tensors, notes } = await openWith(safetensorsIndexReader, index);
    expect(tensors.map(({ name, storage }) => [name, storage.extents[0]?.file])).toEqual([
      ['a', 0],
      ['extra', 0],
      ['b', 1],
    ]);
    expect(notes).toMatchObject([
      { code: 'not-in-index', tensors: ['extra'] },
      { code: 'repeated-tensors', tensors: ['a'] },
    ]);
    const wrong = write('y.safetensors.index.json', JSON.stringify({ weight_map: { ...map, lost: map.a } }));
    const detail = await formatError(openWith(safetensorsIndexReader, wrong));
    expect(detail).toMatchObject({ file: first, tensor: 'lost' });
  });
});
