import { Uri } from 'vscode';

/** A small picture in memory. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green and blue. */
  readonly channels: 1 | 3;
  /** 0 to 255, row by row from the top, the channels of a pixel side by side. */
  readonly pixels: Uint8Array;
}

const HEADER_BYTES = 54;

/** The picture as a URI that VS Code can show as an icon: a bitmap of 24 bits a pixel, which needs no compression. */
export function pictureUri({ width, height, channels, pixels }: Picture): Uri {
  const rowBytes = 4 * Math.ceil((3 * width) / 4);
  const bytes = Buffer.alloc(HEADER_BYTES + rowBytes * height);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(HEADER_BYTES, 10);
  // BITMAPINFOHEADER: its size, the picture's, one plane of 24 bits.
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    // The lowest row comes first, blue before green before red.
    const row = HEADER_BYTES + (height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) {
      const pixel = (y * width + x) * channels;
      for (let colour = 0; colour < 3; colour++) {
        bytes[row + 3 * x + colour] = pixels[pixel + (channels === 1 ? 0 : 2 - colour)] ?? 0;
      }
    }
  }
  return Uri.parse(`data:image/bmp;base64,${bytes.toString('base64')}`);
}
