import { decode } from 'jpeg-js';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { MAX_IMAGE_SIDE } from './data-limits';
import type { Image } from './image';

/** As many pixels as the largest PNG image may have, in units of a million. */
const MAX_MEGAPIXELS = (MAX_IMAGE_SIDE * MAX_IMAGE_SIDE) / 1e6;

/** What decoding may take: the coefficients of an image of 12 megapixels, as cameras make them, take some 200 MB. */
const MAX_MEGABYTES = 512;

/** Whether the bytes are those of a JPEG file: start of image, and the next marker (ITU-T T.81, B.1.1.3). */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG image, baseline or progressive (ITU-T T.81), always to red, green and blue. Its orientation and its colour
 * profile are left alone, as most decoders of training sets do.
 * @throws {FormatError} if it is damaged, cut off, too large or of a kind that is not read
 */
export function decodeJpeg(bytes: Uint8Array, file: string): Image {
  try {
    const { width, height, data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MAX_MEGAPIXELS,
      maxMemoryUsageInMB: MAX_MEGABYTES,
    });
    return { width, height, channels: 3, pixels: data };
  } catch (error) {
    // The decoder tells damage by errors of any type.
    throw new FormatError({
      file,
      reason: l10n.t('cannot be decompressed ({0})', error instanceof Error ? error.message : String(error)),
      remedy: l10n.t('Save the image again, or leave it out.'),
    });
  }
}
