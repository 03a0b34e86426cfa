/** Makes pictures small: PNG files of at most 256 colours, which is all that a window shows, but for the edges of letters. */

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MAX_COLOURS = 256;
const TRUE_COLOUR = 2;
const TRUE_COLOUR_WITH_ALPHA = 6;
const PALETTE = 3;

/**
 * @param {Buffer} png of 8 bits a channel, opaque, not interlaced: as browsers write it
 * @returns {Buffer} the same picture with a palette
 */
export function withPalette(png) {
  const { width, height, colours } = decode(png);
  const palette = new Map();
  const boxes = medianCut(countColours(colours));
  boxes.forEach((box, index) => {
    for (const { colour } of box) palette.set(colour, index);
  });
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = palette.get(colours[y * width + x]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, PALETTE], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(boxes.flatMap((box) => [16, 8, 0].map((shift) => mean(box, shift))))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param {Buffer} png @returns {{ width: number, height: number, colours: Uint32Array }} 0xrrggbb, row by row */
function decode(png) {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('Not a PNG file');
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [depth, type, , , interlace] = png.subarray(24, 29);
  if (depth !== 8 || (type !== TRUE_COLOUR && type !== TRUE_COLOUR_WITH_ALPHA) || interlace !== 0) {
    throw new Error(`A PNG file of depth ${depth}, type ${type} and interlace method ${interlace}`);
  }
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const channels = type === TRUE_COLOUR ? 3 : 4;
  const bytes = unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const colours = new Uint32Array(width * height);
  for (let i = 0; i < colours.length; i++) colours[i] = bytes.readUIntBE(i * channels, 3);
  return { width, height, colours };
}

/**
 * Undoes the prediction of each byte from those to its left and above.
 * @param {Buffer} data rows, each after a byte that says how it was predicted
 * @param {number} stride bytes of a row
 * @param {number} height
 * @param {number} channels bytes of a pixel
 */
function unfilter(data, stride, height, channels) {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < channels ? 0 : (out[at - channels] ?? 0);
      const above = y === 0 ? 0 : (out[at - stride] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (out[at - stride - channels] ?? 0);
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter ?? 0] ?? 0;
      out[at] = (data[y * (stride + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return out;
}

/** @param {number} left @param {number} above @param {number} corner whichever is nearest to left + above - corner */
function paeth(left, above, corner) {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** @typedef {{ colour: number, count: number }} Counted */

/** @param {Uint32Array} colours @returns {Counted[]} */
function countColours(colours) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  return [...counts].map(([colour, count]) => ({ colour, count }));
}

/**
 * Heckbert's median cut: halves, again and again, the box in which most pixels differ most.
 * @param {Counted[]} all
 * @returns {Counted[][]} at most 256 boxes of colours that become one
 */
function medianCut(all) {
  const boxes = [measured(all)];
  while (boxes.length < MAX_COLOURS) {
    const worst = boxes.reduce((a, b) => (b.error > a.error ? b : a));
    if (worst.error === 0) break;
    const { shift } = worst;
    const sorted = worst.colours.toSorted((a, b) => channel(a.colour, shift) - channel(b.colour, shift));
    const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
    let cut = 0;
    for (let sum = 0; cut < sorted.length - 1 && sum < half; cut++) sum += sorted[cut]?.count ?? 0;
    cut = Math.max(1, cut);
    boxes.splice(boxes.indexOf(worst), 1, measured(sorted.slice(0, cut)), measured(sorted.slice(cut)));
  }
  return boxes.map(({ colours }) => colours);
}

/** @param {Counted[]} colours @returns {{ colours: Counted[], shift: number, error: number }} with the channel that varies most */
function measured(colours) {
  let [shift, error] = [0, 0];
  for (const candidate of [16, 8, 0]) {
    const middle = mean(colours, candidate);
    const spread = colours.reduce(
      (sum, { colour, count }) => sum + count * (channel(colour, candidate) - middle) ** 2,
      0,
    );
    if (spread > error && colours.length > 1) [shift, error] = [candidate, spread];
  }
  return { colours, shift, error };
}

/** @param {Counted[]} colours @param {number} shift @returns {number} of a channel, in [0, 255] */
function mean(colours, shift) {
  const pixels = colours.reduce((sum, { count }) => sum + count, 0);
  return Math.round(colours.reduce((sum, { colour, count }) => sum + count * channel(colour, shift), 0) / pixels);
}

/** @param {number} colour @param {number} shift */
function channel(colour, shift) {
  return (colour >> shift) & 0xff;
}

/** @param {string} type @param {Buffer} data @returns {Buffer} */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
