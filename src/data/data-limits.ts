import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';

/**
 * Limits of data sets: a file from a stranger may ask for anything, so what it can make us allocate is bounded before it is
 * allocated.
 */

/** Larger than any set that is measured on in memory: ImageNet has 1.3 million, of which a part is enough for a loss. */
export const MAX_SAMPLES = 1_000_000;

/** Bytes of the values of one set: the arrays of JavaScript end at a few GB, and a laptop has not many more. */
export const MAX_VALUE_BYTES = 2 ** 31;

/** Classes a set may have: ImageNet-21k has 21,841. It bounds the list of their names. */
export const MAX_CLASSES = 65_536;

/** Dimensions of an array of samples: a video in colour has 5. */
export const MAX_SAMPLE_DIMENSIONS = 8;

/** Wider or higher images are scans or maps, not samples of a network. */
export const MAX_IMAGE_SIDE = 8192;

/** Deflate cannot make more of a byte than 1,032 (a match of 258 bytes takes two bits). */
const MAX_DEFLATE_RATIO = 1032;

/** @throws {FormatError} if there are more samples, or more bytes of values, than are read */
export function checkSize(file: string, samples: number, bytes: number): void {
  if (samples <= MAX_SAMPLES && bytes <= MAX_VALUE_BYTES) return;
  throw new FormatError({
    file,
    reason:
      samples > MAX_SAMPLES
        ? l10n.t('holds {0} samples; at most {1} are read', samples, MAX_SAMPLES)
        : l10n.t('holds {0} bytes of values; at most {1} are read', bytes, MAX_VALUE_BYTES),
    remedy: l10n.t('Save a part of the samples in a file of its own: some thousands are enough for a measurement.'),
  });
}

/** @throws {FormatError} if so many bytes cannot come out of `compressed` bytes of deflate */
export function checkRatio(file: string, compressed: number, promised: number): void {
  if (promised <= compressed * MAX_DEFLATE_RATIO) return;
  throw new FormatError({
    file,
    reason: l10n.t('promises {0} bytes, which its {1} compressed bytes cannot hold', promised, compressed),
    remedy: l10n.t('The file is damaged: copy or download it again.'),
  });
}
