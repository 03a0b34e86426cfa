import { describe, expect, it } from 'vitest';
import { ProtobufInput, type ProtobufFields } from '../../../src/formats/containers/protobuf';
import { BufferSource, type RandomAccessSource } from '../../../src/formats/source';
import { CountingSource, field, message, varint } from './onnx-bytes';
import { formatError } from './thrown';

function inputOf(bytes: Uint8Array, source: RandomAccessSource = new BufferSource('/a.pb', bytes)): ProtobufInput {
  return new ProtobufInput(source, 'Copy it again.');
}

async function all<Result>(input: ProtobufInput, of: (fields: ProtobufFields) => Result): Promise<Result[]> {
  const results: Result[] = [];
  const fields = input.fields(input.whole);
  while (fields.next() ?? (await fields.load())) results.push(of(fields));
  return results;
}

describe('fields of a message', () => {
  it('have numbers, wire types and values', async () => {
    const bytes = message(
      field(1, 150),
      field(2, 'testing'),
      field(3, -1),
      Buffer.from([0x25, 0, 0, 0x80, 0x3f]),
      Buffer.from([0x29, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf]),
      field(536_870_911, 2n ** 63n),
    );
    const found = await all(inputOf(bytes), (fields) => {
      switch (fields.number) {
        case 2:
          return fields.text();
        case 4:
        case 5:
          return [fields.float, fields.uint64];
        default:
          return [fields.number, fields.int64, fields.uint64];
      }
    });
    expect(found).toEqual([
      [1, 150, 150n],
      'testing',
      [3, -1, 2n ** 64n - 1n],
      [1, 0x3f800000n],
      [-1, 0xbff0000000000000n],
      [536_870_911, -(2 ** 63), 2n ** 63n],
    ]);
  });

  it('may be repeated, packed or not', async () => {
    const packed = field(1, message(varint(3), varint(270), varint(-86_942)));
    const numbers: number[] = [];
    const input = inputOf(message(field(1, 5), packed, field(1, 6)));
    const fields = input.fields(input.whole);
    while (fields.next() ?? (await fields.load())) await fields.appendInt64(numbers, 5);
    expect(numbers).toEqual([5, 3, 270, -86_942, 6]);
  });

  it('are skipped without being read', async () => {
    const big = Buffer.alloc(3_000_000);
    const bytes = message(field(1, big), field(2, 'a'), field(3, big), field(4, 'b'));
    const source = new CountingSource('/a.pb', bytes);
    const texts = await all(inputOf(bytes, source), (fields) => (fields.length < 10 ? fields.text() : fields.length));
    expect(texts).toEqual([3_000_000, 'a', 3_000_000, 'b']);
    expect(source.requested).toBeLessThan(20_000);
  });

  it('are read in ever larger pieces where all of them are wanted', async () => {
    const bytes = message(...Array.from({ length: 100_000 }, (_, index) => field(1, `name number ${index}`)));
    const source = new CountingSource('/a.pb', bytes);
    const names = await all(inputOf(bytes, source), (fields) => fields.text());
    expect(names).toHaveLength(100_000);
    expect(names.at(-1)).toBe('name number 99999');
    expect(source.reads).toBeLessThan(15);
    expect(source.requested).toBeLessThan(1.1 * bytes.length);
  });

  it.each(Array.from({ length: 40 }, (_, shift) => shift))(
    'may lie across the edge of a window (%i)',
    async (shift) => {
      const bytes = message(
        field(1, Buffer.alloc(4060 + shift)),
        field(2, 2n ** 63n),
        field(3, 'name'),
        field(4, message(varint(2n ** 40n), varint(-1))),
      );
      const input = inputOf(bytes);
      const fields = input.fields(input.whole);
      const found: unknown[] = [];
      while (fields.next() ?? (await fields.load())) {
        if (fields.number === 2) found.push(fields.uint64);
        else if (fields.number === 3) found.push(fields.text());
        else if (fields.number === 4) found.push(...(await input.packedInt64(fields.range, 10)));
      }
      expect(found).toEqual([2n ** 63n, 'name', 2 ** 40, -1]);
    },
  );
});

