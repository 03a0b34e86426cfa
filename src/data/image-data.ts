import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from '../formats/errors';
import { readFolderFile } from '../formats/folder';
import { checkSize } from './data-limits';
import type { Samples } from './dataset';
import { decodeImage } from './decode-image';
import type { Image } from './image';
import { listImageFolder, type ClassImage } from './image-folder';
import type { LoadedData } from './loaded-data';
import { chosenSamples } from './random-order';
import { resizePixels } from './resize-image';

export interface ImageOptions {
  /** That all images are brought to; without it they have to be of one size. */
  readonly imageSize?: readonly [height: number, width: number];
  /** That the network takes: grey images become coloured for it and the other way round. */
  readonly channels?: 1 | 3;
  /** Images that are decoded at most, of each part; chosen by `seed`. */
  readonly samples?: number;
  readonly seed?: number;
}

/** Bytes of an image file at most: uncompressed, the largest image that is decoded has a quarter of a gigabyte. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a folder of images: a folder a class, in folders `train` and `test` if there are such.
 * @throws {FormatError} if images are damaged, or of different sizes and none is asked for
 */
export async function readImageData(folder: string, options: ImageOptions, signal?: AbortSignal): Promise<LoadedData> {
  const { classNames, train, test, notes } = await listImageFolder(folder, signal);
  const classes = classNames.length;
  const trainSamples = await readImages(folder, train, classes, options, signal);
  const loaded = {
    kind: 'images',
    layout: 'last',
    train: { samples: trainSamples, paths: [folder] },
    classNames,
    notes,
  } as const;
  if (test === undefined) return loaded;
  const colours = trainSamples.shape[2] === 1 ? 1 : 3;
  const testSamples = await readImages(folder, test, classes, { ...options, channels: colours }, signal);
  return { ...loaded, test: { samples: testSamples, paths: [folder] } };
}

async function readImages(
  folder: string,
  all: readonly ClassImage[],
  classes: number,
  options: ImageOptions,
  signal: AbortSignal | undefined,
): Promise<Samples> {
  const chosen = chosenSamples(all.length, options.samples ?? all.length, options.seed ?? 0);
  const labels = Int32Array.from(chosen, (index) => all[index]?.label ?? 0);
  let values: Uint8Array | undefined;
  let shape: readonly [number, number, number] = [0, 0, 0];
  let firstName = '';
  for (const [index, position] of chosen.entries()) {
    const file = all[position]?.file;
    if (file === undefined) continue;
    throwIfCancelled(signal);
    if (file.size > MAX_FILE_BYTES) throw tooLarge(file.path, file.size);
    const image = decodeImage(await readFolderFile(file, 0, file.size, signal), file.path);
    const { height, width } = image;
    if (values === undefined) {
      const [h, w] = options.imageSize ?? [height, width];
      // Grey until a coloured image comes would mean to begin anew: colour holds both.
      shape = [h, w, options.channels ?? 3];
      firstName = file.name;
      checkSize(folder, chosen.length, chosen.length * h * w * shape[2]);
      values = new Uint8Array(chosen.length * h * w * shape[2]);
    }
    const [h, w, channels] = shape;
    if (options.imageSize === undefined && (height !== h || width !== w)) {
      throw new FormatError({
        file: file.path,
        reason: l10n.t('is {0} × {1} pixels, {2} is {3} × {4}', width, height, firstName, w, h),
        remedy: l10n.t(
          'Save all images in one size, or set "imageSize" (height and width) in .prunability.json: then they are resized.',
        ),
      });
    }
    const pixels = withChannels(image, channels);
    const sized = height === h && width === w ? pixels : resizePixels(pixels, image, { width: w, height: h }, channels);
    values.set(sized, index * h * w * channels);
  }
  const samples = { shape, count: chosen.length, values: values ?? new Uint8Array(0) };
  const targets = { kind: 'classes', classes, labels } as const;
  return options.channels === undefined ? { ...greyIfAllAre(samples), targets } : { ...samples, targets };
}

/**
 * Grey levels of coloured pixels, as Pillow and TensorFlow have them (ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue), and
 * the same three times for grey ones.
 */
function withChannels({ pixels, channels }: Image, wanted: number): Uint8Array {
  if (channels === wanted) return pixels;
  if (wanted === 3) return Uint8Array.from({ length: 3 * pixels.length }, (_, i) => pixels[Math.floor(i / 3)] ?? 0);
  return Uint8Array.from({ length: pixels.length / 3 }, (_, i) =>
    Math.round(0.299 * (pixels[3 * i] ?? 0) + 0.587 * (pixels[3 * i + 1] ?? 0) + 0.114 * (pixels[3 * i + 2] ?? 0)),
  );
}

/** One channel where the three are the same in all images: grey images are often saved as coloured ones. */
function greyIfAllAre({ shape, count, values }: { shape: readonly number[]; count: number; values: Uint8Array }): {
  shape: readonly number[];
  count: number;
  values: Uint8Array;
} {
  for (let i = 0; i < values.length; i += 3) {
    if (values[i] !== values[i + 1] || values[i] !== values[i + 2]) return { shape, count, values };
  }
  const grey = Uint8Array.from({ length: values.length / 3 }, (_, i) => values[3 * i] ?? 0);
  return { shape: [shape[0] ?? 0, shape[1] ?? 0, 1], count, values: grey };
}

function tooLarge(file: string, size: number): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('has {0} bytes; at most {1} are read', size, MAX_FILE_BYTES),
    remedy: l10n.t('Save the image in a smaller size, or leave it out.'),
  });
}
