import * as l10n from '@vscode/l10n';
import type { ByteExtent, ProtobufCoding } from '../formats/storage';
import { DecodingError, type ByteReader, type ElementSource } from './reading';

/** Bytes read at a time. */
const PIECE_BYTES = 65_536;

/** A tag and a varint. */
const MAX_NUMBER_BYTES = 11;

/** Reads numbers as protobuf writes them. @param width bytes of an element; @param count number of all elements */
export function protobufSource(
  coding: ProtobufCoding,
  extents: readonly ByteExtent[],
  width: number,
  count: number,
  reader: ByteReader,
): ElementSource {
  const size = extents.reduce((total, { length }) => total + length, 0);
  switch (coding.wire) {
    case 'varint':
      return new VarintSource(extents, size, coding.tagged === true ? 1 : 0, width, count, reader);
    case 'fixed32':
      return fixedSource(extents, 4, coding.tagged === true ? 1 : 0, width, reader);
    case 'fixed64':
      return fixedSource(extents, 8, coding.tagged === true ? 1 : 0, width, reader);
  }
}

function fixedSource(
  extents: readonly ByteExtent[],
  numberBytes: number,
  tagBytes: number,
  width: number,
  reader: ByteReader,
): ElementSource {
  const step = numberBytes + tagBytes;
  const numbersAtOnce = Math.floor(PIECE_BYTES / step);
  return {
    read(first, target) {
      const numbers = target.length / numberBytes;
      const begin = (first * width) / numberBytes;
      const bytes = new Uint8Array(Math.min(numbers, numbersAtOnce) * step);
      for (let done = 0; done < numbers; done += numbersAtOnce) {
        const piece = bytes.subarray(0, Math.min(numbersAtOnce, numbers - done) * step);
        reader.read(extents, (begin + done) * step, piece);
        for (let from = tagBytes, to = done * numberBytes; from < piece.length; from += tagBytes) {
          for (const end = from + numberBytes; from < end; from++, to++) target[to] = piece[from] ?? 0;
        }
      }
    },
  };
}

/** Varints have no fixed size: going back means reading from the start again. */
class VarintSource implements ElementSource {
  /** Number of elements that were read, and where the next one begins. */
  private index = 0;
  private offset = 0;
  private piece = new Uint8Array(0);
  private pieceStart = 0;

  constructor(
    private readonly extents: readonly ByteExtent[],
    private readonly size: number,
    private readonly tagBytes: number,
    private readonly width: number,
    private readonly count: number,
    private readonly reader: ByteReader,
  ) {}

  read(first: number, target: Uint8Array): void {
    if (first < this.index) {
      this.index = 0;
      this.offset = 0;
      this.piece = new Uint8Array(0);
      this.pieceStart = 0;
    }
    if (first > this.index) this.decode(first - this.index, undefined);
    this.decode(target.length / this.width, target);
    if (this.index === this.count && this.offset !== this.size) {
      throw new DecodingError(l10n.t('has more numbers than its shape says'));
    }
  }

  private decode(numbers: number, target: Uint8Array | undefined): void {
    const { width, tagBytes, size } = this;
    let at = this.offset - this.pieceStart;
    for (let i = 0, to = 0; i < numbers; i++, to += width) {
      if (at + MAX_NUMBER_BYTES > this.piece.length && this.pieceStart + this.piece.length < size) {
        this.load(this.pieceStart + at);
        at = 0;
      }
      const { piece } = this;
      at += tagBytes;
      let byte = piece[at++] ?? 0;
      let low = byte & 0x7f;
      let high = 0;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        if (shift > 63) throw new DecodingError(l10n.t('has a number of more than 64 bits'));
        byte = piece[at++] ?? 0;
        const bits = byte & 0x7f;
        if (shift < 28) low |= bits << shift;
        else if (shift === 28) {
          low |= bits << 28;
          high = bits >>> 4;
        } else high |= bits << (shift - 32);
      }
      if (this.pieceStart + at > size) throw new DecodingError(l10n.t('has fewer numbers than its shape says'));
      if (target !== undefined) put(target, to, width, low, high);
    }
    this.offset = this.pieceStart + at;
    this.index += numbers;
  }

  private load(offset: number): void {
    this.piece = new Uint8Array(Math.min(PIECE_BYTES, this.size - offset));
    this.reader.read(this.extents, offset, this.piece);
    this.pieceStart = offset;
  }
}

/** Writes the low bytes of a number. */
function put(target: Uint8Array, at: number, width: number, low: number, high: number): void {
  target[at] = low;
  if (width === 1) return;
  target[at + 1] = low >>> 8;
  if (width === 2) return;
  target[at + 2] = low >>> 16;
  target[at + 3] = low >>> 24;
  if (width === 4) return;
  target[at + 4] = high;
  target[at + 5] = high >>> 8;
  target[at + 6] = high >>> 16;
  target[at + 7] = high >>> 24;
}
