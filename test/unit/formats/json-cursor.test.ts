import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/formats/errors';
import { JsonCursor, MAX_JSON_DEPTH } from '../../../src/formats/containers/json-cursor';

function cursor(text: string | Uint8Array, base = 0): JsonCursor {
  return new JsonCursor(typeof text === 'string' ? Buffer.from(text) : text, '/f.json', 'Mend it.', base);
}

/** A whole document, by way of the cursor. */
function parse(json: JsonCursor): unknown {
  switch (json.peek()) {
    case 'object': {
      const entries: [string, unknown][] = [];
      json.readObject('it', (key) => entries.push([key, parse(json)]));
      return Object.fromEntries(entries);
    }
    case 'array': {
      const items: unknown[] = [];
      json.readArray('it', () => items.push(parse(json)));
      return items;
    }
    case 'string':
      return json.readString('it');
    case 'number':
      return json.readNumber('it');
    default:
      json.skip();
      return null;
  }
}

function outcome(work: () => void): number | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.detail.offset ?? -1;
  }
}

describe('JsonCursor', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const json = cursor(text);
        const parsed = parse(json);
        json.end();
        // Booleans are skipped by `parse`, so both sides forget them.
        const forget = (_: string, item: unknown): unknown => (typeof item === 'boolean' ? null : item);
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(value, forget));
        const skipped = cursor(text);
        skipped.skip();
        skipped.end();
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('accepts and refuses the same texts as JSON.parse', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-0',
      '01',
      '1.',
      '.5',
      '1e5',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
      '\u0001',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const skipped = outcome(() => {
          const json = cursor(text);
          json.skip();
          json.end();
        });
        // Skipped strings are not looked into: a wrong escape in them goes unseen.
        if (!text.includes('\\')) expect(skipped === undefined, JSON.stringify(text)).toBe(valid);
        const read = outcome(() => {
          const json = cursor(text);
          parse(json);
          json.end();
        });
        expect(read === undefined, JSON.stringify(text)).toBe(valid);
      }),
      { seed: 2, numRuns: 5000 },
    );
  });

  it.each([
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['{"a":1}x', 7],
    ['{"a":tru}', 5],
    ['["\u0000"]', 2],
    ['["abc', 1],
    ['[1e]', 1],
    ['', 0],
  ])('says where %j is wrong', (text, offset) => {
    const at = outcome(() => {
      const json = cursor(text, 100);
      json.skip();
      json.end();
    });
    expect(at).toBe(100 + offset);
  });

  it('refuses bytes that are no UTF-8, and wrong escapes', () => {
    expect(outcome(() => cursor(Buffer.from([0x22, 0xff, 0x22])).readString('it'))).toBe(0);
    expect(outcome(() => cursor('"\\x41"').readString('it'))).toBe(0);
  });

  it('skips to a depth, and no deeper, without recursion', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(
      outcome(() => {
        cursor(nested(MAX_JSON_DEPTH)).skip();
      }),
    ).toBeUndefined();
    expect(
      outcome(() => {
        cursor(nested(10_000_000)).skip();
      }),
    ).toBeDefined();
    expect(
      outcome(() => {
        cursor('{"a":'.repeat(1_000_000)).skip();
      }),
    ).toBeDefined();
  });

  it('reads sizes only if they are exact', () => {
    expect(cursor('9007199254740991').readSize('it')).toBe(2 ** 53 - 1);
    for (const text of ['9007199254740992', '-1', '1.5', '1e400']) {
      expect(
        outcome(() => cursor(text).readSize('it')),
        text,
      ).toBe(0);
    }
  });

  it('passes over a byte order mark', () => {
    expect(parse(cursor(Buffer.from('\ufeff[1]')))).toEqual([1]);
  });
});
