import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/errors';
import { unpickle, type Unpickled } from '../../../src/formats/containers/pickle';
import { PickleTruncatedError } from '../../../src/formats/containers/pickle-input';
import {
  PersistentId,
  PickleCall,
  PickleGlobal,
  type PickleValue,
} from '../../../src/formats/containers/pickle-values';
import { dict, float, global, int, list, proto, raw, text, tuple } from './pytorch-bytes';
import { FIXTURES } from './stored-values';

interface Written {
  readonly value: unknown;
  readonly pickles: readonly [title: string, base64: string][];
}

/** Written by Python's two picklers, with what they hold (see `plain` in make.py). */
const PYTHON = (JSON.parse(readFileSync(path.join(FIXTURES, 'pytorch/pickles.json'), 'utf8')) as Written[]).flatMap(
  ({ value: held, pickles }) => pickles.map(([title, base64]) => [title, base64, held] as const),
);

function read(bytes: Uint8Array): Unpickled {
  return unpickle(bytes, { file: '/a.pkl', fileOffset: 0 });
}

function value(...parts: readonly Uint8Array[]): PickleValue {
  return read(Buffer.concat([...parts, Buffer.from('.')])).value;
}

/** The same as `plain` in make.py. */
function plain(item: PickleValue): unknown {
  if (typeof item === 'bigint') return ['int', String(item)];
  if (typeof item === 'number' && !Number.isFinite(item)) {
    return ['float', String(item).toLowerCase().replace('infinity', 'inf')];
  }
  if (item === null || typeof item !== 'object') return item;
  if (item instanceof Uint8Array) return ['bytes', Buffer.from(item).toString('hex')];
  if (Array.isArray(item)) return ['list', ...item.map(plain)];
  if (item instanceof Set) return ['set', ...[...item].map(plain).sort()];
  if (item instanceof Map) return ['dict', ...[...item].map(([key, entry]) => [plain(key), plain(entry)])];
  throw new Error('an object');
}

describe('pickles that Python wrote', () => {
  it.each(PYTHON)('%s', (_, base64, expected) => {
    const bytes = Buffer.from(base64, 'base64');
    const { value: found, end } = read(bytes);
    expect(plain(found)).toEqual(expected);
    expect(end).toBe(bytes.length);
  });

  it('keeps shared objects shared', () => {
    for (const [name, base64] of PYTHON.filter(([title]) => title.startsWith('shared'))) {
      const found = read(Buffer.from(base64, 'base64')).value;
      if (!Array.isArray(found)) throw new Error(name);
      expect(found[0], name).toBe(found[1]);
      expect((found[2] as Map<string, unknown>).get('again'), name).toBe(found[0]);
    }
  });

  it('are truncated at every shorter length, and say what is missing', () => {
    for (const [name, base64] of PYTHON.filter(([, data]) => data.length < 2000)) {
      const bytes = Buffer.from(base64, 'base64');
      for (let length = 0; length < bytes.length; length++) {
        try {
          read(bytes.subarray(0, length));
          expect.unreachable(`${name}, ${length} bytes`);
        } catch (error) {
          expect(error, name).toBeInstanceOf(PickleTruncatedError);
          expect((error as PickleTruncatedError).needed, name).toBeGreaterThan(length);
          expect((error as PickleTruncatedError).needed, name).toBeLessThanOrEqual(bytes.length);
        }
      }
    }
  });
});

