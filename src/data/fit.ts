import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { ChannelLayout } from './loaded-data';
import { shapeText, type NetworkInput } from './network-shapes';
import { product } from '../formats/shape';

/** How a sample becomes the network's input. Plain data. */
export interface Fit {
  /** Of one sample as the network takes it. */
  readonly shape: readonly number[];
  /** Which way the values are reordered. */
  readonly order: 'as-is' | 'channels-to-front' | 'channels-to-back';
  /** Where the channels are in the samples as they are in the file, and how many there are: 1 if there are none. */
  readonly layout: 'last' | 'first' | 'none';
  readonly channels: number;
  /** Whole numbers, which are taken as they are. */
  readonly whole?: true;
}

/** What was found, and what has to be said about it. */
export interface FoundFit {
  readonly fit: Fit;
  readonly notes: readonly string[];
}

/** Channels of images: grey, colour, colour with transparency. */
const CHANNEL_COUNTS = [1, 3, 4];

/** CIFAR's images as rows: all red values, then all green, then all blue (A. Krizhevsky, the CIFAR-10 data set, "Dataset layout"). */
const CIFAR_ROW = 3072;

/**
 * How samples of one shape fit a network: as they are, with a dimension of size 1 more or less, as rows of numbers or back, or
 * with the channels moved to where the network has them. Images are never turned or resized.
 * @param file path for the message
 * @param tensor for the message: name of the input, of several
 * @throws {FormatError} that says what does not fit
 */
export function fitSamples(
  shape: readonly number[],
  layout: ChannelLayout,
  network: NetworkInput,
  file: string,
  tensor?: string,
): FoundFit {
  const found = findFit(shape, layout, network);
  if (found !== undefined) return found;
  throw new FormatError({ file, tensor, ...objection(shape, layout, network) });
}

/** The same; undefined if they do not fit. */
export function findFit(shape: readonly number[], layout: ChannelLayout, network: NetworkInput): FoundFit | undefined {
  const { shape: inputShape } = network;
  const own = layoutOf(shape, layout, network);
  const channels = channelCount(shape, own);
  const as = (to: readonly number[], order: Fit['order'], ...notes: string[]): FoundFit => ({
    fit: { shape: to, order, layout: own, channels, ...(network.whole ? { whole: true } : {}) },
    notes,
  });
  const opposite = (network.channels === 'last' && own === 'first') || (network.channels === 'first' && own === 'last');
  if (matches(shape, inputShape) && !(opposite && channels > 1)) return as(shape, 'as-is');
  if (opposite) {
    const order = own === 'last' ? 'channels-to-front' : 'channels-to-back';
    const [a = 0, b = 0, c = 0] = shape;
    const moved = own === 'last' ? [c, a, b] : [b, c, a];
    if (matches(moved, inputShape)) return as(moved, order);
  }
  if (shape.length === 2 && network.channels !== 'none') {
    const withChannel = network.channels === 'last' ? [...shape, 1] : [1, ...shape];
    if (matches(withChannel, inputShape)) return as(withChannel, 'as-is');
  }
  if (inputShape.some((size) => size < 0) || product(shape) !== product(inputShape)) return undefined;
  if (sameButOnes(shape, inputShape) || isFlat(inputShape)) {
    const note = l10n.t(
      'The network takes rows of numbers: the channels of the samples are taken in the order of the file.',
    );
    return isFlat(inputShape) && channels > 1 ? as(inputShape, 'as-is', note) : as(inputShape, 'as-is');
  }
  return isFlat(shape) ? fromRows(shape, layout, network) : undefined;
}

/** Rows of numbers that are images for the network; which values are of one channel, the file does not say. */
function fromRows(shape: readonly number[], layout: ChannelLayout, network: NetworkInput): FoundFit {
  const { shape: inputShape } = network;
  const to = network.channels === 'none' || inputShape.length !== 3 ? 'none' : network.channels;
  const channels = channelCount(inputShape, to);
  if (to === 'none' || channels === 1) {
    return { fit: { shape: inputShape, order: 'as-is', layout: 'none', channels: 1 }, notes: [] };
  }
  const stated = layout === 'last' || layout === 'first' ? layout : undefined;
  const from = stated ?? (product(shape) === CIFAR_ROW ? 'first' : 'last');
  const order = from === to ? 'as-is' : from === 'last' ? 'channels-to-front' : 'channels-to-back';
  const note =
    from === 'first'
      ? l10n.t(
          'The samples are rows of numbers, taken as images channel by channel; if they are pixel by pixel, set "layout" to "channels-last" in .prunability.json.',
        )
      : l10n.t(
          'The samples are rows of numbers, taken as images pixel by pixel; if they are channel by channel, set "layout" to "channels-first" in .prunability.json.',
        );
  return {
    fit: { shape: inputShape, order, layout: from, channels },
    notes: stated === undefined ? [note] : [],
  };
}

/** Where the channels are: as the file or the person says, else where the network has them, else where their number is. */
function layoutOf(shape: readonly number[], layout: ChannelLayout, network: NetworkInput): Fit['layout'] {
  if (layout === 'none' || shape.length !== 3) return 'none';
  if (layout !== 'unknown') return layout;
  if (network.channels !== 'none' && matches(shape, network.shape)) return network.channels;
  if (CHANNEL_COUNTS.includes(shape[2] ?? 0)) return 'last';
  return CHANNEL_COUNTS.includes(shape[0] ?? 0) ? 'first' : 'none';
}

function channelCount(shape: readonly number[], layout: Fit['layout']): number {
  if (layout === 'none') return 1;
  return (layout === 'last' ? shape.at(-1) : shape[0]) ?? 1;
}

function matches(shape: readonly number[], wanted: readonly number[]): boolean {
  return shape.length === wanted.length && wanted.every((size, axis) => size < 0 || size === shape[axis]);
}

function isFlat(shape: readonly number[]): boolean {
  return shape.filter((size) => size !== 1).length <= 1;
}

function sameButOnes(a: readonly number[], b: readonly number[]): boolean {
  const sizes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();
  return sizes(a) === sizes(b);
}

function objection(
  shape: readonly number[],
  layout: ChannelLayout,
  network: NetworkInput,
): { readonly reason: string; readonly remedy: string } {
  const { shape: inputShape } = network;
  const other = l10n.t('Choose the data that the network was trained on.');
  if (shape.length === 1 && inputShape.length === 1) {
    return {
      reason: l10n.t('the network takes {0} numbers, the samples have {1}', shapeText(inputShape), shapeText(shape)),
      remedy: other,
    };
  }
  const reason = l10n.t('the network takes {0}, the samples are {1}', shapeText(inputShape), shapeText(shape));
  const own = layoutOf(shape, layout, network);
  const taken = network.channels === 'none' ? undefined : channelCount(inputShape, network.channels);
  if (taken !== undefined && own !== 'none' && taken > 0 && taken !== channelCount(shape, own)) {
    return {
      reason: `${reason}: ${l10n.t('{0} channels in place of {1}', channelCount(shape, own), taken)}`,
      remedy: l10n.t('Save the images with as many channels as the network takes.'),
    };
  }
  if (network.channels !== 'none' && (own !== 'none' || shape.length === 2)) {
    return {
      reason,
      remedy: l10n.t(
        'Save the images in the size that the network takes; for a folder of images, set "imageSize" in .prunability.json.',
      ),
    };
  }
  return { reason, remedy: other };
}
