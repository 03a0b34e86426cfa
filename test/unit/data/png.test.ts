import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/decode-image';
import { resizePixels } from '../../../src/data/resize-image';
import { formatError } from '../formats/thrown';
import { FIXTURES } from './files';

interface Expected {
  readonly images: Record<string, { width: number; height: number; channels: number; pixels: number[] }>;
  readonly resized: { width: number; height: number; pixels: number[] }[];
}

const expected = JSON.parse(readFileSync(path.join(FIXTURES, 'images.expected.json'), 'utf8')) as Expected;

function read(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, 'png', name));
}

function chunk(type: string, content: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + content.length);
  out.writeUInt32BE(content.length, 0);
  out.write(type, 4, 'latin1');
  out.set(content, 8);
  return out;
}

function pngBytes(header: { width?: number; height?: number; depth?: number; colour?: number }, data: Buffer): Buffer {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width ?? 2, 0);
  ihdr.writeUInt32BE(header.height ?? 2, 4);
  ihdr[8] = header.depth ?? 8;
  ihdr[9] = header.colour ?? 0;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', ihdr), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

describe('PNG images', () => {
  it.each(Object.keys(expected.images).filter((name) => name.endsWith('.png')))('reads %s as Pillow does', (name) => {
    const { pixels, ...rest } = decodeImage(read(name), name);
    expect({ ...rest, pixels: [...pixels] }).toEqual(expected.images[name]);
  });

  it.each([
    ['no image', Buffer.from('hello'), 'is neither a'],
    ['a signature alone', read('rgb8.png').subarray(0, 8), 'no image data'],
    ['a chunk beyond the end', read('rgb8.png').subarray(0, 60), 'ends inside'],
    ['a width of 4 billion', pngBytes({ width: 0xffffffff }, deflateSync(Buffer.alloc(6))), 'at most'],
    ['no pixels', pngBytes({ width: 0 }, deflateSync(Buffer.alloc(6))), 'at most'],
    [
      'a depth that its colours cannot have',
      pngBytes({ depth: 4, colour: 2 }, deflateSync(Buffer.alloc(6))),
      'malformed',
    ],
    ['an unknown colour type', pngBytes({ colour: 5 }, deflateSync(Buffer.alloc(6))), 'malformed'],
    [
      'more pixels than its bytes can hold',
      pngBytes({ width: 8000, height: 8000 }, deflateSync(Buffer.alloc(6))),
      'cannot hold',
    ],
    ['too few rows', pngBytes({}, deflateSync(Buffer.alloc(5))), 'last row'],
    ['more than its rows', pngBytes({}, deflateSync(Buffer.alloc(60))), 'decompressed'],
    ['damaged deflate', pngBytes({}, Buffer.from([0x78, 0x9c, 0xff, 0xff, 0xff])), 'decompressed'],
    ['an unknown filter', pngBytes({}, deflateSync(Buffer.from([5, 0, 0, 0, 0, 0]))), 'filter'],
    ['no palette', pngBytes({ colour: 3 }, deflateSync(Buffer.alloc(6))), 'palette'],
  ])('refuses %s', async (_, bytes, reason) => {
    const detail = await formatError(Promise.resolve().then(() => decodeImage(bytes, '/evil.png')));
    expect(detail.file).toBe('/evil.png');
    expect(detail.reason).toContain(reason);
  });
});

describe('resizing', () => {
  const { width, height, pixels } = expected.images['rgb8.png']!;

  it.each(expected.resized)('to $width × $height is what Pillow makes of it', ({ pixels: wanted, ...to }) => {
    const resized = resizePixels(Uint8Array.from(pixels), { width, height }, to, 3);
    expect(resized).toHaveLength(wanted.length);
    // Pillow rounds after each of the two directions; this rounds once.
    const apart = [...resized].map((value, index) => Math.abs(value - wanted[index]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  it('to the same size changes nothing', () => {
    expect([...resizePixels(Uint8Array.from(pixels), { width, height }, { width, height }, 3)]).toEqual(pixels);
  });
});
