/** A picture of 8 bits a channel. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** Grey, or red, green and blue; transparency is left out. */
  readonly channels: 1 | 3;
  /** Row by row, the channels of a pixel together. */
  readonly pixels: Uint8Array;
}
