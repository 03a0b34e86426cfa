import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { Image } from './image';
import { decodeJpeg, isJpeg } from './jpeg';
import { decodePng, isPng } from './png';

/** Names that image files end in. */
export const IMAGE_NAMES = /\.(?:png|jpe?g)$/i;

/** Decodes an image, whatever its name says it is. @throws {FormatError} */
export function decodeImage(bytes: Uint8Array, file: string): Image {
  if (isPng(bytes)) return decodePng(bytes, file);
  if (isJpeg(bytes)) return decodeJpeg(bytes, file);
  throw new FormatError({
    file,
    offset: 0,
    reason: l10n.t('is neither a PNG nor a JPEG image'),
    remedy: l10n.t('Save the images as PNG or JPEG.'),
  });
}