describe('objects', () => {
  it('are records of calls, never made', () => {
    const { value: found, globals } = read(
      proto(global('os', 'system'), tuple(text('id')), Buffer.from('R}'), text('a'), int(1), Buffer.from('sb')),
    );
    expect(found).toBeInstanceOf(PickleCall);
    const made = found as PickleCall;
    expect(made.calleeName).toBe('os.system');
    expect(made.args).toEqual(['id']);
    expect(made.state).toEqual(new Map([['a', 1]]));
    expect([...globals].map(([{ qualifiedName }, offset]) => [qualifiedName, offset])).toEqual([['os.system', 2]]);
  });

  it('of every instruction that makes them are alike', () => {
    const os = global('os', 'system');
    const made = [
      value(os, tuple(text('id')), Buffer.from('R')),
      value(os, tuple(text('id')), raw(0x81)),
      value(os, tuple(text('id')), Buffer.from('}'), raw(0x92)),
      value(Buffer.from("(S'id'\nios\nsystem\n")),
      value(Buffer.from('('), os, text('id'), Buffer.from('o')),
      value(text('os'), text('system'), raw(0x93), tuple(text('id')), Buffer.from('R')),
    ] as PickleCall[];
    for (const { calleeName, args } of made) expect([calleeName, args]).toEqual(['os.system', ['id']]);
    expect(made[2]?.keywords).toEqual(new Map());
  });

  it('keep what is appended and set', () => {
    const made = value(
      ...[global('collections', 'OrderedDict'), Buffer.from(')R('), text('k'), int(5), Buffer.from('u')],
      ...[Buffer.from('('), int(7), int(8), Buffer.from('e')],
    ) as PickleCall;
    expect(made.entries).toEqual(new Map([['k', 5]]));
    expect(made.items).toEqual([7, 8]);
  });

  it('outside are references', () => {
    const { value: found, persistentIds } = read(proto(list(tuple(text('storage'), int(1))), Buffer.from('Q')));
    expect(found).toBeInstanceOf(PersistentId);
    expect(persistentIds).toEqual([found]);
    expect((value(Buffer.from('Pabc\n')) as PersistentId).id).toBe('abc');
  });

  it('named twice are one', () => {
    const found = value(list(global('a', 'b'), global('a', 'b'))) as PickleGlobal[];
    expect(found[0]).toBeInstanceOf(PickleGlobal);
    expect(found[0]).toBe(found[1]);
  });

  it('may contain themselves', () => {
    const found = value(Buffer.from(']q\x00h\x00a')) as PickleValue[];
    expect(found[0]).toBe(found);
  });
});

describe('instructions of Python 2', () => {
  it.each<[string, Buffer, PickleValue]>([
    ['STRING', Buffer.from(String.raw`S'a\n\x41\'\\\101'` + '\n'), "a\nA'\\A"],
    ['STRING in double quotes', Buffer.from('S"it\'s"\n'), "it's"],
    ['UNICODE', Buffer.from(String.raw`V\u20ac\U0001f600` + '\n'), '€😀'],
    ['SHORT_BINSTRING', Buffer.from('U\x03abc'), 'abc'],
    ['BINSTRING', Buffer.from('T\x03\0\0\0abc'), 'abc'],
    ['LONG', Buffer.from('L-12L\n'), -12],
    ['INT as a boolean', Buffer.from('I01\n'), true],
    ['FLOAT', Buffer.from('F-1e-3\n'), -0.001],
    ['DICT', Buffer.from("(S'a'\nI1\nd"), new Map([['a', 1]])],
    ['LIST', Buffer.from('(I1\nI2\nl'), [1, 2]],
    ['PUT and GET', Buffer.from('I5\np300\n0g300\n'), 5],
    ['POP of a mark', Buffer.from('I5\n(0'), 5],
    ['POP_MARK', Buffer.from('I5\n(I6\nI7\n1'), 5],
    ['DUP', Buffer.concat([int(3), Buffer.from('2\x86', 'latin1')]), [3, 3]],
    ['LONG4', raw(0x8b, 3, 0, 0, 0, 0xff, 0xff, 0xff), -1],
  ])('%s', (_, bytes, expected) => {
    expect(value(bytes)).toEqual(expected);
  });
});

describe('values', () => {
  it('come out as they went in', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }).map((item) => [text(item), item] as const),
      fc.maxSafeInteger().map((item) => [int(item), item] as const),
      fc.double().map((item) => [float(item), item] as const),
    );
    const { tree } = fc.letrec<{ tree: readonly [Buffer, unknown] }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc
          .array(tie('tree'))
          .map((items) => [list(...items.map(([bytes]) => bytes)), items.map(([, item]) => item)] as const),
        fc
          .dictionary(fc.string({ unit: 'binary' }), tie('tree'))
          .map(
            (items) =>
              [
                dict(Object.fromEntries(Object.entries(items).map(([key, [bytes]]) => [key, bytes]))),
                new Map(Object.entries(items).map(([key, [, item]]) => [key, item])),
              ] as const,
          ),
      ),
    }));
    fc.assert(
      fc.property(tree, ([bytes, item]) => {
        expect(value(bytes)).toEqual(item);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('of random bytes are refused or read, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { seed: 6, numRuns: 5000 },
    );
  });

  it('of compressed pickles have no place in the file', () => {
    expect(() => unpickle(Buffer.from('\xff', 'latin1'), { file: '/a', fileOffset: undefined })).toThrow(
      /^\/a: its [^(]*$/,
    );
    expect(() => unpickle(Buffer.from('N0\xff', 'latin1'), { file: '/a', fileOffset: 100 })).toThrow(/byte 102/);
  });
});
