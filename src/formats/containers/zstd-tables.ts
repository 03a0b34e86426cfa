import * as l10n from '@vscode/l10n';

/** Compressed data that is no Zstandard, is damaged, or is of a kind that is not read. */
export class ZstdError extends Error {}

/** Decoding table of a finite state entropy code (RFC 8878, 4.1), one entry a state. */
export interface FseTable {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  /** Bits that are read to find the next state. */
  readonly bits: Uint8Array;
  /** What is added to them. */
  readonly bases: Uint16Array;
}

/** Decoding table of a prefix code: for each pattern of `maxBits` bits, length of its first code (upper byte) and symbol. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly entries: Uint16Array;
}

/** RFC 8878, 4.2.1. */
const MAX_HUFFMAN_BITS = 11;

export function damaged(): ZstdError {
  return new ZstdError(l10n.t('the Zstandard data is damaged'));
}

/** Number of significant bits of a positive integer, less one. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** The table of given probabilities; −1 is "less than one". */
export function fseTable(accuracy: number, probabilities: readonly number[]): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let last = size - 1;
  for (const [symbol, probability] of probabilities.entries()) {
    if (probability === -1) symbols[last--] = symbol;
    next[symbol] = Math.abs(probability);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [symbol, probability] of probabilities.entries()) {
    for (let i = 0; i < probability; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at > last);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] ?? 0;
    const number = next[symbol] ?? 1;
    next[symbol] = number + 1;
    const count = accuracy - highestBit(number);
    bits[state] = count;
    bases[state] = (number << count) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/** The table that always gives one symbol. */
export function constantTable(symbol: number): FseTable {
  return {
    accuracy: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    bases: new Uint16Array(1),
  };
}

/**
 * Reads the description of a table (RFC 8878, 4.1.1).
 * @returns the table, and the place after its description
 */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxAccuracy: number,
  maxSymbol: number,
): { table: FseTable; next: number } {
  let bit = 8 * start;
  const peek = (count: number): number => {
    const at = bit >> 3;
    const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    return (word >> (bit & 7)) & ((1 << count) - 1);
  };
  const accuracy = peek(4) + 5;
  bit += 4;
  if (accuracy > maxAccuracy) throw damaged();
  let remaining = (1 << accuracy) + 1;
  let threshold = 1 << accuracy;
  let width = accuracy + 1;
  const probabilities: number[] = [];
  while (remaining > 1) {
    if (probabilities.length > maxSymbol || bit > 8 * end) throw damaged();
    const short = 2 * threshold - 1 - remaining;
    const value = peek(width);
    let probability = value & (threshold - 1);
    if (probability < short) bit += width - 1;
    else {
      probability = value >= threshold ? value - short : value;
      bit += width;
    }
    probability--;
    remaining -= Math.abs(probability);
    probabilities.push(probability);
    if (probability === 0) {
      for (let repeat = 3; repeat === 3;) {
        if (probabilities.length > maxSymbol) throw damaged();
        repeat = peek(2);
        bit += 2;
        for (let i = 0; i < repeat; i++) probabilities.push(0);
      }
    }
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
  }
  const next = (bit + 7) >> 3;
  if (remaining !== 1 || probabilities.length > maxSymbol + 1 || next > end) throw damaged();
  return { table: fseTable(accuracy, probabilities), next };
}

/**
 * Reads the description of a prefix code (RFC 8878, 4.2.1).
 * @returns the table, and the place after its description
 */
export function readHuffmanTable(bytes: Uint8Array, start: number, end: number): { table: HuffmanTable; next: number } {
  const header = bytes[start] ?? 0;
  const at = start + 1;
  const weights: number[] = [];
  let next: number;
  if (header < 128) {
    next = at + header;
    if (next > end) throw damaged();
    readWeights(bytes, at, next, weights);
  } else {
    const count = header - 127;
    next = at + ((count + 1) >> 1);
    if (next > end) throw damaged();
    for (let i = 0; i < count; i++) {
      const pair = bytes[at + (i >> 1)] ?? 0;
      weights.push(i % 2 === 0 ? pair >> 4 : pair & 15);
    }
  }
  return { table: huffmanTable(weights), next };
}

/** Weights that are coded by two interleaved states (RFC 8878, 4.2.1.2). */
function readWeights(bytes: Uint8Array, start: number, end: number, weights: number[]): void {
  const { table, next } = readFseTable(bytes, start, end, 6, 255);
  const last = bytes[end - 1] ?? 0;
  if (next >= end || last === 0) throw damaged();
  let left = 8 * (end - next - 1) + highestBit(last);
  const take = (count: number): number => {
    left -= count;
    const from = 8 * next + Math.max(left, 0);
    const word = (bytes[from >> 3] ?? 0) | ((bytes[(from >> 3) + 1] ?? 0) << 8);
    return (word >> (from & 7)) & ((1 << count) - 1);
  };
  let first = take(table.accuracy);
  let second = take(table.accuracy);
  if (left < 0) throw damaged();
  for (;;) {
    // A code of one symbol takes no bits and would go on for ever.
    if (weights.length > 253) throw damaged();
    weights.push(table.symbols[first] ?? 0);
    first = (table.bases[first] ?? 0) + take(table.bits[first] ?? 0);
    if (left < 0) break;
    [first, second] = [second, first];
  }
  weights.push(table.symbols[second] ?? 0);
}

function huffmanTable(weights: readonly number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_BITS) throw damaged();
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0) throw damaged();
  const maxBits = highestBit(sum) + 1;
  const rest = (1 << maxBits) - sum;
  if (maxBits > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0 || weights.length > 255) throw damaged();
  const all = [...weights, highestBit(rest) + 1];
  const entries = new Uint16Array(1 << maxBits);
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      const length = 1 << (weight - 1);
      entries.fill(((maxBits + 1 - weight) << 8) | symbol, at, at + length);
      at += length;
    }
  }
  return { maxBits, entries };
}
