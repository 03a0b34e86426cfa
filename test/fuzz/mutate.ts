import assert from 'node:assert/strict';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { FormatError } from '../../src/formats/errors';
import { complaint } from './sound';

/** Random numbers in [0, 1) from a fixed seed: G. Marsaglia, Xorshift RNGs, 2003 (32-bit, triple 13, 17, 5). */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Numbers that lengths, counts and offsets of hostile files like to have. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Text that changes the meaning of JSON and of Python literals. */
const TOKENS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"',
    "'",
    ',',
    ':',
    '\\',
    '\0',
    '-',
    '0',
    '9',
    '.',
    'e9',
    'null',
    'true',
    'None',
    'True',
  ],
  ...[
    '99999999999999999999',
    '9007199254740993',
    '-1',
    '[]',
    '{}',
    '"F32"',
    '"__proto__"',
    '"../x"',
    '/',
    'F64',
    'O8',
    '>V2',
  ],
];

/**
 * A damaged copy: some bytes flipped, cut, repeated, moved or replaced. Half of the damage falls on the first `hot`
 * bytes, where the header is.
 */
export function mutate(bytes: Uint8Array, random: () => number, hot: number): Buffer {
  let out = Buffer.from(bytes);
  const rounds = 1 + Math.floor(random() * 4);
  for (let round = 0; round < rounds; round++) {
    const range = random() < 0.7 ? Math.min(hot, out.length) : out.length;
    const at = Math.floor(random() * range);
    const length = 1 + Math.floor(random() * (random() < 0.5 ? 4 : 64));
    switch (Math.floor(random() * 8)) {
      case 0:
        if (at < out.length) out[at] = out[at]! ^ (1 << Math.floor(random() * 8));
        break;
      case 1:
        out.subarray(at, at + length).fill(Math.floor(random() * 256));
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + length), out.subarray(at)]);
        break;
      case 4:
        out = out.subarray(0, random() < 0.5 ? at : Math.floor(random() * (out.length + 1)));
        break;
      case 5: {
        const value = EXTREMES[Math.floor(random() * EXTREMES.length)]!;
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(value);
        word.copy(out, at, 0, [1, 2, 4, 8][Math.floor(random() * 4)]);
        break;
      }
      default: {
        const token = Buffer.from(TOKENS[Math.floor(random() * TOKENS.length)]!, 'latin1');
        const rest = random() < 0.5 ? at : at + token.length;
        out = Buffer.concat([out.subarray(0, at), token, out.subarray(rest)]);
      }
    }
  }
  return out;
}

/**
 * Opens something damaged: it may be refused with a {@link FormatError}, or come out sound; any other error fails.
 * @returns whether it was refused
 */
export async function refusedOrSound(open: () => Promise<Checkpoint>, label: string): Promise<boolean> {
  const start = process.cpuUsage();
  let checkpoint: Checkpoint | undefined;
  try {
    checkpoint = await open();
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${label}: ${String(error)}`, { cause: error });
    assert.notEqual(error.detail.file, '', label);
    assert.notEqual(error.detail.remedy, '', label);
  }
  // A hang, in the time of the processor: how long it takes on a machine that is busy says nothing. Files have under 100 KB.
  const { user, system } = process.cpuUsage(start);
  if (user + system > 10_000_000) throw new Error(`${label}: took more than ten seconds`);
  if (checkpoint !== undefined) assert.equal(complaint(checkpoint), undefined, label);
  return checkpoint === undefined;
}

/** Number of mutations a file: few enough for every run of the tests; set FUZZ_FACTOR for a long run with other seeds. */
export const FUZZ_FACTOR = Number(process.env.FUZZ_FACTOR ?? '1');
