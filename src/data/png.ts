import { inflateSync } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { Image } from './image';
import { checkRatio, MAX_IMAGE_SIDE } from './data-limits';
import { unfilter } from './png-filters';

/** https://www.w3.org/TR/png-3/#5PNG-file-signature */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Samples a pixel of each colour type, and the bit depths it may have (PNG specification, table 12). */
const COLOURS: ReadonlyMap<number, { readonly samples: number; readonly depths: readonly number[] }> = new Map([
  [0, { samples: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { samples: 3, depths: [8, 16] }],
  [3, { samples: 1, depths: [1, 2, 4, 8] }],
  [4, { samples: 2, depths: [8, 16] }],
  [6, { samples: 4, depths: [8, 16] }],
]);

const PALETTE = 3;

/** The passes of Adam7: first column and row, and steps (PNG specification, 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly samples: number;
  readonly interlaced: boolean;
}

/** Rows and columns of the image that one pass holds. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
  readonly rowBytes: number;
}

/** Whether the bytes are those of a PNG file. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * Decodes a PNG image (https://www.w3.org/TR/png-3/) of any colour type and bit depth to 8 bits a channel: of 16 bits the upper
 * ones, of fewer the same share of 255. Transparency is left out, colours are not corrected.
 * @throws {FormatError} if it is damaged, or larger than {@link MAX_IMAGE_SIDE}
 */
export function decodePng(bytes: Uint8Array, file: string): Image {
  const { header, palette, data } = readChunks(bytes, file);
  const passes = passesOf(header);
  const length = passes.reduce((sum, { height, rowBytes }) => sum + height * (1 + rowBytes), 0);
  const raw = inflated(data, length, file);
  const { width, height, samples, depth, colour } = header;
  const channels = samples >= 3 || colour === PALETTE ? 3 : 1;
  const pixels = new Uint8Array(width * height * channels);
  const pixelBytes = Math.max(1, (samples * depth) >> 3);
  let at = 0;
  for (const pass of passes) {
    let above: Uint8Array | undefined;
    for (let row = 0; row < pass.height; row++) {
      const line = raw.subarray(at + 1, at + 1 + pass.rowBytes);
      if (!unfilter(raw[at] ?? 0, line, above, pixelBytes)) {
        throw damaged(file, l10n.t('has the unknown filter {0} in row {1}', raw[at] ?? 0, row));
      }
      at += 1 + pass.rowBytes;
      above = line;
      const start = (pass.top + row * pass.stepY) * width + pass.left;
      for (let column = 0; column < pass.width; column++) {
        const to = (start + column * pass.stepX) * channels;
        if (colour === PALETTE) {
          const index = 3 * sample(line, column, depth);
          if (index + 3 > palette.length) throw damaged(file, l10n.t('names a colour that its palette does not have'));
          pixels.set(palette.subarray(index, index + 3), to);
        } else {
          for (let channel = 0; channel < channels; channel++) {
            pixels[to + channel] = toByte(sample(line, column * samples + channel, depth), depth);
          }
        }
      }
    }
  }
  return { width, height, channels, pixels };
}

function readChunks(
  bytes: Uint8Array,
  file: string,
): { readonly header: PngHeader; readonly palette: Uint8Array; readonly data: Uint8Array } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  let palette = new Uint8Array(0);
  const data: Uint8Array[] = [];
  for (let at = SIGNATURE.length; at + 12 <= view.length;) {
    const length = view.readUInt32BE(at);
    const type = view.toString('latin1', at + 4, at + 8);
    const end = at + 12 + length;
    if (end > view.length) throw damaged(file, l10n.t('ends inside a chunk'), at);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (header === undefined && type !== 'IHDR') throw damaged(file, l10n.t('does not begin with its header'), at);
    if (type === 'IHDR') header = readHeader(content, file, at + 8);
    else if (type === 'PLTE') palette = new Uint8Array(content);
    else if (type === 'IDAT') data.push(content);
    else if (type === 'IEND') break;
    at = end;
  }
  if (header === undefined || data.length === 0) throw damaged(file, l10n.t('has no image data'));
  return { header, palette, data: Buffer.concat(data) };
}

function readHeader(content: Uint8Array, file: string, offset: number): PngHeader {
  if (content.length !== 13) throw damaged(file, l10n.t('has a malformed header'), offset);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height, depth, colour] = [view.getUint32(0), view.getUint32(4), view.getUint8(8), view.getUint8(9)];
  const kind = COLOURS.get(colour);
  const [compression, filter, interlace] = [view.getUint8(10), view.getUint8(11), view.getUint8(12)];
  if (kind?.depths.includes(depth) !== true || compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(file, l10n.t('has a malformed header'), offset);
  }
  if (width === 0 || height === 0 || width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE) {
    throw damaged(
      file,
      l10n.t('is {0} × {1} pixels; at most {2} × {2} are read', width, height, MAX_IMAGE_SIDE),
      offset,
    );
  }
  return { width, height, depth, colour, samples: kind.samples, interlaced: interlace === 1 };
}

function passesOf({ width, height, depth, samples, interlaced }: PngHeader): Pass[] {
  const grid = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return grid
    .map(([left, top, stepX, stepY]) => {
      const columns = Math.ceil((width - left) / stepX);
      const rows = Math.ceil((height - top) / stepY);
      const rowBytes = Math.ceil((columns * samples * depth) / 8);
      return { left, top, stepX, stepY, width: columns, height: rows, rowBytes };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Exactly the rows that the header promises; what comes after them is of no use. */
function inflated(data: Uint8Array, length: number, file: string): Uint8Array {
  checkRatio(file, data.length, length);
  let raw: Uint8Array;
  try {
    raw = inflateSync(data, { maxOutputLength: length });
  } catch (error) {
    throw damaged(file, l10n.t('cannot be decompressed ({0})', (error as Error).message));
  }
  if (raw.length < length) throw damaged(file, l10n.t('ends before its last row'));
  return raw;
}

/** The sample of `depth` bits at `index` of a row; of 16 bits the upper byte. */
function sample(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index] ?? 0;
  if (depth === 16) return line[2 * index] ?? 0;
  const bit = index * depth;
  return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** Of fewer than 8 bits, the brightest is 255. */
function toByte(value: number, depth: number): number {
  return depth >= 8 ? value : (value * 255) / ((1 << depth) - 1);
}

function damaged(file: string, reason: string, offset?: number): FormatError {
  return new FormatError({ file, offset, reason, remedy: l10n.t('Save the image again, or leave it out.') });
}
