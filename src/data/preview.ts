import type { SampleArray, Samples } from './dataset';
import type { Fit } from './fit';
import type { ValueStatistics } from './value-statistics';
import { product } from '../formats/shape';

/** A sample for people to look at. Plain data. */
export type SamplePreview =
  | {
      readonly kind: 'image';
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3;
      /** 8 bits a channel, row by row, the channels of a pixel together. */
      readonly pixels: readonly number[];
      readonly target: string;
    }
  | { readonly kind: 'text'; readonly text: string; readonly target: string };

/** Samples that are shown. */
const SHOWN_SAMPLES = 5;

/** Longest side of a picture that is shown; larger ones are thinned out. */
const MAX_SIDE = 64;

/** Numbers of a vector that are shown. */
const SHOWN_NUMBERS = 8;

/** Some samples, evenly spread over all of them: data is often sorted by class. */
export function previews(
  samples: Samples,
  statistics: ValueStatistics,
  fit: Fit,
  classNames: readonly string[] | undefined,
): SamplePreview[] {
  const shown = Math.min(SHOWN_SAMPLES, samples.count);
  return Array.from({ length: shown }, (_, index) => {
    const sample = Math.floor(((index + 0.5) * samples.count) / shown);
    return preview(samples, sample, statistics, fit, targetText(samples, sample, classNames));
  });
}

function preview(
  { values, count, shape }: Samples,
  sample: number,
  { minimum, maximum }: ValueStatistics,
  fit: Fit,
  target: string,
): SamplePreview {
  const size = values.length / count;
  const own = values.subarray(sample * size, (sample + 1) * size);
  const sides = imageSides(shape, fit);
  if (sides === undefined) return { kind: 'text', text: vectorText(own), target };
  const { height, width } = sides;
  const step = Math.max(1, Math.ceil(Math.max(height, width) / MAX_SIDE));
  const channels = fit.channels >= 3 ? 3 : 1;
  // Bytes are shown as they are, but for those of few grey levels.
  const isByte = values instanceof Uint8Array && maximum > 127;
  const [black, white] = isByte ? [0, 255] : [minimum, maximum];
  const range = white > black ? white - black : 1;
  const places = placesOf(fit, size);
  const pixels: number[] = [];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      for (let c = 0; c < channels; c++) {
        const value = own[places(y * width + x, c)] ?? 0;
        pixels.push(Math.round((255 * (value - black)) / range));
      }
    }
  }
  return {
    kind: 'image',
    width: Math.ceil(width / step),
    height: Math.ceil(height / step),
    channels,
    pixels,
    target,
  };
}

/** Whether a sample is shown as a picture. */
export function isPicture({ shape }: SampleArray, fit: Fit): boolean {
  return imageSides(shape, fit) !== undefined;
}

/** Height and width, if a sample is an image in the file or for the network. */
function imageSides(
  shape: readonly number[],
  { layout, channels, shape: fitted, order }: Fit,
): { readonly height: number; readonly width: number } | undefined {
  if (channels === 2 || channels > 4) return undefined;
  let sides: readonly number[] | undefined;
  if (shape.length === 2) sides = shape;
  else if (shape.length === 3) sides = layout === 'last' || layout === 'none' ? shape.slice(0, 2) : shape.slice(1);
  else if (fitted.length === 3 && fitted.includes(channels)) {
    const channelsFirst = layout === 'none' ? fitted[0] === 1 : (layout === 'first') === (order === 'as-is');
    sides = channelsFirst ? fitted.slice(1) : fitted.slice(0, 2);
  } else if (fitted.length === 2) sides = fitted;
  const [height = 0, width = 0] = sides ?? [];
  const isImage = height > 1 && width > 1 && height * width * channels === product(shape);
  return isImage ? { height, width } : undefined;
}

/** Where the value of a pixel's channel is in a sample. */
function placesOf(fit: Fit, size: number): (pixel: number, channel: number) => number {
  const { layout, channels } = fit;
  if (layout === 'first') return (pixel, channel) => channel * (size / channels) + pixel;
  return (pixel, channel) => pixel * channels + channel;
}

function vectorText(values: Uint8Array | Float32Array): string {
  const shown = Array.from(values.subarray(0, SHOWN_NUMBERS), (value) => String(Number(value.toPrecision(4))));
  return shown.join(', ') + (values.length > SHOWN_NUMBERS ? ', …' : '');
}

function targetText({ targets }: Samples, sample: number, classNames: readonly string[] | undefined): string {
  if (targets.kind === 'values') {
    return vectorText(targets.values.subarray(sample * targets.size, (sample + 1) * targets.size));
  }
  const label = targets.labels[sample] ?? 0;
  return classNames?.[label] ?? String(label);
}