describe('malformed messages', () => {
  it.each([
    ['a number that does not end', [0x08, 0x80], 'cut off', 1],
    ['a number of 70 bits', [0x08, ...Array<number>(9).fill(0xff), 0x02], 'more than 64 bits', 1],
    ['a number of eleven bytes', [0x08, ...Array<number>(10).fill(0x80), 0], 'more than 64 bits', 1],
    ['a tag alone', [0x08], 'cut off', 1],
    ['field number 0', [0x00, 0x01], 'without a valid number', 0],
    ['a tag of more than 32 bits', [0xf8, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00], 'without a valid number', 0],
    ['a group', [0x0b, 0x0c], 'wire type 3', 0],
    ['the end of a group', [0x0c], 'wire type 4', 0],
    ['wire type 6', [0x0e], 'wire type 6', 0],
    ['a length beyond the end', [0x0a, 0x02, 0x00], 'of 2 bytes where 1 are left', 0],
    ['a length of 2^63', [0x0a, ...Array<number>(9).fill(0x80), 0x01], 'where 0 are left', 0],
    ['a negative length', [0x0a, ...Array<number>(9).fill(0xff), 0x01], 'where 0 are left', 0],
    ['half a float', [0x0d, 0, 0], 'cut off', 0],
    ['half a double', [0x09, 0, 0, 0, 0], 'cut off', 0],
  ])('%s is refused', async (_, bytes, reason, offset) => {
    const detail = await formatError(all(inputOf(Buffer.from([...field(1, 7), ...bytes])), () => undefined));
    expect(detail).toMatchObject({ file: '/a.pb', offset: 2 + offset });
    expect(detail.reason).toContain(reason);
  });

  it('values are not taken for what they are not', async () => {
    const text = inputOf(field(1, 'a'));
    expect((await formatError(all(text, (fields) => fields.int64))).reason).toContain('wire type 2');
    expect((await formatError(all(text, (fields) => fields.uint64))).reason).toContain('wire type 2');
    expect((await formatError(all(text, (fields) => fields.float))).reason).toContain('wire type 2');
    expect((await formatError(all(inputOf(field(1, 1)), (fields) => fields.range))).reason).toContain('wire type 0');
    expect((await formatError(all(inputOf(field(1, 1)), (fields) => fields.text()))).reason).toContain('wire type 0');
  });

  it('what is longer than expected is refused before it is read', async () => {
    const bytes = field(1, Buffer.alloc(1_000_000, 1));
    const source = new CountingSource('/a.pb', bytes);
    const input = inputOf(bytes, source);
    const fields = input.fields(input.whole);
    await fields.load();
    const { range } = fields;
    expect((await formatError(input.bytes(range, 999_999))).reason).toContain('at most 999999');
    expect((await formatError(input.text(range, 10))).reason).toContain('at most 10');
    expect((await formatError(Promise.resolve().then(() => fields.text()))).reason).toContain('at most 4096');
    expect((await formatError(input.packedInt64(range, 100))).reason).toContain('more than 100 numbers');
    expect(source.requested).toBeLessThan(10_000);
    expect((await input.bytes(range, 1_000_000)).length).toBe(1_000_000);
  });

  it('packed numbers end with their field', async () => {
    const input = inputOf(message(field(1, Buffer.from([0x01, 0x80])), field(1, 1)));
    const fields = input.fields(input.whole);
    await fields.load();
    expect((await formatError(fields.appendInt64([], 10))).reason).toContain('cut off');
  });

  it('nesting has an end', async () => {
    const descend = async (input: ProtobufInput): Promise<number> => {
      let range = input.whole;
      for (let depth = 0; ; depth++) {
        const fields = input.fields(range);
        if (!(fields.next() ?? (await fields.load()))) return depth;
        range = fields.range;
      }
    };
    let bytes: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 99; depth++) bytes = field(1, bytes);
    expect(await descend(inputOf(bytes))).toBe(99);
    expect((await formatError(descend(inputOf(field(1, bytes))))).reason).toContain('deeper than 100');
  });
});
